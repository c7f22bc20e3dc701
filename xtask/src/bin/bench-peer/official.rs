//! The transfers of `azure_storage_blob` itself, as its own examples do them and with its defaults, retries included.
//! Only TLS is given.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use azure_core::http::{Body, ClientOptions, Transport, Url};
use azure_storage_blob::stream::tokio::FileStream;
use azure_storage_blob::{BlobClient, BlobClientOptions};
use futures_util::StreamExt;
use tokio::io::{AsyncWriteExt, BufWriter};

use crate::{Outcome, link, trust};

/// Uploads a file with the crate's managed upload.
pub(crate) async fn upload(file: &Path, name: &str) -> Outcome {
    let mut link = Url::parse(&link()?)?;
    link.path_segments_mut().map_err(|()| "the link has no path")?.push(name);
    let body: Body = FileStream::builder(tokio::fs::File::open(file).await?).build().await?.into();
    client(link)?.upload(body.into(), None).await?;
    Ok(())
}

/// Downloads a blob with the crate's managed download, which gives a stream, into a file.
pub(crate) async fn download(file: &Path) -> Outcome {
    let mut body = client(Url::parse(&link()?)?)?.download(None).await?.body;
    // As large as a piece of the stream usually is; the file's own default would make many small writes of each.
    let mut target = BufWriter::with_capacity(1 << 20, tokio::fs::File::create(file).await?);
    while let Some(piece) = body.next().await {
        target.write_all(&piece?).await?;
    }
    target.flush().await?;
    Ok(())
}

fn client(link: Url) -> Result<BlobClient, Box<dyn Error>> {
    let options = BlobClientOptions {
        client_options: ClientOptions {
            transport: Some(Transport::new(Arc::new(trust::http()?))),
            ..ClientOptions::default()
        },
        ..BlobClientOptions::default()
    };
    Ok(BlobClient::new(link, None, Some(options))?)
}
