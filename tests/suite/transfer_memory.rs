//! How much memory a transfer takes, whatever the size of the file, its blocks and parts: the ceilings of the transfer
//! design, section 5, for a process of its own.

#![cfg(target_os = "linux")]

use std::path::Path;

use super::transfer_child::{Child, Running};
use super::transfer_fixture::link;
use super::virtual_time::until;
use super::wires::BareStore;

const MIB: u64 = 1024 * 1024;

/// The most memory that a process had resident so far, in KiB.
fn peak(child: &Running) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

/// Waits for a child process to end well, and gives the most memory it had resident.
async fn peak_memory(mut child: Running) -> u64 {
    let (mut most, mut ended) = (0, None);
    until("the end of the child", || {
        most = most.max(peak(&child));
        ended = child.ended();
        ended.is_some()
    })
    .await;
    assert!(ended.is_some_and(|ended| ended.success()));
    most
}

#[expect(clippy::print_stdout, reason = "the figure is the point of the test")]
fn assert_below(most: u64, limit_mib: u64) {
    println!("peak resident memory {most} KiB");
    assert!(most > 0 && most < limit_mib * 1024, "{most} KiB");
}

async fn peak_of_an_upload(size: u64, streams: usize, block: u64) -> u64 {
    let (store, folder) = (BareStore::start(0).await, tempfile::tempdir().unwrap());
    let (file, container) = (folder.path().join("large"), link(&store.container()));
    std::fs::File::create(&file).unwrap().set_len(size).unwrap();
    let most = peak_memory(Child { streams, piece: block, ..Child::uploading(&container, &file) }.spawn()).await;
    assert!(store.swallowed() > size, "all blocks and their list");
    most
}

async fn peak_of_a_download(size: u64, streams: usize, part: u64) -> u64 {
    let (store, folder) = (BareStore::start(size).await, tempfile::tempdir().unwrap());
    let (target, blob) = (folder.path().join("large"), link(&store.blob()));
    let most = peak_memory(Child { streams, piece: part, ..Child::downloading(&blob, &target) }.spawn()).await;
    assert_eq!(target.metadata().unwrap().len(), size);
    most
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_on_eight_streams() {
    assert_below(peak_of_an_upload(512 * MIB, 8, 8 * MIB).await, 48);
}

/// With all 64 blocks on their way at the same time, each for some time. The rest of the 6 GiB is not waited for, and
/// the file is one of holes, which in memory costs nothing to read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_on_64_streams_with_blocks_of_100_mib() {
    let in_memory = Path::new("/dev/shm");
    let place = if in_memory.is_dir() { in_memory.to_owned() } else { std::env::temp_dir() };
    let (store, folder) = (BareStore::of_many_at_once(64).await, tempfile::tempdir_in(place).unwrap());
    let (file, container) = (folder.path().join("large"), link(&store.container()));
    std::fs::File::create(&file).unwrap().set_len(64 * 100 * MIB).unwrap();
    let mut child = Child { streams: 64, piece: 100 * MIB, ..Child::uploading(&container, &file) }.spawn();
    until("a part of all blocks", || {
        assert!(child.ended().is_none(), "the child must not end");
        store.swallowed() > 512 * MIB
    })
    .await;
    let most = peak(&child);
    child.kill();
    assert_below(most, 96);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_on_eight_streams() {
    assert_below(peak_of_a_download(512 * MIB, 8, 8 * MIB).await, 48);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_on_64_streams_with_large_parts() {
    assert_below(peak_of_a_download(512 * MIB, 64, 32 * MIB).await, 96);
}
