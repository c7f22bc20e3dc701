//! The parts of the transfer engine, each alone: what a byte and what a block costs before any network.

#![expect(clippy::unwrap_used, reason = "a bench that cannot set up its subject has failed")]

use std::hint::black_box;
use std::io::Write;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use epicloud::micro;

const MIB: usize = 1024 * 1024;

fn sums(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sums");
    for size in [128 * 1024, 8 * MIB] {
        let bytes: Vec<u8> = (0..size).map(|index| (index * 31 % 251) as u8).collect();
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_with_input(BenchmarkId::new("CRC-64", size), &bytes, |bencher, bytes| {
            bencher.iter(|| micro::crc64(black_box(bytes)));
        });
        group.bench_with_input(BenchmarkId::new("MD5", size), &bytes, |bencher, bytes| {
            bencher.iter(|| micro::md5(black_box(bytes)));
        });
    }
    group.finish();
}

/// The body of a block, read to its end: the file lies in the page cache, so what is measured is our way of reading it.
fn body(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&vec![7; 8 * MIB]).unwrap();
    let body = micro::BlockBody::open(file.path()).unwrap();
    let mut group = criterion.benchmark_group("body");
    group.throughput(Throughput::Bytes(8 * MIB as u64));
    group.bench_function("polling", |bencher| {
        bencher.iter(|| assert_eq!(runtime.block_on(body.drain()).unwrap(), 8 * MIB as u64));
    });
    group.bench_function("checksum", |bencher| bencher.iter(|| body.sum().unwrap()));
    group.finish();
}

fn plan(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    for total in [64 * MIB as u64, 400_000 * MIB as u64] {
        group.bench_with_input(BenchmarkId::new("blocks", total / MIB as u64), &total, |bencher, total| {
            bencher.iter(|| micro::plan(black_box(*total)).unwrap());
        });
    }
    for streams in [1, 64] {
        group.bench_with_input(BenchmarkId::new("schedule", streams), &streams, |bencher, streams| {
            bencher.iter(|| micro::schedule(black_box(10_000), *streams));
        });
    }
    group.finish();
}

fn block_list(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("block list");
    for count in [128, 50_000] {
        group.bench_with_input(BenchmarkId::new("XML", count), &count, |bencher, count| {
            bencher.iter(|| micro::block_list_xml(black_box(*count)).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, sums, body, plan, block_list);
criterion_main!(benches);
