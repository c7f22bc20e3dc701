//! The checksums of a file, to compare with what a sink says that it received. By other crates than those of `epi`,
//! which would otherwise judge itself.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use crate::Outcome;

/// Prints the CRC-64/NVME of each block in hexadecimal, a line each, and last the MD5 of all of them in Base64.
#[expect(clippy::print_stdout, reason = "its output is its result")]
pub(crate) fn run(file: &Path, lengths: &[&str]) -> Outcome {
    let (mut source, mut md5) = (File::open(file)?, Md5::new());
    let mut piece = vec![0; 1 << 20];
    for length in lengths {
        let (mut left, mut crc) = (length.parse::<usize>()?, crc64fast_nvme::Digest::new());
        while left > 0 {
            let part = left.min(piece.len());
            let part = &mut piece[..part];
            source.read_exact(part)?;
            crc.write(part);
            md5.update(&part);
            left -= part.len();
        }
        println!("{:016x}", crc.sum64());
    }
    println!("{}", STANDARD.encode(md5.finalize()));
    Ok(())
}
