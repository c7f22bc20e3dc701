//! Put Blob, Put Block and Put Block List.

use super::block_list;
use super::call::Call;
use super::checksum::{Claim, Computed, Summing, check_md5};
use super::condition::Conditions;
use super::content::Content;
use super::error::BlobError;
use super::spool::{Extent, Refusal};
use super::storage::Storage;
use super::store::{Committed, Properties};
use crate::http::{Answer, Asked, RequestBody};
use crate::timestamp;

/// Largest block, and largest blob of one Put Blob (versions from 2019-12-12 on).
pub const LARGEST_BLOCK: u64 = 4_000 << 20;
pub const LARGEST_BLOB: u64 = 5_000 << 20;
/// Largest body of Put Block List that is taken: 50,000 of the longest ids.
pub const LARGEST_LIST: usize = 16 << 20;

/// Put Block.
pub(super) async fn put_block(storage: &Storage, call: &Call<'_>, body: &mut RequestBody) -> Result<Answer, Refusal> {
    let id = call.query("blockid").ok_or_else(|| BlobError::missing_query("blockid"))?;
    let length = content_length(call.asked)?;
    if length == 0 {
        return Err(BlobError::invalid_header("Content-Length", "0").into());
    }
    if length > LARGEST_BLOCK {
        return Err(BlobError::too_large().into());
    }
    let claim = claim(call)?;
    let (container, name) = (&call.address.container, &call.address.blob);
    storage.blobs.check_write(container, name, call.lease(), |blob| blob.check_block_id(&id))?;
    let (extent, computed) = receive(storage, call, body, length, &claim, false).await?;
    storage.blobs.put_block(container, name, call.lease(), id, extent)?;
    Ok(created(&computed, &claim))
}

/// Put Blob, of a block blob.
pub(super) async fn put_blob(storage: &Storage, call: &Call<'_>, body: &mut RequestBody) -> Result<Answer, Refusal> {
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
    let at = (call.address.container.as_str(), call.address.blob.as_str());
    let conditions = Conditions::of(call.asked);
    storage.blobs.check_write(at.0, at.1, call.lease(), |blob| conditions.check_write(blob.stored()))?;
    let (extent, computed) = receive(storage, call, body, length, &claim, true).await?;
    // Put Blob checks `x-ms-blob-content-md5`, unlike Put Block List, and stores the MD5 in any case.
    if let (Some(sent), Some(computed)) = (&properties.content_md5, &computed.md5)
        && sent != computed
    {
        return Err(BlobError::md5_mismatch(sent, computed).into());
    }
    properties.content_md5.clone_from(&computed.md5);
    let content = Content::Files([extent].into());
    let committed = storage.blobs.put_blob(at, call.lease(), conditions, content, properties, call.now)?;
    storage.save();
    // Unlike a block, a blob is always answered with its MD5, beside the CRC-64.
    let answer = created(&computed, &Claim::None);
    let answer = match (&computed.md5, &computed.crc64) {
        (Some(md5), Some(_)) => answer.with("content-md5", md5),
        _ => answer,
    };
    Ok(with_stored(answer, &committed))
}

/// Put Block List.
pub(super) async fn put_block_list(
    storage: &Storage,
    call: &Call<'_>,
    body: &mut RequestBody,
) -> Result<Answer, Refusal> {
    let claim = claim(call)?;
    let properties = properties(call.asked, false)?;
    let at = (call.address.container.as_str(), call.address.blob.as_str());
    storage.blobs.check_write(at.0, at.1, call.lease(), |_| Ok(()))?;
    let text = body.whole(LARGEST_LIST).await?;
    let mut summing = Summing::start(matches!(claim, Claim::Md5(_)), &call.version);
    summing.add(&text);
    let computed = summing.finish();
    claim.check(&computed)?;
    let list = block_list::read(&text)?;
    let commit = || {
        storage.blobs.put_block_list(at, call.lease(), Conditions::of(call.asked), &list, properties.clone(), call.now)
    };
    let mut committed = commit()?;
    if call.asked.twice {
        committed = commit()?;
    }
    storage.save();
    Ok(with_stored(created(&computed, &claim), &committed))
}

async fn receive(
    storage: &Storage,
    call: &Call<'_>,
    body: &mut RequestBody,
    length: u64,
    claim: &Claim,
    always_md5: bool,
) -> Result<(Extent, Computed), Refusal> {
    let summing = Summing::start(always_md5 || matches!(claim, Claim::Md5(_)), &call.version);
    let (extent, computed) = storage.folder.receive(body, summing).await?;
    if extent.length != length {
        return Err(BlobError::incomplete_body().into());
    }
    claim.check(&computed)?;
    Ok((extent, computed))
}

/// The length of the body, which Azure wants to know.
pub fn content_length(asked: &Asked) -> Result<u64, BlobError> {
    let header = asked.header("content-length").ok_or_else(BlobError::length_required)?;
    header.parse().map_err(|_| BlobError::invalid_header("Content-Length", header))
}

fn claim(call: &Call<'_>) -> Result<Claim, BlobError> {
    Claim::read(call.asked.header("content-md5"), call.asked.header("x-ms-content-crc64"), &call.version)
}

/// The properties to store. Put Blob also takes the plain headers, which on Put Block List describe the list itself.
pub fn properties(asked: &Asked, plain_too: bool) -> Result<Properties, BlobError> {
    let header = |special: &str, plain: &str| {
        let value = asked.header(special).or_else(|| asked.header(plain).filter(|_| plain_too));
        value.map(str::to_owned)
    };
    let content_md5 = asked.header("x-ms-blob-content-md5").map(str::to_owned);
    if let Some(md5) = &content_md5 {
        check_md5(md5)?;
    }
    Ok(Properties {
        content_type: header("x-ms-blob-content-type", "content-type"),
        content_encoding: header("x-ms-blob-content-encoding", "content-encoding"),
        content_language: header("x-ms-blob-content-language", "content-language"),
        content_disposition: asked.header("x-ms-blob-content-disposition").map(str::to_owned),
        cache_control: header("x-ms-blob-cache-control", "cache-control"),
        content_md5,
    })
}

/// 201 with the checksum of the body: MD5 when the request carried it or the version knows no CRC-64.
fn created(computed: &Computed, claim: &Claim) -> Answer {
    let answer = Answer::empty(201).with("x-ms-request-server-encrypted", "true");
    match (claim, &computed.md5, &computed.crc64) {
        (Claim::Md5(_), Some(md5), _) | (_, Some(md5), None) => answer.with("content-md5", md5),
        (_, _, Some(crc64)) => answer.with("x-ms-content-crc64", crc64),
        _ => answer,
    }
}

fn with_stored(answer: Answer, committed: &Committed) -> Answer {
    answer.with("etag", &committed.etag).with("last-modified", timestamp::http_date(committed.modified))
}
