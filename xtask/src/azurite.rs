//! Azurite, Microsoft's own stand-in for blob storage: fetched by npm into the target folder, started in memory on a
//! free port, stopped when the value goes. With it the tests meet a blob store that nobody here wrote.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::failure::Result;
use crate::npm;
use crate::process::{self, Background};

/// Pinned: the newest that runs with Node 20, and the one whose answers the tests were written against.
const VERSION: &str = "3.35.0";
/// An account of our own. The key protects nothing: the store lives in memory and listens on this machine only.
const ACCOUNT: &str = "epitest";
const KEY: &str = "bm90IGEgc2VjcmV0OiBvcGVucyBhIHN0b3JlIHRoYXQgbGl2ZXMgaW4gbWVtb3J5IGR1cmluZyB0ZXN0cw==";
const READY: Duration = Duration::from_secs(60);
const LISTENS: &str = "successfully listens on ";

pub(crate) struct Azurite {
    _running: Background,
    /// The connection string of the store.
    pub(crate) connection: String,
}

/// Makes sure that the pinned version lies in `target/azurite`; the result is its program for Node.
pub(crate) fn fetch(target: &Path) -> Result<PathBuf> {
    let package = npm::install(&target.join("azurite"), "azurite", VERSION, "about 190 MB")?;
    Ok(package.join("dist/src/blob/main.js"))
}

impl Azurite {
    pub(crate) fn start(program: &Path) -> Result<Self> {
        let mut command = Command::new("node");
        command.arg(program).args(["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]);
        command
            .args(["--blobHost", "127.0.0.1", "--blobPort", "0"])
            .env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{KEY}"));
        let address = |line: &str| line.split_once(LISTENS).map(|(_, address)| address.trim().to_owned());
        let (running, address) = process::start_until(&mut command, READY, address)?;
        let protocol = address.split(':').next().unwrap_or("http").to_owned();
        let endpoint = format!("{address}/{ACCOUNT}");
        let connection = format!(
            "DefaultEndpointsProtocol={protocol};AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={endpoint};"
        );
        println!("Azurite listens on {address}");
        Ok(Self { _running: running, connection })
    }
}
