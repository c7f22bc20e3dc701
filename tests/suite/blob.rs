//! The calls on one blob, each on its own.

use std::sync::Arc;

use bytes::Bytes;
use epicloud::base::error::{Kind, Retry};
use epicloud::base::event::{Silent, Sink};
use epicloud::blob::ByteStream;
use epicloud::blob::block::{BlockId, Checksum};
use epicloud::blob::client::{Blob, Store};
use epicloud::transport::http::Http;
use epicloud::transport::trust::Trust;
use uuid::Uuid;

use super::transfer_fixture::{CONTAINER, HOUR, NAME, TransferFixture, link};

/// CRC-64/NVME of `123456789`, little-endian: `iJh5CoYUi64=` in Base64.
const CRC: [u8; 8] = 0xae8b_1486_0a79_9888_u64.to_le_bytes();

fn blob(fixture: &TransferFixture, permissions: &str) -> Blob {
    let http = Http::new(&Trust::Machine, fixture.clock.clone()).unwrap();
    Store::new(http).blob(&link(&fixture.emulator.blob_link(CONTAINER, NAME, permissions, HOUR))).unwrap()
}

fn body(pieces: &[&'static [u8]]) -> ByteStream {
    let pieces: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece))).collect();
    Box::pin(futures_util::stream::iter(pieces))
}

#[tokio::test]
async fn blocks_are_staged_listed_committed_and_described() {
    let fixture = TransferFixture::new().await;
    let sink: Arc<dyn Sink> = Arc::new(Silent);
    let blob = blob(&fixture, "rw");
    let ids: Vec<BlockId> = (0..2).map(|index| BlockId::new(Uuid::from_u128(u128::MAX), index)).collect();
    for id in &ids {
        blob.stage_block(id, 9, body(&[b"1234", b"56789"]), Checksum::Crc64(CRC), &sink).await.unwrap();
    }
    let staged = blob.block_list(&sink).await.unwrap();
    assert!(staged.committed.is_empty());
    assert_eq!(staged.uncommitted.iter().map(|block| block.length).collect::<Vec<_>>(), [9, 9]);
    assert!(ids.iter().all(|id| staged.uncommitted.iter().any(|block| block.id == *id)));
    let reversed: Vec<BlockId> = ids.iter().rev().cloned().collect();
    blob.commit(&reversed, Some([7; 16]), &sink).await.unwrap();
    let listed = blob.block_list(&sink).await.unwrap();
    assert_eq!(
        listed.committed.into_iter().map(|block| block.id).collect::<Vec<_>>(),
        reversed,
        "the order given counts"
    );
    let properties = blob.properties(&sink).await.unwrap();
    assert_eq!((properties.length, properties.content_md5), (18, Some([7; 16])));
    assert!(properties.etag.is_some() && properties.last_modified.is_some());
    let reading = blob.read(2, 9, properties.etag.as_deref(), &sink).await.unwrap();
    assert_eq!(reading.properties().unwrap().length, 18);
    let error = blob.read(2, 9, Some("\"other\""), &sink).await.err().unwrap();
    assert_eq!((error.http_status(), error.code()), (Some(412), Some("ConditionNotMet")));
}

#[tokio::test]
async fn a_wrong_checksum_is_refused_by_the_service() {
    let fixture = TransferFixture::new().await;
    let sink: Arc<dyn Sink> = Arc::new(Silent);
    let blob = blob(&fixture, "w");
    let id = BlockId::new(Uuid::nil(), 0);
    for (checksum, code) in [(Checksum::Crc64([1; 8]), "Crc64Mismatch"), (Checksum::Md5([1; 16]), "Md5Mismatch")] {
        let error = blob.stage_block(&id, 9, body(&[b"123456789"]), checksum, &sink).await.unwrap_err();
        assert_eq!((error.kind(), error.code(), error.retry()), (Kind::Integrity, Some(code), Retry::Later), "{error}");
    }
    assert!(fixture.emulator.blob(CONTAINER, NAME).is_none());
}

#[tokio::test]
async fn the_services_refusal_of_a_right_is_told_with_its_code() {
    let fixture = TransferFixture::new().await;
    let sink: Arc<dyn Sink> = Arc::new(Silent);
    let error = blob(&fixture, "w").block_list(&sink).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Forbidden, Some("AuthorizationPermissionMismatch")), "{error}");
    assert!(error.request_id().is_some() && !error.texts().is_empty());
    assert!(!error.to_json().to_string().contains("sig="));
}
