//! One try of one block of an upload: summed, sent, written down. It is not repeated here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::blocking::{Busy, blocking, busily};
use super::buffers::Buffers;
use super::integrity::{Mode, Proof, Sums};
use super::journal::Claim;
use super::links::Links;
use super::meter::Meter;
use super::package::Package;
use super::plan::Piece;
use super::resume::untakeable;
use super::stall::Pulse;
use super::whole::Leash;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Event, Sink};
use crate::base::time::Clock;
use crate::blob::block::BlockId;
use crate::blob::client::Blob;
use crate::blob::{damaged, is_unknown_checksum};

/// Blocks that are summed at a time. Summing is as fast as reading; more would only fight for the processor and its cache.
const SUMMING: usize = 2;

/// What the blocks of one upload have in common.
pub(super) struct Sending {
    pub(super) links: Arc<Links>,
    pub(super) checksums: Checksums,
    pub(super) meter: Meter,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sink: Arc<dyn Sink>,
    /// Keeps the blocks near the sum of the whole files, if that is made.
    leash: Option<Leash>,
    /// Held while a journal is written.
    pub(super) busy: Busy,
    buffers: Buffers,
    summing: Arc<Semaphore>,
}

impl Sending {
    pub(super) fn new(
        links: Arc<Links>,
        checksums: Checksums,
        meter: Meter,
        leash: Option<Leash>,
        clock: &Arc<dyn Clock>,
        sink: &Arc<dyn Sink>,
    ) -> Self {
        let (clock, sink, busy) = (Arc::clone(clock), Arc::clone(sink), Busy::default());
        let (buffers, summing) = (Buffers::default(), Arc::new(Semaphore::new(SUMMING)));
        Self { links, checksums, meter, clock, sink, leash, busy, buffers, summing }
    }

    /// Sends one block of a package.
    pub(super) async fn send(&self, package: &Arc<Package>, index: usize) -> Result<()> {
        if let Some(leash) = &self.leash {
            leash.next().await;
        }
        let mode = self.checksums.mode();
        let text = match self.send_as(package, index, mode).await {
            Err(error) if is_unknown_checksum(&error) && self.checksums.leave(mode) => {
                "the blob storage does not support CRC-64 checksums; continuing with Content-MD5"
            }
            Ok(true) => return Ok(()),
            Err(error) => return Err(error),
            Ok(false) => "the blob storage does not confirm CRC-64 checksums; continuing with Content-MD5",
        };
        if self.checksums.left_now() {
            self.sink.event(Event::verbose(text));
        }
        self.send_as(package, index, Mode::ContentMd5).await.map(drop)
    }

    /// Makes the blocks of the package that is number `number` its blob.
    pub(super) async fn commit(&self, number: usize, ids: &[BlockId], md5: Option<[u8; 16]>) -> Result<()> {
        let commit = |blob: Blob| async move { Pulse::new(&self.clock).watch(blob.commit(ids, md5, &self.sink)).await };
        self.links.call(number, commit).await
    }

    /// Sends a block with this checksum. `false` when that has proven nothing and there is another one to send it with.
    async fn send_as(&self, package: &Arc<Package>, index: usize, mode: Mode) -> Result<bool> {
        self.links
            .call(package.number, |blob| async move {
                // Waiting for one's turn is no silence.
                let waited = Arc::clone(&self.summing).acquire_owned().await;
                let turn = waited.map_err(|_| Error::new(Kind::Internal, "the turn to read was closed"))?;
                let pulse = Pulse::new(&self.clock);
                let staged = self.stage(&blob, package, index, mode, turn, &pulse);
                pulse.watch_sending(staged, || self.meter.grace()).await
            })
            .await
    }

    async fn stage(
        &self,
        blob: &Blob,
        package: &Arc<Package>,
        index: usize,
        mode: Mode,
        turn: OwnedSemaphorePermit,
        pulse: &Pulse,
    ) -> Result<bool> {
        let piece = package.plan.piece(index);
        let sums = self.sum(package, piece, mode, turn, pulse).await?;
        if !package.keep(index, sums.crc64) {
            return Err(package.source.changed());
        }
        let flight = self.meter.flight();
        let (meter, beating, moving) = (self.meter.clone(), pulse.clone(), flight.clone());
        let body = package.source.body(piece, &self.buffers, move |bytes, last| {
            moving.moved(bytes);
            if last {
                beating.handed_over(meter.grace());
            } else {
                beating.beat();
            }
        });
        let kept = blob.stage_block(&package.id(index), piece.length, body, sums.checksum, &self.sink).await?;
        let Some(proof) = sums.proof(kept) else {
            return Err(damaged(format!("the blob storage reports a checksum mismatch for '{}'", package.name)));
        };
        if proof == Proof::None {
            if self.checksums.leave(mode) {
                return Ok(false);
            }
            if self.checksums.unproven_now() {
                self.sink
                    .event(Event::info("the blob storage does not confirm checksums, so the upload is not verified"));
            }
        }
        flight.landed(piece.length);
        if let Some(leash) = &self.leash {
            leash.acknowledged(piece.length);
        }
        let (package, claim) = (Arc::clone(package), Claim { crc64: sums.crc64, proof });
        if let Some(error) = busily(&self.busy, move || Ok(package.record(index, claim))).await? {
            self.sink.event(untakeable(error));
        }
        Ok(true)
    }

