//! A download of one blob by its link, as `epi` does it for the database of an export: no command of `epi` takes a link
//! alone, so that `cargo xtask bench` calls the library.
//!
//! `epi-download FILE`, with the link in `EPI_SAS_URL` and the certificate authority in `EPI_CA_FILE`.

use std::env;
use std::error::Error;
use std::sync::Arc;

use epicloud::base::cancel::CancelToken;
use epicloud::base::event::{Silent, Sink};
use epicloud::base::secret::SafeUrl;
use epicloud::blob::client::Store;
use epicloud::transfer::{Download, DownloadOptions, Engine};
use epicloud::transport::authorities::Authorities;
use epicloud::transport::http::Http;
use epicloud::transport::system::{SystemClock, SystemEntropy};
use epicloud::transport::trust::Trust;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let target = env::args_os().nth(1).ok_or("usage: epi-download FILE")?;
    let link = SafeUrl::parse("EPI_SAS_URL", &env::var("EPI_SAS_URL")?)?;
    let file = env::var("EPI_CA_FILE")?;
    let authority = Authorities::read(&file, &std::fs::read(&file)?)?;
    let clock = Arc::new(SystemClock::default());
    let http = Http::new(&Trust::Authorities(authority), clock.clone())?;
    let engine = Engine::new(Store::new(http), clock, Arc::new(SystemEntropy));
    let download = Download {
        link,
        renewal: None,
        target: target.into(),
        overwrite: true,
        reservation: None,
        inspection: None,
        options: DownloadOptions::default(),
    };
    let sink: Arc<dyn Sink> = Arc::new(Silent);
    engine.download(&download, &sink, &CancelToken::new()).await?;
    Ok(())
}
