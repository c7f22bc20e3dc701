//! The calls on one blob: Put Block, Put Block List, Get Block List, Get Blob Properties, Get Blob.
//!
//! Each call is one exchange and is not repeated here. The typed calls are those of the official crate, over the
//! transport of `exchange.rs`; its own retries are off. Ranges are read with its managed `download`, told that a
//! partition is as long as the range: it then makes exactly one request and hands its body through as it comes.

use std::num::NonZero;
use std::sync::Arc;

use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::{
    ClientMethodOptions, ClientOptions, Context, NoFormat, RequestContent, RetryOptions, Transport, Url, XmlFormat,
};
use azure_storage_blob::models::{
    BlobClientDownloadOptions, BlobClientGetPropertiesOptions, BlockBlobClientCommitBlockListOptions,
    BlockBlobClientGetBlockListOptions, BlockBlobClientStageBlockOptions, BlockListType, BlockLookupList, HttpRange,
};
use azure_storage_blob::{BlobClient, BlobClientOptions};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::TryStreamExt;

use super::ByteStream;
use super::block::{BlockId, Checksum};
use super::exchange::{Call, Exchange, cut_short};
use super::link::Access;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::Sink;
use crate::base::secret::SafeUrl;
use crate::transport::http::Http;

/// Where blobs are reached: the HTTP client. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    http: Http,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Blobs reached over this HTTP client.
    #[must_use]
    pub fn new(http: Http) -> Self {
        Self { http }
    }

    /// The blob that a link leads to.
    ///
    /// # Errors
    /// `InvalidArgument` when the link has no form that can be called.
    pub fn blob(&self, link: &SafeUrl) -> Result<Blob> {
        let url = Url::parse(link.base()).map_err(|_| Error::invalid("link", "is not a link"))?;
        let name = link.file_name();
        let exchange = Exchange::new(self.http.clone(), link.clone(), name.clone());
        let options = BlobClientOptions {
            client_options: ClientOptions {
                retry: RetryOptions::none(),
                transport: Some(Transport::with_policy(Arc::new(exchange))),
                ..ClientOptions::default()
            },
            ..BlobClientOptions::default()
        };
        let client = BlobClient::new(url, None, Some(options))
            .map_err(|error| Error::new(Kind::Internal, format!("cannot set up the blob client: {error}")))?;
        Ok(Blob { client: Arc::new(client), name })
    }
}

/// One blob behind a SAS link. Cheap to clone.
#[derive(Clone)]
pub struct Blob {
    client: Arc<BlobClient>,
    name: String,
}

impl std::fmt::Debug for Blob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blob").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What the service tells about a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Properties {
    /// The whole blob's length in bytes.
    pub length: u64,
    /// The blob's version, as the service wrote it, quotes included.
    pub etag: Option<String>,
    /// The whole blob's MD5, where one is stored.
    pub content_md5: Option<[u8; 16]>,
    /// When the blob was written last, as the service wrote it.
    pub last_modified: Option<String>,
}

/// A range that is being read.
pub struct Reading {
    /// What the answer tells about the whole blob.
    pub properties: Properties,
    /// The range's bytes; exactly as many as were asked for, if it does not fail.
    pub body: ByteStream,
}

/// The sums of a block that the service has computed, as the answer to a Put Block tells them. Azure always tells one:
/// the MD5 if the request had one, else the CRC-64 (from version 2019-02-02 on).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeptSums {
    /// CRC-64/NVME, its eight bytes little-endian.
    pub crc64: Option<[u8; 8]>,
    /// MD5.
    pub md5: Option<[u8; 16]>,
}

/// A block that the service keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlock {
    /// Its id.
    pub id: BlockId,
    /// Its length in bytes.
    pub length: u64,
}

/// The blocks of a blob.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredBlocks {
    /// Those that make up the blob, in its order.
    pub committed: Vec<StoredBlock>,
    /// Those that were staged and are not part of it yet.
    pub uncommitted: Vec<StoredBlock>,
}

