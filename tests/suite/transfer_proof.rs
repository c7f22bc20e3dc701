//! What a blob storage keeps is compared with what was sent, by the sum that it answers with; what it does not confirm
//! is not told as verified.

use epicloud::base::error::{Kind, Retry};
use epicloud::transfer::upload::{Integrity, Upload};
use epicloud_emulator::{Effect, Recorded, Rule};

use super::transfer_fixture::{CONTAINER, MIB, NAME, TransferFixture, blocks, content, send, stored, upload};

const SILENT: Effect = Effect::IgnoreChecksums { silent: true };
const DEAF: Effect = Effect::IgnoreChecksums { silent: false };
const DAMAGE: Effect = Effect::FlipSentByte { offset: 77_777 };

/// An upload of four blocks, one after the other.
fn four(fixture: &TransferFixture, integrity: Integrity) -> (Vec<u8>, Upload) {
    let bytes = content(1, 4 * MIB);
    let mut request = upload(fixture, &fixture.file("p", &bytes));
    (request.options.streams, request.options.integrity) = (Some(1), integrity);
    (bytes, request)
}

/// Which blocks carried a Content-MD5, in the order in which they were sent.
fn with_md5(blocks: &[Recorded]) -> Vec<bool> {
    blocks.iter().map(|block| block.header("content-md5").is_some()).collect()
}

#[tokio::test]
async fn a_damaged_block_that_the_store_does_not_refuse_is_sent_again() {
    for (integrity, word) in
        [(Integrity::Auto, "crc64"), (Integrity::Crc64, "crc64"), (Integrity::ContentMd5, "contentMd5")]
    {
        let fixture = TransferFixture::new().await;
        for effect in [DEAF, DAMAGE] {
            fixture.emulator.faults().add(Rule::new(effect).query("comp=block&").nth(2));
        }
        let (bytes, request) = four(&fixture, integrity);
        let receipt = send(&fixture, &request).await.unwrap();
        assert!(stored(&fixture, NAME) == bytes);
        assert_eq!(
            (receipt.integrity, receipt.retries, blocks(&fixture)),
            (word, 1, vec![0, 1, 1, 2, 3]),
            "{integrity:?}"
        );
        assert_eq!(fixture.put_blocks()[1].status, Some(201), "it was kept");
    }
}

#[tokio::test]
async fn a_block_that_is_always_kept_damaged_ends_the_upload() {
    let fixture = TransferFixture::new().await;
    for effect in [DEAF, DAMAGE] {
        fixture.emulator.faults().add(Rule::new(effect).query("blockid=AQAA"));
    }
    let (_, request) = four(&fixture, Integrity::Auto);
    let error = send(&fixture, &request).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (Kind::Integrity, Retry::Exhausted), "{error}");
    assert_eq!(error.to_string(), format!("the blob storage reports a checksum mismatch for '{NAME}'"));
    assert!(error.next_step().is_some());
    assert!(fixture.commits().is_empty() && fixture.emulator.blob(CONTAINER, NAME).is_none_or(|blob| !blob.committed));
}

/// A checksum that did not reach the blob storage is as good as one of its own.
#[tokio::test]
async fn a_sum_that_the_store_computed_unasked_is_a_proof() {
    for integrity in [Integrity::Auto, Integrity::ContentMd5] {
        let fixture = TransferFixture::new().await;
        fixture.emulator.faults().add(Rule::new(DEAF).query("comp=block&"));
        let (bytes, request) = four(&fixture, integrity);
        let receipt = send(&fixture, &request).await.unwrap();
        assert!(stored(&fixture, NAME) == bytes);
        assert_eq!((receipt.integrity, blocks(&fixture)), ("crc64", vec![0, 1, 2, 3]), "{integrity:?}");
    }
}

#[tokio::test]
async fn a_store_that_ignores_crc64_gets_content_md5_and_what_it_had_before_once_more() {
    let fixture = TransferFixture::new().await;
    // The second block is damaged, and nobody would say so.
    for effect in [SILENT, DAMAGE] {
        fixture.emulator.faults().add(Rule::new(effect).query("comp=block&").nth(2));
    }
    let (bytes, request) = four(&fixture, Integrity::Auto);
    let receipt = send(&fixture, &request).await.unwrap();
    assert!(stored(&fixture, NAME) == bytes);
    assert_eq!((receipt.integrity, receipt.retries, blocks(&fixture)), ("contentMd5", 0, vec![0, 1, 1, 2, 3]));
    assert_eq!(with_md5(&fixture.put_blocks()), [false, false, true, true, true]);
    assert_eq!(fixture.said("does not confirm CRC-64"), 1);
    assert_eq!(fixture.said("not verified"), 0);
}

#[tokio::test]
async fn blocks_that_nothing_confirms_are_not_told_as_verified() {
    for (integrity, expected) in [
        (Integrity::Auto, vec![0, 0, 1, 2, 3]),
        (Integrity::Crc64, vec![0, 1, 2, 3]),
        (Integrity::ContentMd5, vec![0, 1, 2, 3]),
    ] {
        let fixture = TransferFixture::new().await;
        fixture.emulator.faults().add(Rule::new(SILENT).query("comp=block&"));
        let (bytes, request) = four(&fixture, integrity);
        let receipt = send(&fixture, &request).await.unwrap();
        assert!(stored(&fixture, NAME) == bytes);
        assert_eq!((receipt.integrity, blocks(&fixture)), ("unverified", expected), "{integrity:?}");
        assert_eq!(fixture.said("the upload is not verified"), 1, "{integrity:?}");
    }
}

/// As where several proxies share the work, and one of them takes the headers away.
#[tokio::test]
async fn one_block_without_a_proof_is_enough() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.faults().add(Rule::new(SILENT).query("comp=block&").every(2));
    let (bytes, request) = four(&fixture, Integrity::Auto);
    let receipt = send(&fixture, &request).await.unwrap();
    assert!(stored(&fixture, NAME) == bytes);
    assert_eq!(with_md5(&fixture.put_blocks()), [false, false, true, true, true]);
    assert_eq!(receipt.integrity, "unverified");
}

#[tokio::test]
async fn a_resumed_upload_knows_what_was_proven_of_the_blocks_before() {
    for (silent, word) in [(false, "crc64"), (true, "unverified")] {
        let fixture = TransferFixture::new().await;
        let (bytes, mut request) = four(&fixture, Integrity::Crc64);
        if silent {
            fixture.emulator.faults().add(Rule::new(SILENT).query("comp=block&"));
        }
        fixture.refuse(|rule| rule.query("comp=block&").nth(3));
        assert_eq!(send(&fixture, &request).await.unwrap_err().kind(), Kind::Forbidden);
        fixture.calm();
        request.options.integrity = Integrity::Auto;
        let receipt = send(&fixture, &request).await.unwrap();
        assert!(stored(&fixture, NAME) == bytes);
        assert_eq!((receipt.integrity, receipt.resumed_bytes), (word, 2 * MIB as u64), "{silent}");
        assert_eq!(blocks(&fixture), [2, 3], "{silent}");
    }
}
