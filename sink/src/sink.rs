//! A running sink: its start, its addresses and links, its end.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use epicloud_emulator::Error;
use epicloud_emulator::certificate::Certificates;
use epicloud_emulator::clock::wall_time;
use epicloud_emulator::http::{bind, origin, reachable};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::blobs::{BACPACS, PACKAGES};
use crate::content;
use crate::core::Core;
use crate::download::{BENCH_BLOB, bench};
use crate::listener::{Purpose, accept};
use crate::settings::SinkConfig;

/// A running sink. Dropping it stops serving and removes its temporary files.
#[derive(Debug)]
pub struct Sink {
    core: Arc<Core>,
    push: String,
    ca_file: PathBuf,
    stop: watch::Sender<bool>,
    serving: Vec<JoinHandle<()>>,
    /// Removed at the end.
    home: Option<TempDir>,
}

impl Sink {
    /// Binds the listeners and serves.
    pub async fn start(config: SinkConfig) -> Result<Self, Error> {
        let home = tempfile::Builder::new().prefix("epi-sink-").tempdir();
        let home = home.map_err(Error::io("creating a temporary directory"))?;
        let certificates = Certificates::make()?;
        let ca_file = home.path().join("ca.pem");
        certificates.write_authority(&ca_file)?;
        let tls = certificates.server_config()?;
        let started = wall_time();
        let bench = match config.blob_size {
            None => None,
            Some(length) => {
                let md5 = if config.blob_md5 {
                    let computed = tokio::task::spawn_blocking(move || content::md5(length)).await;
                    Some(STANDARD.encode(computed.map_err(Error::failed("computing the MD5 of the blob"))?))
                } else {
                    None
                };
                Some(bench(length, md5, started))
            }
        };
        let http = bind(config.http).await?;
        let https = bind(config.https).await?;
        // Beside HTTPS, on a port of its own.
        let push = bind((config.https.ip(), 0).into()).await?;
        let push_address = reachable(&push)?.to_string();
        let origins = (origin(&http, false)?, origin(&https, true)?);
        let core = Arc::new(Core::new(config.settings, bench, started, origins));
        let (stop, stopped) = watch::channel(false);
        let listeners = [(http, Purpose::Http), (https, Purpose::Https(Arc::clone(&tls))), (push, Purpose::Push(tls))];
        let serving = listeners
            .map(|(listener, purpose)| tokio::spawn(accept(Arc::clone(&core), listener, purpose, stopped.clone())));
        Ok(Self { core, push: push_address, ca_file, stop, serving: serving.into(), home: Some(home) })
    }

    /// Base of both listeners' addresses over HTTP, with a slash at its end; `__control/` follows.
    pub fn endpoint(&self) -> String {
        format!("{}/", self.core.origin(false))
    }

    /// The same over HTTPS.
    pub fn https_endpoint(&self) -> String {
        format!("{}/", self.core.origin(true))
    }

    /// PEM file of the certificate authority that signed the HTTPS listener's certificate.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// A link to the container of packages.
    pub fn container_link(&self, secure: bool) -> String {
        self.core.link(secure, PACKAGES, "")
    }

    /// A link to the blob that can be downloaded, whether there is one or not.
    pub fn blob_link(&self, secure: bool) -> String {
        self.core.link(secure, BACPACS, BENCH_BLOB)
    }

    /// Host and port of the listener that reads TLS and discards it.
    pub fn push_address(&self) -> &str {
        &self.push
    }

    /// The line the program prints when it is ready.
    pub fn ready_line(&self) -> String {
        json!({
            "endpoint": self.endpoint(),
            "httpsEndpoint": self.https_endpoint(),
            "caFile": self.ca_file.to_string_lossy(),
            "containerLink": self.container_link(true),
            "httpContainerLink": self.container_link(false),
            "blobLink": self.blob_link(true),
            "httpBlobLink": self.blob_link(false),
            "pushAddress": self.push,
        })
        .to_string()
    }

    /// Stops serving and removes the temporary files.
    pub async fn stop(mut self) -> Result<(), Error> {
        // The listeners hold a receiver each, unless they ended by a panic.
        let _ = self.stop.send(true);
        for task in self.serving.drain(..) {
            task.await.map_err(Error::failed("stopping a listener"))?;
        }
        match self.home.take() {
            Some(home) => home.close().map_err(Error::io("removing the temporary directory")),
            None => Ok(()),
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        for task in &self.serving {
            task.abort();
        }
    }
}
