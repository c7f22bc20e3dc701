//! Transfers in a process of their own, to be killed or weighed: this test program started once more, with a test that is
//! left out otherwise.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use epicloud::base::cancel::CancelToken;
use epicloud::base::event::{Silent, Sink};
use epicloud::base::secret::SafeUrl;
use epicloud::blob::client::Store;
use epicloud::transfer::Engine;
use epicloud::transfer::download::{Download, DownloadOptions};
use epicloud::transfer::upload::{Upload, UploadOptions};
use epicloud::transport::http::Http;
use epicloud::transport::system::{SystemClock, SystemEntropy};
use epicloud::transport::trust::Trust;

use super::transfer_fixture::{NAME, link, named};

/// A transfer in another process.
pub(crate) struct Child<'a> {
    /// The test that it runs.
    pub(crate) test: &'static str,
    pub(crate) link: &'a SafeUrl,
    pub(crate) file: &'a Path,
    pub(crate) streams: usize,
    /// The size of a block or part.
    pub(crate) piece: u64,
    pub(crate) state: Option<&'a Path>,
}

impl<'a> Child<'a> {
    /// Sends a file as the package [`NAME`] to the container that the SAS URL leads to.
    pub(crate) fn uploading(link: &'a SafeUrl, file: &'a Path) -> Self {
        Self { test: "child_uploads", link, file, streams: 8, piece: 8 << 20, state: None }
    }

    /// Receives the blob that the SAS URL leads to as a file.
    pub(crate) fn downloading(link: &'a SafeUrl, file: &'a Path) -> Self {
        Self { test: "child_downloads", ..Self::uploading(link, file) }
    }

    /// The command, not started.
    pub(crate) fn command(&self) -> Command {
        let mut command = this_program(&format!("suite::transfer_child::{}", self.test));
        command.env("TRANSFER_TEST_LINK", self.link.expose()).env("TRANSFER_TEST_FILE", self.file);
        command.env("TRANSFER_TEST_STREAMS", self.streams.to_string());
        command.env("TRANSFER_TEST_PIECE", self.piece.to_string());
        if let Some(state) = self.state {
            command.env("TRANSFER_TEST_STATE", state);
        }
        command
    }

    pub(crate) fn spawn(&self) -> Running {
        Running(self.command().stdout(std::process::Stdio::null()).spawn().unwrap())
    }
}

/// A child process that does not outlive its test.
pub(crate) struct Running(std::process::Child);

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// How it has ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.0.try_wait().unwrap()
    }

    /// Ends it as `kill -9` does, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill().and_then(|()| self.0.wait()));
    }
}

/// This test program with one test that is left out otherwise. No proxy of the developer's is asked for this machine.
pub(crate) fn this_program(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for (name, _) in std::env::vars().filter(|(name, _)| name.to_ascii_uppercase().ends_with("_PROXY")) {
        command.env_remove(name);
    }
    command.args(["--ignored", "--exact", test]);
    command
}

/// What the parent process says, unless there is none.
struct Told {
    link: SafeUrl,
    file: PathBuf,
    streams: usize,
    piece: u64,
}

fn told() -> Option<Told> {
    let variable = |name: &str| std::env::var(format!("TRANSFER_TEST_{name}"));
    Some(Told {
        link: link(&variable("LINK").ok()?),
        file: variable("FILE").unwrap().into(),
        streams: variable("STREAMS").unwrap().parse().unwrap(),
        piece: variable("PIECE").unwrap().parse().unwrap(),
    })
}

fn engine() -> Engine {
    let clock = Arc::new(SystemClock::default());
    let http = Http::new(&Trust::Machine, clock.clone()).unwrap();
    let engine = Engine::new(Store::new(http), clock, Arc::new(SystemEntropy));
    engine.keeping_state_in(std::env::var_os("TRANSFER_TEST_STATE").map(Into::into))
}

fn silent() -> Arc<dyn Sink> {
    Arc::new(Silent)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs in a child process of other tests"]
async fn child_uploads() {
    let Some(Told { link, file, streams, piece }) = told() else { return };
    let options = UploadOptions { streams: Some(streams), block_size: Some(piece), ..UploadOptions::default() };
    let request = Upload { files: vec![named(&file, NAME)], container: link, renewal: None, options };
    engine().upload(&request, &silent(), &CancelToken::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs in a child process of other tests"]
async fn child_downloads() {
    let Some(Told { link, file, streams, piece }) = told() else { return };
    let options = DownloadOptions { streams, part_size: piece };
    let request =
        Download { link, renewal: None, target: file, overwrite: false, reservation: None, inspection: None, options };
    engine().download(&request, &silent(), &CancelToken::new()).await.unwrap();
}