    async fn sum(
        &self,
        package: &Package,
        piece: Piece,
        mode: Mode,
        turn: OwnedSemaphorePermit,
        pulse: &Pulse,
    ) -> Result<Sums> {
        // The file alone: a sum that outlives its upload must not keep the journal.
        let (source, buffers, pulse) = (package.source.clone(), self.buffers.clone(), pulse.clone());
        blocking(move || {
            // Held until the reading ends, also when nobody waits for it any more.
            let _turn = turn;
            source.sums(piece, mode, &buffers, || pulse.beat())
        })
        .await
    }
}

/// The checksum that the blocks of an upload carry.
pub(super) struct Checksums {
    content_md5: AtomicBool,
    may_leave: bool,
    announced: AtomicBool,
    announced_unproven: AtomicBool,
}

impl Checksums {
    /// Begins with `mode`; `may_leave` permits to change to Content-MD5 where CRC-64 is not understood or ignored.
    pub(super) fn new(mode: Mode, may_leave: bool) -> Self {
        let (content_md5, announced, announced_unproven) =
            (AtomicBool::new(mode == Mode::ContentMd5), AtomicBool::new(false), AtomicBool::new(false));
        Self { content_md5, may_leave, announced, announced_unproven }
    }

    pub(super) fn mode(&self) -> Mode {
        if self.content_md5.load(Ordering::SeqCst) { Mode::ContentMd5 } else { Mode::Crc64 }
    }

    /// Changes to Content-MD5 for all that follows, because a block with `mode` was not understood or confirmed. `false`
    /// when that is not permitted or CRC-64 was not the cause.
    fn leave(&self, mode: Mode) -> bool {
        let leaves = self.may_leave && mode == Mode::Crc64;
        if leaves {
            self.content_md5.store(true, Ordering::SeqCst);
        }
        leaves
    }

    /// Whether this is the first to ask since it was left.
    fn left_now(&self) -> bool {
        !self.announced.swap(true, Ordering::SeqCst)
    }

    /// Whether this is the first block that nothing proves.
    fn unproven_now(&self) -> bool {
        !self.announced_unproven.swap(true, Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use epicloud_emulator::{Config, Emulator, LinkScheme};

    use super::super::journal::Claims;
    use super::super::order::Order;
    use super::super::package::{Cut, Taken};
    use super::super::plan::Plan;
    use super::super::source::Source;
    use super::super::whole::{AHEAD, WholeMd5};
    use super::*;
    use crate::base::event::Silent;
    use crate::base::secret::SafeUrl;
    use crate::blob::block::ID_BYTES;
    use crate::blob::client::Store;
    use crate::transport::http::Http;
    use crate::transport::machine::SystemClock;

    /// A package of four blocks, each half as long as what is acknowledged may run ahead of the sum.
    fn four_blocks(folder: &std::path::Path) -> Arc<Package> {
        let path = folder.join("p");
        std::fs::File::create(&path).unwrap().set_len(2 * AHEAD).unwrap();
        let source = Source::open(&path).unwrap();
        let plan = Plan::upload(source.length(), Some(AHEAD / 2), u64::MAX).unwrap();
        let cut = Cut { number: 0, name: "p".to_owned(), blob: String::new(), source, plan };
        let taken = Taken { upload_id: uuid::Uuid::nil(), id_bytes: ID_BYTES, claims: Claims::new(), ledger: None };
        Arc::new(Package::new(cut, taken, BTreeSet::new()))
    }

    #[tokio::test]
    async fn a_block_waits_while_the_sum_is_far_behind_what_was_sent() {
        let emulator = Emulator::start(Config { link_scheme: LinkScheme::Http, ..Config::default() }).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let package = four_blocks(folder.path());
        let (clock, sink): (Arc<dyn Clock>, Arc<dyn Sink>) = (Arc::new(SystemClock::default()), Arc::new(Silent));
        let store = Store::new(Http::new(None, Arc::clone(&clock)).unwrap());
        let container = SafeUrl::parse("link", &emulator.package_link("w", Duration::from_secs(3600))).unwrap();
        let links =
            Links::new(&container, None, &clock, &sink, move |link| Ok(vec![store.blob(&link.join_segment("p"))?]))
                .unwrap();
        // A sum that may not read anything yet.
        let whole = WholeMd5::start(vec![package.source.clone()], 0).unwrap();
        let packages = [Arc::clone(&package)];
        let meter = Meter::start(Order::new(&packages).pace(clock.monotonic()), &clock, &sink);
        let checksums = Checksums::new(Mode::Crc64, true);
        let sending = Sending::new(links, checksums, meter, Some(whole.leash()), &clock, &sink);
        for index in 0..3 {
            sending.send(&package, index).await.unwrap();
        }
        let mut last = std::pin::pin!(sending.send(&package, 3));
        tokio::select! {
            biased;
            sent = &mut last => panic!("it did not wait: {sent:?}"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(sending.summing.available_permits(), SUMMING, "it is not even read");
        whole.advance(AHEAD / 2);
        last.await.unwrap();
        assert_eq!(emulator.requests().len(), 4);
    }

    #[test]
    fn the_checksum_changes_once_and_only_where_it_was_the_cause() {
        let checksums = Checksums::new(Mode::Crc64, true);
        assert_eq!(checksums.mode(), Mode::Crc64);
        assert!(checksums.leave(Mode::Crc64) && checksums.mode() == Mode::ContentMd5);
        assert!(checksums.left_now() && !checksums.left_now());
        assert!(!checksums.leave(Mode::ContentMd5), "Content-MD5 was not understood either: an error");
        assert!(checksums.leave(Mode::Crc64), "another block, begun before");
        let fixed = Checksums::new(Mode::Crc64, false);
        assert!(!fixed.leave(Mode::Crc64) && fixed.mode() == Mode::Crc64);
    }
}
