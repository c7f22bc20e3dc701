//! Blocks that another tool has left for a blob, with ids of another length.

use std::sync::Arc;

use bytes::Bytes;
use epicloud::base::error::{Kind, Retry};
use epicloud::base::event::{Silent, Sink};
use epicloud::blob::block::{BlockId, Checksum};
use epicloud::blob::client::{Blob, Store};
use epicloud::transfer::upload::Upload;
use epicloud::transport::http::Http;
use epicloud::transport::trust::Trust;
use md5::{Digest, Md5};

use super::transfer_fixture::{
    CONTAINER, HOUR, MIB, NAME, TransferFixture, blocks, content, link, named, send, send_all, stored, upload,
};

fn blob(fixture: &TransferFixture, name: &str) -> Blob {
    let store = Store::new(Http::new(&Trust::Machine, fixture.clock.clone()).unwrap());
    store.blob(&link(&fixture.emulator.blob_link(CONTAINER, name, "rw", HOUR))).unwrap()
}

/// Leaves a block with an id of so many bytes.
async fn leave(fixture: &TransferFixture, name: &str, length: usize) {
    let sink: Arc<dyn Sink> = Arc::new(Silent);
    let body = futures_util::stream::iter([Ok(Bytes::from_static(b"other"))]);
    let sum = Checksum::Md5(Md5::digest(b"other").into());
    let id = BlockId::from_bytes(vec![7; length]);
    blob(fixture, name).stage_block(&id, 5, Box::pin(body), sum, &sink).await.unwrap();
    fixture.emulator.clear_requests();
}

fn with_link(fixture: &TransferFixture, permissions: &str, bytes: &[u8]) -> Upload {
    let container = link(&fixture.emulator.package_link(permissions, HOUR));
    let mut request = Upload { container, ..upload(fixture, &fixture.file("p", bytes)) };
    request.options.streams = Some(1);
    request
}

/// The lengths of the ids of the blob's blocks.
async fn id_lengths(fixture: &TransferFixture, name: &str) -> Vec<usize> {
    let sink: Arc<dyn Sink> = Arc::new(Silent);
    let listed = blob(fixture, name).block_list(&sink).await.unwrap();
    listed.committed.iter().map(|block| block.id.as_bytes().len()).collect()
}

#[tokio::test]
async fn a_link_that_only_writes_is_told_what_is_in_the_way_and_the_ways_out() {
    let fixture = TransferFixture::new().await;
    leave(&fixture, NAME, 36).await;
    let error = send(&fixture, &with_link(&fixture, "w", &content(1, 3 * MIB))).await.unwrap_err();
    assert_eq!((error.kind(), error.code(), error.retry()), (Kind::Conflict, Some("InvalidBlobOrBlock"), Retry::Never));
    assert!(error.to_string().contains(&format!("another tool left uncommitted blocks of '{NAME}'")), "{error}");
    let step = error.next_step().unwrap();
    for way in ["a new version number", "a week", "sp=rw"] {
        assert!(step.contains(way), "{way}: {step}");
    }
    assert_eq!((fixture.put_blocks().len(), fixture.retrying()), (1, 0), "sent once");
}

#[tokio::test]
async fn a_link_that_reads_takes_ids_of_the_length_that_is_there() {
    for length in [1, 2, 4, 19, 36, 64] {
        let fixture = TransferFixture::new().await;
        leave(&fixture, NAME, length).await;
        let bytes = content(2, 3 * MIB);
        let receipt = send(&fixture, &with_link(&fixture, "rw", &bytes)).await.unwrap();
        assert!(stored(&fixture, NAME) == bytes, "{length}");
        assert_eq!((receipt.blocks, receipt.integrity), (3, "crc64"));
        assert_eq!(id_lengths(&fixture, NAME).await, [length; 3]);
        assert_eq!(fixture.said("adapting to the length of their ids"), 1);
        assert!(fixture.journals().is_empty());
    }
}

#[tokio::test]
async fn ids_that_are_too_short_for_all_blocks_are_not_taken() {
    let fixture = TransferFixture::new().await;
    leave(&fixture, NAME, 1).await;
    let mut request = with_link(&fixture, "rw", &content(3, 257));
    request.options.block_size = Some(1);
    assert_eq!(send(&fixture, &request).await.unwrap_err().code(), Some("InvalidBlobOrBlock"));
}

#[tokio::test]
async fn an_upload_with_fitted_ids_resumes_with_them() {
    let fixture = TransferFixture::new().await;
    leave(&fixture, NAME, 36).await;
    let bytes = content(4, 4 * MIB);
    let request = with_link(&fixture, "rw", &bytes);
    // The first request is the one that tells the length.
    fixture.refuse(|rule| rule.query("comp=block&").nth(4));
    assert_eq!(send(&fixture, &request).await.unwrap_err().kind(), Kind::Forbidden);
    fixture.calm();
    let receipt = send(&fixture, &request).await.unwrap();
    assert!(stored(&fixture, NAME) == bytes);
    assert_eq!((blocks(&fixture), receipt.resumed_bytes), (vec![2, 3], 2 * MIB as u64));
    assert_eq!(id_lengths(&fixture, NAME).await, [36; 4]);
}

/// Our own blocks were dropped by the commit of another program, which has left some since.
#[tokio::test]
async fn an_upload_that_is_resumed_after_another_tool_is_fitted_or_told() {
    for permissions in ["w", "rw"] {
        let fixture = TransferFixture::new().await;
        let bytes = content(5, 4 * MIB);
        let request = with_link(&fixture, permissions, &bytes);
        fixture.refuse(|rule| rule.query("comp=block&").nth(3));
        assert_eq!(send(&fixture, &request).await.unwrap_err().kind(), Kind::Forbidden);
        fixture.calm();
        fixture.emulator.put_blob(CONTAINER, NAME, b"committed by another program").unwrap();
        leave(&fixture, NAME, 36).await;
        let outcome = send(&fixture, &request).await;
        if permissions == "w" {
            assert_eq!(outcome.unwrap_err().code(), Some("InvalidBlobOrBlock"));
        } else {
            assert_eq!(outcome.unwrap().resumed_bytes, 0);
            assert!(stored(&fixture, NAME) == bytes);
            assert_eq!(id_lengths(&fixture, NAME).await, [36; 4]);
        }
    }
}

#[tokio::test]
async fn of_several_packages_only_the_one_concerned_is_fitted() {
    let fixture = TransferFixture::new().await;
    let names = ["a.cms.app.1.nupkg", "b.cms.app.1.nupkg", "c.cms.app.1.nupkg"];
    leave(&fixture, names[1], 36).await;
    let contents = [content(6, 2 * MIB), content(7, 2 * MIB), content(8, 2 * MIB)];
    let mut request = with_link(&fixture, "rw", b"x");
    request.files = names.iter().zip(&contents).map(|(name, bytes)| named(&fixture.file(name, bytes), name)).collect();
    send_all(&fixture, &request).await.unwrap();
    for ((name, bytes), length) in names.iter().zip(&contents).zip([48, 36, 48]) {
        assert!(stored(&fixture, name) == *bytes, "{name}");
        assert_eq!(id_lengths(&fixture, name).await, [length; 2], "{name}");
    }
}
