//! Every part at its place: each local header is read and compared with the directory, and no part reaches into another.

use super::directory::{Directory, Entry, bytes_at};
use super::finding::{Finding, Findings};
use super::record::{self, Header, Located};
use super::unpack::{is_readable, unpack};
use crate::base::cancel::CancelToken;
use crate::base::error::Result;
use crate::base::readable::Readable;

/// After so many parts it is asked whether the operation was cancelled.
const PARTS_AT_A_TIME: usize = 1024;

/// Fields that tell about the data.
const METHOD: &str = "method";
const SUM: &str = "CRC-32";
const SIZES: &str = "sizes";

/// Longest data descriptor.
const DESCRIPTOR: u64 = 24;

/// Reads the local headers of all parts, and the data of those whose headers contradict each other about it.
pub(super) fn check(
    file: &dyn Readable,
    directory: &Directory,
    cancel: &CancelToken,
    findings: &mut Findings,
) -> Result<()> {
    let mut unlisted = directory.entries.first().map_or(0, |entry| entry.offset);
    for (index, entry) in directory.entries.iter().enumerate() {
        if index % PARTS_AT_A_TIME == 0 {
            cancel.check()?;
        }
        let name = directory.name(entry);
        let limit = directory.entries.get(index + 1).map_or(directory.offset, |next| next.offset);
        let Some(local) = Local::read(file, directory, entry)? else {
            findings.count(Finding::NoLocalHeader, name);
            continue;
        };
        let end = local.data.checked_add(entry.header.packed).filter(|end| *end <= limit);
        let Some(end) = end else {
            findings.count(Finding::Overlap, name);
            continue;
        };
        let mut left = limit - end;
        let mut descriptor = None;
        if local.header.has_descriptor() {
            let bytes = bytes_at(file, end, left.min(DESCRIPTOR))?;
            descriptor = record::descriptor(&bytes, &entry.header);
            left -= descriptor.unwrap_or(0);
        }
        unlisted += left;
        let differing = differing(&entry.header, &local.header, descriptor.is_some());
        if differing.is_empty() {
            continue;
        }
        findings.count_differing(&differing, name);
        let located = Located { header: entry.header, at: local.data };
        if is_about_data(&differing) && is_readable(&entry.header) && unpack(file, located, cancel, |_| ())?.is_some() {
            findings.count(Finding::DamagedData, name);
        }
    }
    if unlisted > 0 {
        findings.add(Finding::UnlistedBytes(unlisted));
    }
    Ok(())
}

/// Whether the headers tell different things about the data itself: then one of them is wrong, and only the data says
/// which.
fn is_about_data(differing: &[&'static str]) -> bool {
    differing.iter().any(|field| matches!(*field, METHOD | SUM | SIZES))
}

/// Where the data of a part is; `None` where it is not at its place.
pub(super) fn locate(file: &dyn Readable, directory: &Directory, entry: &Entry) -> Result<Option<Located>> {
    let Some(local) = Local::read(file, directory, entry)? else { return Ok(None) };
    let fits = local.data.checked_add(entry.header.packed).is_some_and(|end| end <= directory.offset);
    Ok(fits.then_some(Located { header: entry.header, at: local.data }))
}

/// A local header that belongs to its entry.
struct Local {
    header: Header,
    /// Where the data begins.
    data: u64,
}

impl Local {
    fn read(file: &dyn Readable, directory: &Directory, entry: &Entry) -> Result<Option<Self>> {
        let name = directory.name(entry);
        let length = (record::LOCAL + name.len()) as u64;
        let Some(extra_at) = entry.offset.checked_add(length).filter(|end| *end <= directory.offset) else {
            return Ok(None);
        };
        let bytes = bytes_at(file, entry.offset, length)?;
        let Some((mut header, name_length, extra_length)) = record::local(&bytes) else { return Ok(None) };
        let data = extra_at + extra_length as u64;
        if name_length != name.len() || bytes[record::LOCAL..] != *name || data > directory.offset {
            return Ok(None);
        }
        if header.is_masked() {
            let extra = bytes_at(file, extra_at, extra_length as u64)?;
            // Without them it stays as it is, and differs.
            header = header.unmask(&extra, &mut 0).unwrap_or(header);
        }
        Ok(Some(Self { header, data }))
    }
}

/// The fields in which two headers differ. Where a descriptor follows the data and says the same as the directory, the
/// local header need not say it too.
fn differing(central: &Header, local: &Header, described: bool) -> Vec<&'static str> {
    let is_described = described && (local.crc, local.packed, local.length) == (0, 0, 0);
    let mut fields = Vec::new();
    let mut compare = |name, same: bool| {
        if !same {
            fields.push(name);
        }
    };
    compare("version needed", central.version == local.version);
    compare("flags", central.flags == local.flags);
    compare(METHOD, central.method == local.method);
    compare(SUM, is_described || central.crc == local.crc);
    compare(SIZES, is_described || (central.packed, central.length) == (local.packed, local.length));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_that_net_framework_compares_is_compared() {
        let central = Header { version: 45, flags: 8, method: 8, crc: 1, packed: 2, length: 3 };
        let zeros = Header { crc: 0, packed: 0, length: 0, ..central };
        for (local, described, fields) in [
            (central, false, &[][..]),
            (Header { version: 20, ..central }, false, &["version needed"]),
            (Header { flags: 0, method: 0, ..central }, false, &["flags", "method"]),
            (Header { crc: 9, ..central }, false, &["CRC-32"]),
            (Header { packed: 9, ..central }, false, &["sizes"]),
            (Header { length: 9, ..central }, true, &["sizes"]),
            (zeros, true, &[]),
            (zeros, false, &["CRC-32", "sizes"]),
        ] {
            assert_eq!(differing(&central, &local, described), fields, "{local:?}");
        }
    }
}
