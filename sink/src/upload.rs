//! Put Block, Put Block List, Put Blob, and the small changes some clients make besides.

use epicloud_emulator::blob::block_list;
use epicloud_emulator::blob::checksum::{Claim, Summing};
use epicloud_emulator::blob::condition::Conditions;
use epicloud_emulator::blob::error::BlobError;
use epicloud_emulator::blob::write::{LARGEST_BLOB, LARGEST_BLOCK, LARGEST_LIST, content_length, properties};
use epicloud_emulator::http::Answer;
use epicloud_emulator::timestamp;

use crate::blobs::{Block, Committed};
use crate::call::{Call, Refusal};
use crate::message::{Body, Reply, Stopped};
use crate::settings::Verify;
use crate::statistics::count;

/// The version a request is answered by when neither it nor its link names one.
const USUAL_VERSION: &str = "2023-01-03";

/// A wrong answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Busy,
    Internal,
    Reset,
}

/// The fault the n-th Put Block meets, counted from 1: every `every`-th, in turns.
fn fault(every: u64, nth: u64) -> Option<Fault> {
    if every == 0 || !nth.is_multiple_of(every) {
        return None;
    }
    match (nth / every) % 3 {
        1 => Some(Fault::Busy),
        2 => Some(Fault::Internal),
        _ => Some(Fault::Reset),
    }
}

/// Put Block.
pub(crate) async fn put_block(call: &Call<'_>, body: &mut Body<'_>) -> Result<Reply, Refusal> {
    count_checksums(call);
    let nth = call.core.next_block();
    if let Some(fault) = fault(call.core.settings().faulty_every, nth) {
        count(&call.core.statistics.faults);
        return Err(misbehave(fault, body).await);
    }
    let id = call.query("blockid").ok_or_else(|| BlobError::missing_query("blockid"))?;
    let length = content_length(call.asked)?;
    if length == 0 {
        return Err(BlobError::invalid_header("Content-Length", "0").into());
    }
    if length > LARGEST_BLOCK {
        return Err(BlobError::too_large().into());
    }
    let claim = claim(call)?;
    call.core.blobs.check_id(&call.place(), &id)?;
    let (block, _) = receive(call, body, length, &claim, false).await?;
    call.core.blobs.put_block(call.place(), id, block);
    Ok(created(&claim, block.crc64).into())
}

async fn misbehave(fault: Fault, body: &mut Body<'_>) -> Refusal {
    match fault {
        Fault::Busy => BlobError::new(503, "ServerBusy", "The server is busy.").into(),
        Fault::Internal => {
            let text = "The server encountered an internal error. Please retry the request.";
            BlobError::new(500, "InternalError", text).into()
        }
        Fault::Reset => {
            let half = body.length.unwrap_or(0) / 2;
            Refusal::Stopped(body.some(half).await.err().unwrap_or(Stopped::Reset))
        }
    }
}

/// Put Blob, of a block blob.
pub(crate) async fn put_blob(call: &Call<'_>, body: &mut Body<'_>) -> Result<Reply, Refusal> {
    count_checksums(call);
    count_blob_md5(call);
    match call.asked.header("x-ms-blob-type") {
        Some(kind) if kind.eq_ignore_ascii_case("BlockBlob") => {}
        Some(other) => return Err(BlobError::invalid_header("x-ms-blob-type", other).into()),
        None => return Err(BlobError::missing_header("x-ms-blob-type").into()),
    }
    let length = content_length(call.asked)?;
    if length > LARGEST_BLOB {
        return Err(BlobError::too_large().into());
    }
    let claim = claim(call)?;
    let mut properties = properties(call.asked, true)?;
    let (place, conditions) = (call.place(), Conditions::of(call.asked));
    call.core.blobs.check_write(&place, conditions)?;
    let (block, _) = receive(call, body, length, &claim, false).await?;
    if let (None, Claim::Md5(md5)) = (&properties.content_md5, &claim) {
        properties.content_md5 = Some(md5.clone());
    }
    call.core.blobs.check_write(&place, conditions)?;
    let committed = call.core.blobs.put_blob(&place, block, properties, call.asked.now);
    Ok(with_stored(created(&claim, block.crc64), &committed).into())
}

