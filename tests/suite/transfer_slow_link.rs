//! A link of 3.5 Mbit/s, on which the read time-outs of others fail: nothing is repeated, however long it takes.
//!
//! The time is that of the link alone: it passes by as much as the bytes need that are moved.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use epicloud::base::event::Phase;
use epicloud::base::time::Clock;
use epicloud::transfer::download::{Download, DownloadOptions};
use epicloud::transfer::upload::{Upload, UploadOptions};
use epicloud_emulator::{Config, Emulator};

use super::transfer_fixture::{MIB, TransferFixture, download, link, receive, send, upload};
use super::virtual_time::TestClock;
use super::wires::{BareStore, SlowLink};

/// Bytes per second.
const RATE: f64 = 3.5e6 / 8.0;

async fn fixture() -> TransferFixture {
    TransferFixture::around(Emulator::start(Config::default()).await.unwrap(), TestClock::by_hand())
}

/// A file of holes.
fn file(fixture: &TransferFixture, size: usize) -> PathBuf {
    let path = fixture.path("large");
    std::fs::File::create(&path).unwrap().set_len(size as u64).unwrap();
    path
}

/// The time that so many bytes take, and a little more for heads and the block list.
fn assert_took(clock: &Arc<TestClock>, bytes: usize) {
    let (took, least) = (clock.monotonic(), Duration::from_secs_f64(bytes as f64 / RATE));
    assert!(took >= least && took < least.mul_f64(1.05), "{took:?} instead of {least:?}");
}

#[tokio::test]
async fn an_upload_by_default_settles_on_few_streams_and_repeats_nothing() {
    let fixture = fixture().await;
    let store = BareStore::behind(SlowLink::new(&fixture.clock, RATE, 4096), 0, 0).await;
    let container = link(&store.container());
    // Some twice the streams that it begins with are begun before the first round tells anything.
    let options = UploadOptions { block_size: Some(MIB as u64), ..UploadOptions::default() };
    let request = Upload { container, options, ..upload(&fixture, &file(&fixture, 128 * MIB)) };
    let receipt = send(&fixture, &request).await.unwrap();
    assert_eq!((receipt.blocks, receipt.retries, fixture.retrying()), (128, 0, 0));
    assert_took(&fixture.clock, 128 * MIB);
    let widths = store.widths();
    assert_eq!(widths.len(), 128 + 1, "each block once, and their list");
    // The blob storage sees the end of a request a moment after it has answered it.
    assert!(widths.iter().all(|width| *width < 36), "it never grows: {widths:?}");
    assert!(widths[96..].iter().all(|width| *width <= 2), "two streams are enough for it: {widths:?}");

    let figures: Vec<_> = fixture.progress().into_iter().filter(|one| one.phase == Phase::Uploading).collect();
    let late = &figures[figures.len() / 2];
    let (rate, left) =
        (late.bytes_per_second.unwrap() as f64, (late.bytes_total.unwrap() - late.bytes_done.unwrap()) as f64);
    assert!((rate / RATE - 1.0).abs() < 0.5, "{late:?}");
    assert!((late.eta_ms.unwrap() as f64 / 1000.0 / (left / rate) - 1.0).abs() < 0.01, "{late:?}");
}

/// The case on which a read time-out fails: all of it is in the sockets at once, and the link needs minutes for it.
#[tokio::test]
async fn a_package_of_64_mib_arrives_by_default_and_repeats_nothing() {
    let fixture = fixture().await;
    let store = BareStore::behind(SlowLink::new(&fixture.clock, RATE, 4096), 0, 0).await;
    let container = link(&store.container());
    let request =
        Upload { container, options: UploadOptions::default(), ..upload(&fixture, &file(&fixture, 64 * MIB)) };
    let receipt = send(&fixture, &request).await.unwrap();
    assert_eq!((receipt.blocks, receipt.retries, fixture.retrying()), (64, 0, 0));
    assert_took(&fixture.clock, 64 * MIB);
}

/// All blocks are on their way at the same time: after the last byte has been handed to the connection, the answer comes
/// ten minutes later.
#[tokio::test]
async fn an_upload_on_64_streams_repeats_nothing_either() {
    let fixture = fixture().await;
    let store = BareStore::behind(SlowLink::new(&fixture.clock, RATE, 16 * 1024), 0, 64).await;
    let options = UploadOptions { streams: Some(64), block_size: Some(4 * MIB as u64), ..UploadOptions::default() };
    let request =
        Upload { container: link(&store.container()), options, ..upload(&fixture, &file(&fixture, 256 * MIB)) };
    let receipt = send(&fixture, &request).await.unwrap();
    assert_eq!(
        (receipt.blocks, receipt.retries, fixture.retrying()),
        (64, 0, 0),
        "{:?}",
        fixture.events.events().last()
    );
    assert_took(&fixture.clock, 256 * MIB);
    assert_eq!(store.widths().into_iter().max(), Some(64));
}

#[tokio::test]
async fn a_download_by_default_repeats_nothing() {
    let fixture = fixture().await;
    let store = BareStore::behind(SlowLink::new(&fixture.clock, RATE, 4096), 64 * MIB as u64, 0).await;
    let options = DownloadOptions::default();
    let request = Download { link: link(&store.blob()), options, ..download(&fixture, &fixture.path("db")) };
    let receipt = receive(&fixture, &request).await.unwrap();
    assert_eq!((receipt.bytes, receipt.retries, fixture.retrying()), (64 * MIB as u64, 0, 0));
    assert_took(&fixture.clock, 64 * MIB);
}
