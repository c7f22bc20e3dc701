//! What an emulator stands on: its folder, its listeners with the certificates they show, and the tasks that serve them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::certificate::SelfSigned;
use crate::core::Core;
use crate::error::Error;
use crate::http::{Front, Room, bind, origin, serve};
use crate::state_dir::StateDir;

/// The folder of certificates and blobs: the state folder, or a temporary one that is removed at the end.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) place: PathBuf,
    temporary: Option<TempDir>,
}

impl Home {
    pub(crate) fn open(state_dir: Option<&Path>) -> Result<Self, Error> {
        if let Some(dir) = state_dir {
            return Ok(Self { place: dir.to_owned(), temporary: None });
        }
        let temporary = tempfile::Builder::new().prefix("epi-emulator-").tempdir();
        let temporary = temporary.map_err(Error::io("creating a temporary directory"))?;
        Ok(Self { place: temporary.path().to_owned(), temporary: Some(temporary) })
    }

    /// A folder in it, made when missing.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf, Error> {
        let folder = self.place.join(name);
        std::fs::create_dir_all(&folder).map_err(Error::file("creating", &folder))?;
        Ok(folder)
    }

    /// Removes a temporary directory.
    pub(crate) fn close(&mut self) -> Result<(), Error> {
        match self.temporary.take() {
            Some(folder) => folder.close().map_err(Error::io("removing the temporary directory")),
            None => Ok(()),
        }
    }
}

/// The certificate of a listener, and how clients know it.
#[derive(Clone)]
pub(crate) struct Trust {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ca_file: PathBuf,
    pub(crate) fingerprint: String,
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Trust").field("ca_file", &self.ca_file).finish_non_exhaustive()
    }
}

impl Trust {
    /// In a certificate that signs itself, which is written where clients find it.
    pub(crate) fn in_itself(SelfSigned(own): &SelfSigned, place: &Path) -> Result<Self, Error> {
        let ca_file = place.join("self-signed.pem");
        own.write_authority(&ca_file)?;
        Ok(Self { acceptor: TlsAcceptor::from(own.server_config()?), ca_file, fingerprint: own.fingerprint()? })
    }
}

/// The listeners of a service.
#[derive(Debug)]
pub(crate) struct Doors {
    pub(crate) plain: Option<TcpListener>,
    pub(crate) tls: TcpListener,
}

impl Doors {
    pub(crate) async fn open(https: SocketAddr, http: Option<SocketAddr>) -> Result<Self, Error> {
        Ok(Self { tls: bind(https).await?, plain: bind_if(http).await? })
    }

    /// `https://HOST:PORT`, and `http://HOST:PORT` if there is such a listener.
    pub(crate) fn origins(&self) -> Result<(String, Option<String>), Error> {
        let plain = self.plain.as_ref().map(|plain| origin(plain, false)).transpose()?;
        Ok((origin(&self.tls, true)?, plain))
    }
}

pub(crate) async fn bind_if(address: Option<SocketAddr>) -> Result<Option<TcpListener>, Error> {
    match address {
        Some(address) => bind(address).await.map(Some),
        None => Ok(None),
    }
}

impl SelfSigned {
    /// The one that an earlier run left, or a new one.
    pub(crate) fn take(state: &StateDir) -> Result<Arc<Self>, Error> {
        let own = Arc::new(state.take("selfSigned")?.map_or_else(Self::make, Ok)?);
        state.keep(&own);
        Ok(own)
    }
}

/// The tasks that serve the listeners.
#[derive(Debug)]
pub(crate) struct Serving {
    core: Arc<Core>,
    control: Arc<dyn Room>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Serving {
    pub(crate) fn new(core: &Arc<Core>, control: Arc<dyn Room>) -> Self {
        Self { core: Arc::clone(core), control, stop: watch::Sender::new(false), tasks: Vec::new() }
    }

    /// What listeners lead to: the control interface, a room that takes what is meant for it, and one for all the rest.
    pub(crate) fn front(&self, first: Option<Arc<dyn Room>>, usual: Arc<dyn Room>) -> Arc<Front> {
        let rooms = std::iter::once(Arc::clone(&self.control)).chain(first).collect();
        Arc::new(Front { core: Arc::clone(&self.core), rooms, usual })
    }

    /// Serves the listeners.
    pub(crate) fn open(&mut self, doors: Doors, trust: &Trust, front: &Arc<Front>) {
        let tls = (Some(doors.tls), Some(trust.acceptor.clone()));
        for (listener, acceptor) in [(doors.plain, None), tls] {
            if let Some(listener) = listener {
                let serving = serve(Arc::clone(front), listener, acceptor, self.stop.subscribe());
                self.tasks.push(tokio::spawn(serving));
            }
        }
    }

    /// Stops, and waits for the end of all tasks.
    pub(crate) async fn stop(&mut self) -> Result<(), Error> {
        self.stop.send_replace(true);
        for task in self.tasks.drain(..) {
            task.await.map_err(Error::failed("stopping a listener"))?;
        }
        Ok(())
    }

    /// Stops at once.
    pub(crate) fn abort(&self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
