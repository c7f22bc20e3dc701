//! What `cargo xtask bench` measures `epi` against and that can be written in Rust, as one program: it is linked once.
//!
//! Every command but `push` and `checksums` finds a link in `EPI_SAS_URL`, because arguments are visible to everybody
//! on the machine, and all but `checksums` the certificate authority in `EPI_CA_FILE`. All use the TLS library of
//! `epi`, so that what differs is what they do with it.

mod checksums;
mod epicloud;
mod official;
mod push;
mod trust;

use std::env;
use std::error::Error;
use std::path::Path;

const USAGE: &str = "usage: bench-peer official-upload FILE BLOB-NAME
       bench-peer official-download FILE
       bench-peer epicloud-upload FILE BLOB-NAME
       bench-peer push ADDRESS BYTES CONNECTIONS
       bench-peer checksums FILE LENGTH...";

/// What every command comes to.
type Outcome = Result<(), Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["official-upload", file, name] => official::upload(Path::new(file), name).await,
        ["official-download", file] => official::download(Path::new(file)).await,
        ["epicloud-upload", file, name] => epicloud::upload(Path::new(file), name).await,
        ["push", address, bytes, connections] => push::run(address, bytes.parse()?, connections.parse()?),
        ["checksums", file, ref lengths @ ..] => checksums::run(Path::new(file), lengths),
        _ => Err(USAGE.into()),
    }
}

/// The link that the command works with.
fn link() -> Result<String, Box<dyn Error>> {
    env::var("EPI_SAS_URL").map_err(|_| "EPI_SAS_URL holds no link".into())
}
