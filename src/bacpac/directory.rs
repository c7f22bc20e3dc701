//! The directory of an archive: found from the end of the file, and read in one go. What does not agree is a finding.

use std::ops::Range;

use super::content::{Content, HEAD};
use super::finding::{Finding, Findings};
use super::record::{self, Central, End, Header};
use crate::base::error::Result;
use crate::base::readable::Readable;

/// How far from its end an end record is looked for: enough for the longest comment, and for a page that was appended.
const SEARCH: u64 = 1 << 20;

/// The longest directory that is read: some 300 000 parts. It bounds the memory that a hostile file can take.
const LONGEST: u64 = 32 << 20;

/// The parts of an archive, as the directory has them.
pub(super) struct Directory {
    bytes: Vec<u8>,
    /// Where it begins, which is where the last part ends at the latest.
    pub(super) offset: u64,
    /// In the order of their places.
    pub(super) entries: Vec<Entry>,
}

/// A part.
pub(super) struct Entry {
    name: Range<usize>,
    pub(super) header: Header,
    /// Where its local header is.
    pub(super) offset: u64,
}

impl Directory {
    pub(super) fn name(&self, entry: &Entry) -> &[u8] {
        self.bytes.get(entry.name.clone()).unwrap_or_default()
    }

    /// Finds and reads the directory; `None` where a finding says why nothing can be said about the parts.
    pub(super) fn read(file: &dyn Readable, findings: &mut Findings) -> Result<Option<Self>> {
        let Some(end) = found(file, findings)? else { return Ok(None) };
        if end.size > LONGEST {
            findings.add(Finding::TooLarge("the central directory"));
            return Ok(None);
        }
        let bytes = bytes_at(file, end.offset, end.size)?;
        let mut directory = Self { bytes, offset: end.offset, entries: Vec::new() };
        if !directory.take_entries(end.entries) {
            findings.add(Finding::Directory);
            return Ok(None);
        }
        Ok(Some(directory))
    }

    /// Reads as many entries as are announced; `false` where there are not as many, or other bytes are left.
    fn take_entries(&mut self, count: u64) -> bool {
        let mut at = 0;
        while let Some(central) = self.bytes.get(at..).and_then(Central::read) {
            let name = at + record::CENTRAL;
            self.entries.push(Entry {
                name: name..name + central.name_length,
                header: central.header,
                offset: central.offset,
            });
            at += central.record_length;
        }
        self.entries.sort_by_key(|entry| entry.offset);
        at == self.bytes.len() && self.entries.len() as u64 == count
    }
}

/// Where the directory is, checked against where it should be.
fn found(file: &dyn Readable, findings: &mut Findings) -> Result<Option<End>> {
    let length = file.length();
    let Some((end_at, mut end, comment)) = find_end(file)? else {
        let head = bytes_at(file, 0, length.min(HEAD as u64))?;
        // An archive that was truncated within its first header, too.
        let is_archive = head.starts_with(&record::LOCAL_SIGNATURE);
        findings.add(if is_archive { Finding::Truncated } else { Finding::Foreign(Content::of(&head)) });
        return Ok(None);
    };
    if comment > 0 {
        findings.add(Finding::Comment(comment));
    }
    let behind = length - (end_at + record::END as u64 + comment);
    if behind > 0 {
        findings.add(Finding::ForeignTail(behind));
    }
    let mut directory_end = end_at;
    match find_end64(file, end_at)? {
        Some(End64::At(at, end64)) if end.agrees(&end64) => (directory_end, end) = (at, end64),
        Some(_) => {
            findings.add(Finding::Directory);
            return Ok(None);
        }
        None => {}
    }
    if !end.is_whole {
        findings.add(Finding::Split);
        return Ok(None);
    }
    let begins = directory_end.checked_sub(end.size);
    if begins == Some(end.offset) {
        return Ok(Some(end));
    }
    findings.add(match begins {
        Some(begins) if begins < end.offset => Finding::MissingBytes(end.offset - begins),
        Some(begins) if is_directory(file, begins)? => Finding::ForeignHead(begins - end.offset),
        _ => Finding::Directory,
    });
    Ok(None)
}

fn is_directory(file: &dyn Readable, at: u64) -> Result<bool> {
    let mut signature = [0; 4];
    if at + 4 > file.length() {
        return Ok(false);
    }
    file.read_at(&mut signature, at)?;
    Ok(signature == record::CENTRAL_SIGNATURE)
}

/// The end record: its place, what it says, and the length of its comment.
fn find_end(file: &dyn Readable) -> Result<Option<(u64, End, u64)>> {
    let length = file.length();
    // Nearly always it ends the file, and nothing more is read.
    for search in [record::END as u64, SEARCH] {
        let from = length.saturating_sub(search);
        let tail = bytes_at(file, from, length - from)?;
        let signatures = (0..tail.len()).rev().filter(|at| tail[*at..].starts_with(&record::END_SIGNATURE));
        let fits = |at: usize| {
            let (end, comment) = End::read(&tail[at..])?;
            (at + record::END + comment <= tail.len()).then_some((from + at as u64, end, comment as u64))
        };
        // The last one: what a comment or a tail holds may look like one, but no archive of any size ends so.
        if let Some(found) = signatures.filter_map(fits).next() {
            return Ok(Some(found));
        }
        if from == 0 {
            break;
        }
    }
    Ok(None)
}

enum End64 {
    At(u64, End),
    /// There should be one.
    Missing,
}

/// The zip64 end record before an end record, if there is to be one.
fn find_end64(file: &dyn Readable, end_at: u64) -> Result<Option<End64>> {
    let Some(locator_at) = end_at.checked_sub(record::LOCATOR as u64) else { return Ok(None) };
    let locator = bytes_at(file, locator_at, record::LOCATOR as u64)?;
    let Some(said) = record::locator(&locator) else { return Ok(None) };
    // Where it says; or, where something is missing or stands before the archive, right before it.
    for at in [Some(said), locator_at.checked_sub(record::END64 as u64)].into_iter().flatten() {
        if at.checked_add(record::END64 as u64).is_some_and(|end| end <= locator_at) {
            let bytes = bytes_at(file, at, record::END64 as u64)?;
            if let Some(end) = End::read64(&bytes) {
                return Ok(Some(End64::At(at, end)));
            }
        }
    }
    Ok(Some(End64::Missing))
}

/// So many bytes from a place on. They must be there, and be few.
pub(super) fn bytes_at(file: &dyn Readable, at: u64, length: u64) -> Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    file.read_at(&mut bytes, at)?;
    Ok(bytes)
}
