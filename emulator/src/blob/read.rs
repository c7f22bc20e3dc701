//! Get Blob, Get Blob Properties and Get Block List.

use std::ops::Range;

use super::block_list;
use super::call::Call;
use super::checksum::{self, Summing};
use super::condition::Conditions;
use super::content::Content;
use super::error::BlobError;
use super::range::{self, Span};
use super::storage::Storage;
use super::store::{Blob, Committed};
use crate::http::{Answer, Source, Stream};
use crate::timestamp;

/// The longest range that has a checksum.
const LONGEST_SUMMED: u64 = 4 << 20;

/// Get Blob and, by HEAD, Get Blob Properties.
pub(super) async fn get_blob(storage: &Storage, call: &Call<'_>) -> Result<Answer, BlobError> {
    let (committed, leased) = storage.blobs.find(&call.address.container, &call.address.blob, call.lease())?;
    let header = |name| call.asked.header(name);
    Conditions::of(call.asked).check_read(committed.stored())?;
    // Get Blob Properties knows no range.
    let wanted = header("x-ms-range").or_else(|| header("range")).filter(|_| call.asked.method == "GET");
    let length = committed.length;
    let span = range::read(wanted, length);
    let (status, from, count) = match span {
        Span::Whole => (200, 0, length),
        Span::Part(from, count) => (206, from, count),
        Span::Unsatisfiable => return Err(BlobError::invalid_range(length)),
    };
    let wanted = RangeSum::wanted(call, status == 206, count)?;
    let mut answer = Answer::empty(status);
    if let Some(kind) = wanted {
        let (name, sum) = kind.of(committed.content.clone(), from..from + count).await?;
        answer = answer.with(name, sum);
    }
    let content = committed.content.clone();
    answer.body = Source::Streamed(Stream::new(count, move || content.pump(from, count)));
    let mut answer = describe(answer, &committed, call, status == 206);
    if status == 206 {
        answer = answer.with("content-range", format!("bytes {from}-{}/{length}", from + count - 1));
    }
    answer = answer.with("x-ms-lease-status", if leased { "locked" } else { "unlocked" });
    answer = answer.with("x-ms-lease-state", if leased { "leased" } else { "available" });
    if leased {
        answer = answer.with("x-ms-lease-duration", "infinite");
    }
    Ok(answer)
}

/// The checksum of a range that a Get Blob may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RangeSum {
    Md5,
    Crc64,
}

impl RangeSum {
    /// Which one is asked for. Only a range has one, of at most 4 MiB, and never both; a version that does not know
    /// the header ignores it.
    fn wanted(call: &Call<'_>, part: bool, length: u64) -> Result<Option<Self>, BlobError> {
        const MD5: &str = "x-ms-range-get-content-md5";
        const CRC64: &str = "x-ms-range-get-content-crc64";
        // Get Blob Properties knows no range.
        if call.asked.method != "GET" {
            return Ok(None);
        }
        let wants = |name: &'static str| match call.asked.header(name) {
            None => Ok(false),
            Some(value) if value.eq_ignore_ascii_case("true") => Ok(true),
            Some(value) if value.eq_ignore_ascii_case("false") => Ok(false),
            Some(value) => Err(BlobError::invalid_header(name, value)),
        };
        let crc64 = checksum::knows_crc64(&call.version) && wants(CRC64)?;
        let kind = match (wants(MD5)?, crc64) {
            (false, false) => return Ok(None),
            (true, true) => return Err(BlobError::invalid_header(CRC64, "true")),
            (true, false) => Self::Md5,
            (false, true) => Self::Crc64,
        };
        if !part {
            return Err(BlobError::invalid_header(if kind == Self::Md5 { MD5 } else { CRC64 }, "true"));
        }
        if length > LONGEST_SUMMED {
            return Err(BlobError::out_of_range());
        }
        Ok(Some(kind))
    }

    /// The header and its value.
    async fn of(self, content: Content, range: Range<u64>) -> Result<(&'static str, String), BlobError> {
        let summed = tokio::task::spawn_blocking(move || {
            let mut summing = Summing::of(self == Self::Md5, self == Self::Crc64);
            summing.add(&content.read(range)?);
            Ok::<_, std::io::Error>(summing.finish())
        });
        let summed = summed.await.map_err(|failure| BlobError::internal(&failure))?;
        let computed = summed.map_err(|failure| BlobError::internal(&failure))?;
        let (name, sum) = match self {
            Self::Md5 => ("content-md5", computed.md5),
            Self::Crc64 => ("x-ms-content-crc64", computed.crc64),
        };
        Ok((name, sum.unwrap_or_default()))
    }
}

fn describe(answer: Answer, committed: &Committed, call: &Call<'_>, part: bool) -> Answer {
    let properties = &committed.properties;
    let sas = &call.sas;
    let or = |overriding: &str, stored: &Option<String>| {
        if overriding.is_empty() { stored.clone() } else { Some(overriding.to_owned()) }
    };
    let content_type = or(&sas.content_type, &properties.content_type);
    // Of a part, `Content-MD5` would be that of the part; the whole blob's goes into a header of its own.
    let md5_name = if part { "x-ms-blob-content-md5" } else { "content-md5" };
    let optional = [
        (md5_name, properties.content_md5.clone()),
        ("content-encoding", or(&sas.content_encoding, &properties.content_encoding)),
        ("content-language", or(&sas.content_language, &properties.content_language)),
        ("content-disposition", or(&sas.content_disposition, &properties.content_disposition)),
        ("cache-control", or(&sas.cache_control, &properties.cache_control)),
    ];
    let mut answer = answer
        .with("content-type", content_type.unwrap_or_else(|| "application/octet-stream".to_owned()))
        .with("accept-ranges", "bytes")
        .with("etag", &committed.etag)
        .with("last-modified", timestamp::http_date(committed.modified))
        .with("x-ms-creation-time", timestamp::http_date(committed.created))
        .with("x-ms-blob-type", "BlockBlob")
        .with("x-ms-server-encrypted", "true");
    for (name, value) in optional {
        if let Some(value) = value {
            answer = answer.with(name, value);
        }
    }
    answer
}

/// Get Block List.
pub(super) fn get_block_list(storage: &Storage, call: &Call<'_>) -> Result<Answer, BlobError> {
    let (with_committed, with_waiting) = block_list::wanted(call.query("blocklisttype"))?;
    let found = storage.blobs.look(&call.address.container, &call.address.blob, Blob::clone)?;
    found.check_given_lease(call.lease())?;
    if found.committed.is_none() && found.waiting.is_empty() {
        return Err(BlobError::blob_not_found());
    }
    let committed = found.committed.iter().flat_map(|committed| &committed.blocks);
    let committed = committed.map(|(id, extent)| (id.as_str(), extent.length));
    // Azure lists them by id, and so they are kept.
    let waiting = found.waiting.iter().map(|(id, extent)| (id.as_str(), extent.length));
    let text = block_list::document(with_committed.then_some(committed), with_waiting.then_some(waiting));
    let mut answer = Answer::new(200, "application/xml", text);
    if let Some(committed) = &found.committed {
        answer = answer
            .with("etag", &committed.etag)
            .with("last-modified", timestamp::http_date(committed.modified))
            .with("x-ms-blob-content-length", committed.length.to_string());
    } else {
        answer = answer.with("x-ms-blob-content-length", "0");
    }
    Ok(answer)
}
