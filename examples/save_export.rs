//! Exports a database and saves it to a file, and prints progress.
//!
//! `EPI_CLIENT_KEY=… EPI_CLIENT_SECRET=… EPI_PROJECT_ID=… cargo run --example save_export -- Production epicms epicms.bacpac`
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "an example shows what it does")]

use std::env;
use std::sync::Arc;

use epicloud::request::SaveExport;
use epicloud::{CancelToken, Client, DxpConfig, Error, Event, Result, Scope, Secret, Sink};

struct Lines;

impl Sink for Lines {
    fn event(&self, event: Event) {
        match event {
            Event::Progress(progress) => eprintln!("{:?} {}: {:?}", progress.phase, progress.subject, progress.status),
            Event::Warning { text } => eprintln!("warning: {text}"),
            _ => {}
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let [environment, database, file] = env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| Error::invalid("arguments", "give an environment, a database and a file"))?;
    let config = DxpConfig {
        endpoint: env::var("EPI_ENDPOINT").ok(),
        client_key: env::var("EPI_CLIENT_KEY").ok(),
        project_id: env::var("EPI_PROJECT_ID").ok(),
        ca_file: env::var_os("EPI_CA_FILE").map(Into::into),
        ..DxpConfig::default()
    };
    let secret = env::var("EPI_CLIENT_SECRET").ok().map(|secret| Secret::from(secret.as_str()));
    let client = Client::new(config, secret.as_ref())?;

    let request =
        SaveExport { environment, database_name: database, output_file: file.into(), ..SaveExport::default() };
    let saved = client.run(request, &Scope::new(Arc::new(Lines), CancelToken::new())).await?;
    println!("saved {} bytes to {}", saved.file.bytes, saved.file.file.display());
    Ok(())
}
