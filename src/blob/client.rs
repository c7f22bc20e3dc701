//! The calls on one blob: Put Block, Put Block List, Get Block List, Get Blob Properties, Get Blob.
//!
//! Each call is one exchange and is not repeated here. The typed calls are those of the official crate, over the
//! transport of `azure_transport.rs`; its own retries are off. Ranges are read with its managed `download`, told that a
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
use super::answer::{BlobHeaders, ReadRequest};
pub use super::answer::{Extent, Length, OUTSIDE};
use super::azure_transport::{AzureTransport, CallContext, cut_short};
use super::block::{BlockId, Checksum};
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
        let url = Url::parse(link.base()).map_err(|_| Error::invalid("link", "is not a URL"))?;
        let name = link.file_name();
        let azure_transport = AzureTransport::new(self.http.clone(), link.clone(), name.clone());
        let options = BlobClientOptions {
            client_options: ClientOptions {
                retry: RetryOptions::none(),
                transport: Some(Transport::with_policy(Arc::new(azure_transport))),
                ..ClientOptions::default()
            },
            ..BlobClientOptions::default()
        };
        let client = BlobClient::new(url, None, Some(options))
            .map_err(|error| Error::new(Kind::Internal, format!("cannot set up the blob client: {error}")))?;
        Ok(Blob { client: Arc::new(client), name, begins: b"" })
    }
}

/// One blob behind a SAS link. Cheap to clone.
#[derive(Clone)]
pub struct Blob {
    client: Arc<BlobClient>,
    name: String,
    begins: &'static [u8],
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

impl Properties {
    /// The version of the blob that they are of.
    #[must_use]
    pub fn version(&self) -> Version {
        Version { etag: self.etag.clone(), last_modified: self.last_modified.clone() }
    }
}

/// By what a version of a blob is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Version {
    /// Its tag, as the service wrote it.
    pub etag: Option<String>,
    /// When it was written, as the service wrote it.
    pub last_modified: Option<String>,
}

impl Version {
    /// Whether the other one is surely another version. What one of them does not tell says nothing.
    #[must_use]
    pub fn contradicts(&self, other: &Self) -> bool {
        let differ = |one: Option<&str>, other: Option<&str>| Some(one? != other?);
        let tags = differ(self.etag.as_deref().map(opaque_tag), other.etag.as_deref().map(opaque_tag));
        tags.or_else(|| differ(self.last_modified.as_deref(), other.last_modified.as_deref())).unwrap_or(false)
    }

    /// Takes over what the other one tells and this one does not.
    pub fn learn(&mut self, other: &Self) {
        self.etag = self.etag.take().or_else(|| other.etag.clone());
        self.last_modified = self.last_modified.take().or_else(|| other.last_modified.clone());
    }
}

/// A tag without the mark of a weak one (RFC 9110, section 8.8.3). Gateways put it on the tags of a storage, whose tags
/// are strong.
#[must_use]
pub fn opaque_tag(etag: &str) -> &str {
    etag.strip_prefix("W/").unwrap_or(etag)
}

/// A body that is being read.
pub struct Reading {
    /// What it holds of the blob.
    pub extent: Extent,
    /// The version of the blob.
    pub version: Version,
    /// The whole blob's MD5, where the answer tells it.
    pub content_md5: Option<[u8; 16]>,
    /// The bytes.
    pub body: ByteStream,
}

/// The sums of a block that the service has computed, as the answer to a Put Block tells them. Azure always tells one:
/// the MD5 if the request had one, else the CRC-64 (from version 2019-02-02 on).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoredDigests {
    /// CRC-64/NVME, its eight bytes little-endian.
    pub crc64: Option<[u8; 8]>,
    /// MD5.
    pub md5: Option<[u8; 16]>,
}

