//! The upload of the PowerShell module EpiCloud 1.9, step for step: the MD5 of the whole file first, then blocks of
//! 8 MiB strictly one after another, each with its MD5, and the block list with that of the file.
//!
//! In Rust and over the TLS library of `epi`, so that what is measured is the algorithm; the module itself is slower.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use md5::{Digest, Md5};
use reqwest::{Client, StatusCode};

use crate::{Outcome, link, trust};

const BLOCK: u64 = 8 << 20;
/// Before each retry of a block or of the block list, whatever failed.
const PAUSES: [u64; 5] = [0, 2, 4, 6, 8];
/// The block's number and zeros.
const ID_BYTES: usize = 48;

pub(crate) async fn upload(file: &Path, name: &str) -> Outcome {
    let link = link()?;
    let (container, query) = link.split_once('?').ok_or("the link has no query")?;
    let blob = format!("{container}/{name}?{query}");
    let whole = md5_of_file(file)?;

    let http = trust::http()?;
    let mut source = File::open(file)?;
    let mut list = String::from("<BlockList>");
    for index in 0_u32.. {
        let mut block = Vec::new();
        source.by_ref().take(BLOCK).read_to_end(&mut block)?;
        if block.is_empty() {
            break;
        }
        let id = block_id(index);
        let address = format!("{blob}&comp=block&blockid={}", id.replace('+', "%2B").replace('/', "%2F"));
        let md5 = STANDARD.encode(Md5::digest(&block));
        put(&http, &address, &[("Content-MD5", &md5)], block.into()).await?;
        list += &format!("<Latest>{id}</Latest>");
    }
    list += "</BlockList>";
    let headers = [("Content-Type", "application/xml"), ("x-ms-blob-content-md5", &whole)];
    put(&http, &format!("{blob}&comp=blocklist"), &headers, list.into()).await
}

/// One request, until it is answered with 201.
async fn put(http: &Client, address: &str, headers: &[(&str, &str)], body: Bytes) -> Outcome {
    let mut pauses = PAUSES.iter();
    loop {
        let mut request = http.put(address).body(body.clone());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let failure = match request.send().await {
            Ok(answer) if answer.status() == StatusCode::CREATED => {
                return answer.bytes().await.map(drop).map_err(Into::into);
            }
            Ok(answer) => format!("the answer was {}", answer.status()),
            // Without the address, which holds the signature.
            Err(error) => error.without_url().to_string(),
        };
        let Some(seconds) = pauses.next() else { return Err(failure.into()) };
        tokio::time::sleep(Duration::from_secs(*seconds)).await;
    }
}

fn block_id(index: u32) -> String {
    let mut bytes = [0; ID_BYTES];
    bytes[..4].copy_from_slice(&index.to_le_bytes());
    STANDARD.encode(bytes)
}

/// In Base64.
fn md5_of_file(file: &Path) -> std::io::Result<String> {
    let (mut source, mut md5) = (File::open(file)?, Md5::new());
    let mut piece = vec![0; 1 << 20];
    loop {
        match source.read(&mut piece)? {
            0 => return Ok(STANDARD.encode(md5.finalize())),
            length => md5.update(&piece[..length]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_the_module() {
        assert_eq!(block_id(0), "A".repeat(64));
        assert_eq!(block_id(1), format!("AQ{}", "A".repeat(62)));
    }
}