impl Blob {
    /// The blob's name: the last segment of its path, decoded.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Put Block: stages one block with its checksum. `body` must give exactly `length` bytes. Gives the sums that the
    /// service has computed of what it keeps, as far as it tells them: a store or a proxy that ignores the checksum keeps
    /// whatever arrives.
    ///
    /// # Errors
    /// The service's refusal, or a failed exchange.
    pub async fn stage_block(
        &self,
        id: &BlockId,
        length: u64,
        body: ByteStream,
        checksum: Checksum,
        sink: &Arc<dyn Sink>,
    ) -> Result<KeptSums> {
        let call = Call::with_body(sink, length, body);
        let mut options = BlockBlobClientStageBlockOptions { method_options: method(&call), ..Default::default() };
        match checksum {
            Checksum::Crc64(bytes) => options.transactional_content_crc64 = Some(bytes.to_vec()),
            Checksum::Md5(bytes) => options.transactional_content_md5 = Some(bytes.to_vec()),
        }
        // The body travels in the context; the crate could only take one that can be rewound and is read by copying.
        let nothing: RequestContent<Bytes, NoFormat> = RequestContent::from(Vec::new());
        let staged = self.client.block_blob_client().stage_block(id.as_bytes(), length, nothing, Some(options)).await;
        let staged = staged.map_err(|error| call.error(&error))?;
        let headers = staged.headers();
        Ok(KeptSums { crc64: kept(headers, "x-ms-content-crc64"), md5: kept(headers, "content-md5") })
    }

    /// Put Block List: makes the staged blocks the blob, in this order, and stores the whole file's MD5 with it.
    ///
    /// # Errors
    /// The service's refusal, or a failed exchange.
    pub async fn commit(&self, ids: &[BlockId], content_md5: Option<[u8; 16]>, sink: &Arc<dyn Sink>) -> Result<()> {
        let call = Call::new(Access::Write, sink);
        let list = BlockLookupList {
            latest: Some(ids.iter().map(|id| id.as_bytes().to_vec()).collect()),
            ..BlockLookupList::default()
        };
        let list: RequestContent<BlockLookupList, XmlFormat> =
            list.try_into().map_err(|error: azure_core::Error| call.error(&error))?;
        let options = BlockBlobClientCommitBlockListOptions {
            blob_content_md5: content_md5.map(|md5| md5.to_vec()),
            method_options: method(&call),
            ..Default::default()
        };
        let committed = self.client.block_blob_client().commit_block_list(list, Some(options)).await;
        committed.map(drop).map_err(|error| call.error(&error))
    }

    /// Get Block List: the blocks the service keeps for this blob. Needs a link that permits reading.
    ///
    /// # Errors
    /// The service's refusal, or a failed exchange.
    pub async fn block_list(&self, sink: &Arc<dyn Sink>) -> Result<StoredBlocks> {
        let call = Call::new(Access::Read, sink);
        let options = BlockBlobClientGetBlockListOptions { method_options: method(&call), ..Default::default() };
        let listed = self.client.block_blob_client().get_block_list(BlockListType::All, Some(options)).await;
        let list = listed.and_then(azure_core::http::Response::into_model).map_err(|error| call.error(&error))?;
        let read = |blocks: Option<Vec<azure_storage_blob::models::Block>>| {
            blocks
                .unwrap_or_default()
                .into_iter()
                .filter_map(|block| {
                    let length = u64::try_from(block.size?).ok()?;
                    Some(StoredBlock { id: BlockId::from_bytes(block.name?), length })
                })
                .collect()
        };
        Ok(StoredBlocks { committed: read(list.committed_blocks), uncommitted: read(list.uncommitted_blocks) })
    }

    /// Get Blob Properties (HEAD).
    ///
    /// # Errors
    /// The service's refusal, or a failed exchange.
    pub async fn properties(&self, sink: &Arc<dyn Sink>) -> Result<Properties> {
        let call = Call::new(Access::Read, sink);
        let options = BlobClientGetPropertiesOptions { method_options: method(&call), ..Default::default() };
        let answer = self.client.get_properties(Some(options)).await.map_err(|error| call.error(&error))?;
        let headers = answer.headers();
        let length = header(headers, "content-length").and_then(|text| text.parse().ok());
        let length =
            length.ok_or_else(|| Error::new(Kind::Protocol, "the storage service did not tell the blob's size"))?;
        Ok(describe(headers, length, header(headers, "content-md5")))
    }

