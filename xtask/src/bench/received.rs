//! What arrived at the sink, compared with what was sent. A candidate that is fast because it sent something else
//! must not count.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::failure::{Failure, Result};
use crate::process;

/// The checksum headers that the requests of one run carried: how many requests had each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Headers {
    pub(crate) block_crc: u64,
    pub(crate) block_md5: u64,
    pub(crate) file_md5: u64,
    /// Requests with data and without either of the first two.
    pub(crate) none: u64,
}

/// An upload as the sink saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReceivedUpload {
    pub(crate) headers: Headers,
    pub(crate) faults: u64,
    /// The length of each block, and its CRC-64/NVME where the sink computed it.
    blocks: Vec<(u64, Option<String>)>,
    /// The MD5 that the candidate gave for the whole file.
    file_md5: Option<String>,
}

impl Headers {
    /// In words.
    pub(crate) fn shown(self) -> String {
        let kinds = [(self.block_crc, "block CRC64"), (self.block_md5, "block MD5"), (self.file_md5, "file MD5")];
        let mut seen: Vec<_> = kinds.into_iter().filter(|(count, _)| *count > 0).map(|(_, name)| name).collect();
        if self.none > 0 && self.block_crc + self.block_md5 > 0 {
            seen.push("some blocks without");
        }
        if seen.is_empty() { "none".to_owned() } else { seen.join(" + ") }
    }
}

impl ReceivedUpload {
    /// Reads the sink's statistics of one run that uploaded a blob of this length.
    pub(crate) fn read(statistics: &Value, blob: &str, bytes: u64) -> Result<Self> {
        let count = |value: &Value| value.as_u64().unwrap_or(0);
        let headers = &statistics["headers"];
        let found = &statistics["blobs"][blob];
        let blocks = found["blocks"].as_array().into_iter().flatten();
        let received = Self {
            headers: Headers {
                block_crc: count(&headers["crc64"]),
                block_md5: count(&headers["contentMd5"]),
                file_md5: count(&headers["blobContentMd5"]),
                none: count(&headers["none"]),
            },
            faults: count(&statistics["faults"]),
            blocks: blocks.map(|block| (count(&block[0]), block[1].as_str().map(str::to_owned))).collect(),
            file_md5: found["contentMd5"].as_str().map(str::to_owned),
        };
        let length = found["length"].as_u64();
        let total: u64 = received.blocks.iter().map(|(length, _)| length).sum();
        if length != Some(bytes) || total != bytes {
            let length = length.map_or_else(|| "nothing".to_owned(), |length| format!("{length} bytes"));
            return Err(Failure::new(format!("{length} arrived, in blocks of {total}, where {bytes} were sent")));
        }
        match count(&statistics["mismatches"]) {
            0 => Ok(received),
            mismatches => Err(Failure::new(format!("{mismatches} checksums did not fit what they were sent with"))),
        }
    }

    /// Compares it with the file's own checksums, a line for each block and one for all.
    fn compare(&self, checksums: &str) -> Result<()> {
        let mut expected = checksums.lines();
        for (index, (_, crc)) in self.blocks.iter().enumerate() {
            if expected.next() != crc.as_deref() {
                return Err(Failure::new(format!(
                    "block {index} arrived with another content than it has in the file"
                )));
            }
        }
        match &self.file_md5 {
            Some(md5) if expected.next() != Some(md5) => Err(Failure::new("the MD5 that was sent is not the file's")),
            _ => Ok(()),
        }
    }
}

/// Computes checksums of files, once for each way of cutting them into blocks.
pub(crate) struct Checksums {
    program: PathBuf,
    known: HashMap<(PathBuf, Vec<u64>), String>,
}

impl Checksums {
    /// With the program that computes them.
    pub(crate) fn new(program: PathBuf) -> Self {
        Self { program, known: HashMap::new() }
    }

    /// Checks that what arrived is what is in the file.
    pub(crate) fn check(&mut self, received: &ReceivedUpload, file: &Path) -> Result<()> {
        let lengths: Vec<u64> = received.blocks.iter().map(|(length, _)| *length).collect();
        received.compare(self.of(file, lengths)?)
    }

    /// The MD5 of a whole file.
    pub(crate) fn md5(&self, file: &Path, bytes: u64) -> Result<String> {
        let lines = self.compute(file, &[bytes])?;
        lines.lines().last().map(str::to_owned).ok_or_else(|| Failure::new("bench-peer printed no checksum"))
    }

    fn of(&mut self, file: &Path, lengths: Vec<u64>) -> Result<&str> {
        let key = (file.to_path_buf(), lengths);
        if !self.known.contains_key(&key) {
            let lines = self.compute(file, &key.1)?;
            self.known.insert(key.clone(), lines);
        }
        self.known.get(&key).map(String::as_str).ok_or_else(|| Failure::new("bench-peer printed no checksum"))
    }

    fn compute(&self, file: &Path, lengths: &[u64]) -> Result<String> {
        let mut command = Command::new(&self.program);
        process::output(command.arg("checksums").arg(file).args(lengths.iter().map(u64::to_string)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn statistics() -> Value {
        json!({
            "headers": { "contentMd5": 0, "crc64": 2, "blobContentMd5": 1, "none": 0 },
            "faults": 3, "mismatches": 0,
            "blobs": { "b": { "length": 30, "contentMd5": "whole", "blocks": [[20, "aa"], [10, "bb"]] } },
        })
    }

    #[test]
    fn what_arrived_has_to_be_what_was_sent() {
        let good = statistics();
        assert_eq!(ReceivedUpload::read(&good, "b", 30).expect("it is whole").faults, 3);
        let mut short = statistics();
        short["blobs"]["b"]["blocks"] = json!([[20, "aa"]]);
        let mut wrong = statistics();
        wrong["mismatches"] = json!(1);
        let cases = [(&good, "b", 31), (&good, "c", 30), (&short, "b", 30), (&wrong, "b", 30)];
        for (statistics, blob, bytes) in cases {
            assert!(ReceivedUpload::read(statistics, blob, bytes).is_err(), "{blob} {bytes} {statistics}");
        }
    }

    #[test]
    fn blocks_and_the_whole_are_compared_with_the_file() {
        let received = ReceivedUpload::read(&statistics(), "b", 30).expect("it is whole");
        let cases = [
            ("aa\nbb\nwhole\n", true),
            ("aa\nbc\nwhole\n", false),
            ("bb\naa\nwhole\n", false),
            ("aa\nbb\nother\n", false),
            ("aa\n", false),
            ("", false),
        ];
        for (checksums, good) in cases {
            assert_eq!(received.compare(checksums).is_ok(), good, "{checksums:?}");
        }
        let mut without = statistics();
        without["blobs"]["b"]["contentMd5"] = Value::Null;
        let received = ReceivedUpload::read(&without, "b", 30).expect("it is whole");
        assert!(received.compare("aa\nbb\nwhole\n").is_ok(), "nothing was said about the whole");
    }

    #[test]
    fn integrity_is_what_was_really_sent() {
        let cases = [
            ([0, 0, 0, 9], "none"),
            ([9, 0, 0, 0], "block CRC64"),
            ([9, 0, 1, 0], "block CRC64 + file MD5"),
            ([0, 9, 1, 0], "block MD5 + file MD5"),
            ([0, 0, 1, 9], "file MD5"),
            ([8, 0, 0, 1], "block CRC64 + some blocks without"),
        ];
        for ([block_crc, block_md5, file_md5, none], expected) in cases {
            assert_eq!(Headers { block_crc, block_md5, file_md5, none }.shown(), expected);
        }
    }
}