impl Reading {
    /// What the answer tells about the whole blob, if it tells its length.
    #[must_use]
    pub fn properties(&self) -> Option<Properties> {
        let length = match self.extent {
            Extent::Range { total } => total?,
            Extent::Whole(Length::Known(length)) => length,
            Extent::Whole(_) | Extent::Unplaced => return None,
        };
        let Version { etag, last_modified } = self.version.clone();
        Some(Properties { length, etag, content_md5: self.content_md5, last_modified })
    }
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
    /// The same blob, of which is known how it begins: an answer without any sign of a blob storage that begins otherwise
    /// is not taken for it.
    #[must_use]
    pub fn beginning_with(self, begins: &'static [u8]) -> Self {
        Self { begins, ..self }
    }

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
    ) -> Result<StoredDigests> {
        let call = CallContext::with_body(sink, length, body);
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
        Ok(StoredDigests { crc64: kept(headers, "x-ms-content-crc64"), md5: kept(headers, "content-md5") })
    }

    /// Put Block List: makes the staged blocks the blob, in this order, and stores the whole file's MD5 with it.
    ///
    /// # Errors
    /// The service's refusal, or a failed exchange.
    pub async fn commit(&self, ids: &[BlockId], content_md5: Option<[u8; 16]>, sink: &Arc<dyn Sink>) -> Result<()> {
        let call = CallContext::new(Access::Write, sink);
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
        let call = CallContext::new(Access::Read, sink);
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
        let call = CallContext::reading(ReadRequest::Properties, self.begins, sink);
        let options = BlobClientGetPropertiesOptions { method_options: method(&call), ..Default::default() };
        self.client.get_properties(Some(options)).await.map_err(|error| call.error(&error))?;
        let BlobHeaders { extent, etag, last_modified, content_md5 } = call.told()?;
        let Extent::Whole(Length::Known(length)) = extent else {
            return Err(Error::new(Kind::Protocol, "the blob storage did not return the size of the blob"));
        };
        Ok(Properties { length, etag, content_md5, last_modified })
    }

    /// Get Blob: reads `length` bytes from `offset`, if the blob still has this `etag`. The answer may hold something
    /// else of the blob, which its [`Extent`] tells.
    ///
    /// A weak tag never matches `If-Match` (RFC 9110, section 13.1.1), so none is sent; whoever puts ranges together
    /// compares the versions that the answers tell. They have to in any case, as a cache may not look at `If-Match`.
    ///
    /// # Errors
    /// The service's refusal, a failed exchange, an answer about another range, or one that is not the blob's.
    pub async fn read(&self, offset: u64, length: u64, etag: Option<&str>, sink: &Arc<dyn Sink>) -> Result<Reading> {
        let strong = etag.filter(|etag| opaque_tag(etag) == *etag);
        self.reading(ReadRequest::Range { offset, length }, strong, sink).await
    }

    /// Get Blob: reads the whole blob.
    ///
    /// # Errors
    /// The service's refusal, a failed exchange, or an answer that is not the whole blob.
    pub async fn read_whole(&self, sink: &Arc<dyn Sink>) -> Result<Reading> {
        self.reading(ReadRequest::Whole, None, sink).await
    }

    async fn reading(&self, asked: ReadRequest, etag: Option<&str>, sink: &Arc<dyn Sink>) -> Result<Reading> {
        let call = CallContext::reading(asked, self.begins, sink);
        let (offset, length) = match asked {
            ReadRequest::Range { offset, length } => (offset, length),
            // The crate wants some range; it is not sent.
            ReadRequest::Whole | ReadRequest::Properties => (0, 1),
        };
        let options = BlobClientDownloadOptions {
            if_match: etag.map(Into::into),
            partition_size: usize::try_from(length).ok().and_then(NonZero::new),
            range: Some(HttpRange::new(offset, length)),
            parallel: NonZero::new(1),
            method_options: method(&call),
            ..Default::default()
        };
        let answer = self.client.download(Some(options)).await.map_err(|error| call.error(&error))?;
        let BlobHeaders { extent, etag, last_modified, content_md5 } = call.told()?;
        let body = answer.body.map_err(|error| std::io::Error::other(cut_short(&error)));
        Ok(Reading { extent, version: Version { etag, last_modified }, content_md5, body: Box::pin(body) })
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
fn method(call: &Arc<CallContext>) -> ClientMethodOptions<'static> {
    ClientMethodOptions { context: Context::new().with_value(Arc::clone(call)) }
}

/// A sum in a header; `None` when there is none, or something else in its place, which proves nothing.
fn kept<const LENGTH: usize>(headers: &Headers, name: &'static str) -> Option<[u8; LENGTH]> {
    STANDARD.decode(headers.get_optional_str(&HeaderName::from_static(name))?.trim()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_known_by_what_both_tell() {
        let version = |etag: &str, modified: &str| Version {
            etag: Some(etag.to_owned()).filter(|text| !text.is_empty()),
            last_modified: Some(modified.to_owned()).filter(|text| !text.is_empty()),
        };
        for (one, other, contradicts) in [
            (version("\"1\"", "a"), version("\"1\"", "b"), false),
            (version("\"1\"", ""), version("W/\"1\"", ""), false),
            (version("W/\"1\"", "a"), version("W/\"2\"", "a"), true),
            (version("\"1\"", "a"), version("", "a"), false),
            (version("\"1\"", "a"), version("", "b"), true),
            (version("\"1\"", ""), version("", ""), false),
            (version("", ""), version("\"1\"", "a"), false),
        ] {
            assert_eq!(one.contradicts(&other), contradicts, "{one:?} {other:?}");
            assert_eq!(other.contradicts(&one), contradicts, "{one:?} {other:?}");
        }
        let mut known = version("", "a");
        known.learn(&version("\"1\"", "b"));
        assert_eq!(known, version("\"1\"", "a"));
    }
}