/// Put Block List.
pub(crate) async fn put_block_list(call: &Call<'_>, body: &mut Body<'_>) -> Result<Reply, Refusal> {
    count_blob_md5(call);
    let length = content_length(call.asked)?;
    if length > LARGEST_LIST as u64 {
        return Err(BlobError::too_large().into());
    }
    let claim = claim(call)?;
    let properties = properties(call.asked, false)?;
    let (block, text) = receive(call, body, length, &claim, true).await?;
    let list = block_list::read(&text)?;
    let place = call.place();
    call.core.blobs.check_write(&place, Conditions::of(call.asked))?;
    let committed = call.core.blobs.put_block_list(&place, &list, properties, call.asked.now)?;
    Ok(with_stored(created(&claim, block.crc64), &committed).into())
}

/// Set Blob Properties, Metadata or Tier: nothing of it is kept.
pub(crate) fn touch(call: &Call<'_>, comp: &str) -> Result<Answer, BlobError> {
    if !matches!(comp, "properties" | "metadata" | "tier" | "tags") {
        return Err(BlobError::invalid_query("comp", comp, "Not known to this sink."));
    }
    let committed = call.core.blobs.find(&call.place()).ok_or_else(BlobError::blob_not_found)?;
    Ok(with_stored(Answer::empty(if comp == "tags" { 204 } else { 200 }), &committed))
}

/// Delete Blob.
pub(crate) fn delete(call: &Call<'_>) -> Result<Answer, BlobError> {
    let found = call.core.blobs.delete(&call.place());
    found.then(|| Answer::empty(202)).ok_or_else(BlobError::blob_not_found)
}

/// Receives the body with no more sums than the settings ask for, and compares them.
async fn receive(
    call: &Call<'_>,
    body: &mut Body<'_>,
    length: u64,
    claim: &Claim,
    keep: bool,
) -> Result<(Block, Vec<u8>), Refusal> {
    let settings = call.core.settings();
    let with_md5 = settings.verify == Verify::All && matches!(claim, Claim::Md5(_));
    let with_crc64 = settings.content_crc || settings.verify != Verify::None && matches!(claim, Claim::Crc64(_));
    let summing = (with_md5 || with_crc64).then(|| Summing::of(with_md5, with_crc64));
    let (summing, text) = body.whole(summing, keep).await?;
    let crc64 = summing.as_ref().and_then(Summing::crc64);
    if let Some(summing) = summing.filter(|_| settings.verify != Verify::None) {
        claim.check(&summing.finish()).inspect_err(|_| count(&call.core.statistics.mismatches))?;
    }
    Ok((Block { length, crc64 }, text))
}

fn claim(call: &Call<'_>) -> Result<Claim, BlobError> {
    let header = |name| call.asked.header(name);
    let version = header("x-ms-version").map(str::to_owned).or_else(|| call.query("sv"));
    let version = version.unwrap_or_else(|| USUAL_VERSION.to_owned());
    Claim::read(header("content-md5"), header("x-ms-content-crc64"), &version)
}

fn count_checksums(call: &Call<'_>) {
    let counters = &call.core.statistics;
    let (md5, crc64) = (call.asked.header("content-md5"), call.asked.header("x-ms-content-crc64"));
    for (sent, counter) in [
        (md5.is_some(), &counters.content_md5),
        (crc64.is_some(), &counters.crc64),
        (md5.is_none() && crc64.is_none(), &counters.no_checksum),
    ] {
        if sent {
            count(counter);
        }
    }
}

fn count_blob_md5(call: &Call<'_>) {
    if call.asked.header("x-ms-blob-content-md5").is_some() {
        count(&call.core.statistics.blob_content_md5);
    }
}

/// 201 with the checksum that was sent or, when none was and one is at hand, computed.
fn created(claim: &Claim, crc64: Option<u64>) -> Answer {
    let answer = Answer::empty(201).with("x-ms-request-server-encrypted", "true");
    match (claim, crc64) {
        (Claim::Md5(md5), _) => answer.with("content-md5", md5),
        (Claim::Crc64(crc64), _) => answer.with("x-ms-content-crc64", crc64),
        (Claim::None, Some(crc64)) => {
            answer.with("x-ms-content-crc64", epicloud_emulator::blob::checksum::crc64_text(crc64))
        }
        (Claim::None, None) => answer,
    }
}

fn with_stored(answer: Answer, committed: &Committed) -> Answer {
    answer.with("etag", &committed.etag).with("last-modified", timestamp::http_date(committed.modified))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_in_turns() {
        let met: Vec<_> = (1..=8).map(|nth| fault(2, nth)).collect();
        let (busy, internal, reset) = (Some(Fault::Busy), Some(Fault::Internal), Some(Fault::Reset));
        assert_eq!(met, [None, busy, None, internal, None, reset, None, busy]);
        assert_eq!(fault(1, 3), reset);
        assert_eq!(fault(0, 3), None);
    }
}
