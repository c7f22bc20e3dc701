//! Get Blob, Get Blob Properties, Get Block List, and what clients ask of the container before they begin.

use epicloud_emulator::blob::Properties;
use epicloud_emulator::blob::block_list;
use epicloud_emulator::blob::condition::Conditions;
use epicloud_emulator::blob::error::BlobError;
use epicloud_emulator::blob::list::{self, Row};
use epicloud_emulator::blob::range::{self, Span};
use epicloud_emulator::http::Answer;
use epicloud_emulator::timestamp;

use crate::blobs::{BACPACS, Committed, etag};
use crate::call::Call;
use crate::message::Reply;

/// The name of the blob that can be downloaded.
pub(crate) const BENCH_BLOB: &str = "bench.bacpac";

/// What is known of the blob asked for, and whether it has bytes to download.
fn find(call: &Call<'_>) -> Result<(Committed, bool), BlobError> {
    let bench = call.core.bench.as_ref().filter(|_| call.container == BACPACS && call.blob == BENCH_BLOB);
    let found = match bench {
        Some(bench) => Some((bench.clone(), true)),
        None => call.core.blobs.find(&call.place()).map(|committed| (committed, false)),
    };
    found.ok_or_else(BlobError::blob_not_found)
}

/// The downloadable blob.
pub(crate) fn bench(length: u64, content_md5: Option<String>, now: i64) -> Committed {
    let properties = Properties { content_md5, ..Properties::default() };
    Committed { blocks: Vec::new(), length, etag: etag(0), modified: now, properties }
}

/// Get Blob.
pub(crate) fn get_blob(call: &Call<'_>) -> Result<Reply, BlobError> {
    let (committed, has_bytes) = find(call)?;
    Conditions::of(call.asked).check_read(committed.stored())?;
    if !has_bytes {
        return Err(BlobError::new(409, "BlobContentDiscarded", "The sink keeps no bytes of what is uploaded."));
    }
    let length = committed.length;
    let wanted = call.asked.header("x-ms-range").or_else(|| call.asked.header("range"));
    let (status, from, count) = match range::read(wanted, length) {
        Span::Whole => (200, 0, length),
        Span::Part(from, count) => (206, from, count),
        Span::Unsatisfiable => return Err(BlobError::invalid_range(length)),
    };
    let mut answer = describe(Answer::empty(status), &committed, status == 206);
    if status == 206 {
        answer = answer.with("content-range", format!("bytes {from}-{}/{length}", from + count - 1));
    }
    Ok(Reply { answer, content: Some(from..from + count) })
}

/// Get Blob Properties; the length is told as if the body followed.
pub(crate) fn properties(call: &Call<'_>) -> Result<Reply, BlobError> {
    let (committed, _) = find(call)?;
    Conditions::of(call.asked).check_read(committed.stored())?;
    let content = (call.asked.method == "HEAD").then_some(0..committed.length);
    Ok(Reply { answer: describe(Answer::empty(200), &committed, false), content })
}

fn describe(answer: Answer, committed: &Committed, part: bool) -> Answer {
    let properties = &committed.properties;
    let content_type = properties.content_type.as_deref().unwrap_or("application/octet-stream");
    let mut answer = answer
        .with("content-type", content_type)
        .with("accept-ranges", "bytes")
        .with("etag", &committed.etag)
        .with("last-modified", timestamp::http_date(committed.modified))
        .with("x-ms-creation-time", timestamp::http_date(committed.modified))
        .with("x-ms-blob-type", "BlockBlob")
        .with("x-ms-lease-status", "unlocked")
        .with("x-ms-lease-state", "available")
        .with("x-ms-server-encrypted", "true");
    if let Some(md5) = &properties.content_md5 {
        // Of a part, `Content-MD5` would be that of the part; the whole blob's goes into a header of its own.
        answer = answer.with(if part { "x-ms-blob-content-md5" } else { "content-md5" }, md5);
    }
    answer
}

/// Get Block List.
pub(crate) fn block_list(call: &Call<'_>) -> Result<Answer, BlobError> {
    let (with_committed, with_waiting) = block_list::wanted(call.query("blocklisttype"))?;
    let (committed, waiting) = call.core.blobs.blocks(&call.place()).ok_or_else(BlobError::blob_not_found)?;
    // The one block of Put Blob has no id: such a blob has no list.
    let blocks = committed.iter().flat_map(|blob| &blob.blocks).filter(|(id, _)| !id.is_empty());
    let blocks = blocks.map(|(id, block)| (id.as_str(), block.length));
    let waiting = waiting.iter().map(|(id, block)| (id.as_str(), block.length));
    let text = block_list::document(with_committed.then_some(blocks), with_waiting.then_some(waiting));
    let answer = Answer::new(200, "application/xml", text);
    Ok(match &committed {
        None => answer.with("x-ms-blob-content-length", "0"),
        Some(committed) => answer
            .with("etag", &committed.etag)
            .with("last-modified", timestamp::http_date(committed.modified))
            .with("x-ms-blob-content-length", committed.length.to_string()),
    })
}

/// List Blobs.
pub(crate) fn list(call: &Call<'_>) -> Result<Answer, BlobError> {
    let mut blobs = call.core.blobs.list(&call.container);
    if let Some(bench) = call.core.bench.as_ref().filter(|_| call.container == BACPACS) {
        blobs.push((BENCH_BLOB.to_owned(), bench.clone()));
        blobs.sort_by(|(one, _), (other, _)| one.cmp(other));
    }
    let rows: Vec<Row<'_>> = blobs
        .iter()
        .map(|(name, committed)| Row {
            name,
            created: committed.modified,
            modified: committed.modified,
            etag: &committed.etag,
            length: committed.length,
            properties: &committed.properties,
            leased: false,
        })
        .collect();
    list::answer(call.asked, &call.core.blob_base(call.asked.secure), &call.container, &rows)
}

/// Get Container Properties.
pub(crate) fn container(call: &Call<'_>) -> Answer {
    Answer::empty(200)
        .with("etag", etag(0))
        .with("last-modified", timestamp::http_date(call.core.started))
        .with("x-ms-lease-status", "unlocked")
        .with("x-ms-lease-state", "available")
        .with("x-ms-has-immutability-policy", "false")
        .with("x-ms-has-legal-hold", "false")
}