    /// Get Blob: reads `length` bytes from `offset`, if the blob still has this `etag`.
    ///
    /// # Errors
    /// The service's refusal, a failed exchange, or an answer about another range.
    pub async fn read(&self, offset: u64, length: u64, etag: Option<&str>, sink: &Arc<dyn Sink>) -> Result<Reading> {
        let call = Call::new(Access::Read, sink);
        let partition = usize::try_from(length).ok().and_then(NonZero::new);
        let options = BlobClientDownloadOptions {
            if_match: etag.map(Into::into),
            range: Some(HttpRange::new(offset, length)),
            partition_size: partition,
            parallel: NonZero::new(1),
            method_options: method(&call),
            ..Default::default()
        };
        let answer = self.client.download(Some(options)).await.map_err(|error| call.error(&error))?;
        let total = whole_length(
            header(&answer.headers, "content-range"),
            header(&answer.headers, "content-length"),
            offset,
            length,
        )?;
        // In the answer to a range, `Content-MD5` is that of the range ("Get Blob", response headers).
        let properties = describe(&answer.headers, total, header(&answer.headers, "x-ms-blob-content-md5"));
        let body = answer.body.map_err(|error| std::io::Error::other(cut_short(&error)));
        Ok(Reading { properties, body: Box::pin(body) })
    }
}

/// The block list of an upload of so many blocks as it is sent, for a bench.
///
/// # Errors
/// When it cannot be written.
#[cfg(feature = "micro")]
pub fn block_list_xml(count: u32) -> Result<usize> {
    let upload = uuid::Uuid::from_u128(7);
    let latest = (0..count).map(|index| BlockId::new(upload, index).as_bytes().to_vec()).collect();
    let list = BlockLookupList { latest: Some(latest), ..BlockLookupList::default() };
    let content: std::result::Result<RequestContent<BlockLookupList, XmlFormat>, azure_core::Error> = list.try_into();
    let content = content.map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    match content.into() {
        azure_core::http::Body::Bytes(bytes) => Ok(bytes.len()),
        _ => Err(Error::new(Kind::Internal, "a block list is bytes in memory")),
    }
}

/// The call in the form in which the crate carries it to its pipeline's end.
fn method(call: &Arc<Call>) -> ClientMethodOptions<'static> {
    ClientMethodOptions { context: Context::new().with_value(Arc::clone(call)) }
}

/// A sum in a header; `None` when there is none, or something else in its place, which proves nothing.
fn kept<const LENGTH: usize>(headers: &Headers, name: &'static str) -> Option<[u8; LENGTH]> {
    STANDARD.decode(headers.get_optional_str(&HeaderName::from_static(name))?.trim()).ok()?.try_into().ok()
}

fn header<'a>(headers: &'a Headers, name: &'static str) -> Option<&'a str> {
    headers.get_optional_str(&HeaderName::from_static(name))
}

fn describe(headers: &Headers, length: u64, md5: Option<&str>) -> Properties {
    Properties {
        length,
        etag: header(headers, "etag").map(str::to_owned),
        content_md5: md5.and_then(|text| STANDARD.decode(text).ok()?.try_into().ok()),
        last_modified: header(headers, "last-modified").map(str::to_owned),
    }
}

/// The whole blob's length from the answer to a range, checked to be the range that was asked for. The last range
/// may be shorter than asked for when the length was not known. A server that ignored the range answers without
/// `Content-Range`, which is right only when the range was the whole blob.
fn whole_length(content_range: Option<&str>, content_length: Option<&str>, offset: u64, length: u64) -> Result<u64> {
    let wrong = || Error::new(Kind::Protocol, "the storage service answered with another range than the one asked for");
    let Some(range) = content_range else {
        let total: u64 = content_length.and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
        return if offset == 0 && total <= length { Ok(total) } else { Err(wrong()) };
    };
    let numbers = range.strip_prefix("bytes ").and_then(|text| {
        let (range, total) = text.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        Some((first.parse::<u64>().ok()?, last.parse::<u64>().ok()?, total.parse::<u64>().ok()?))
    });
    match numbers {
        Some((first, last, total))
            if first == offset && last.checked_add(1) == Some(total.min(offset.saturating_add(length))) =>
        {
            Ok(total)
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_about_another_range_is_refused() {
        for (range, length, offset, asked, expected) in [
            (Some("bytes 0-9/100"), None, 0, 10, Some(100)),
            (Some("bytes 90-99/100"), None, 90, 10, Some(100)),
            (Some("bytes 0-4/5"), None, 0, 10, Some(5)),
            (Some("bytes 0-9/100"), None, 10, 10, None),
            (Some("bytes 0-8/100"), None, 0, 10, None),
            (Some("bytes */100"), None, 0, 10, None),
            (Some("bytes 0-18446744073709551615/1"), None, 0, 10, None),
            (None, Some("10"), 0, 10, Some(10)),
            (None, Some("100"), 0, 10, None),
            (None, Some("10"), 10, 10, None),
            (None, None, 0, 10, None),
        ] {
            assert_eq!(whole_length(range, length, offset, asked).ok(), expected, "{range:?} {length:?}");
        }
    }
}
