//! The MD5 of whole files, made beside their transfer in a thread of its own.
//!
//! It reads the files itself, one after the other. For an upload it runs at most a bounded lead ahead of what is
//! acknowledged, so that a slow upload does not drive its blocks out of the page cache (transfer design, section 2.4),
//! and where it lags far behind that, no further block is begun ([`Leash`]). For a download it follows what has arrived,
//! and may lag as far as it likes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use tokio::sync::{oneshot, watch};

use super::PIECE;
use super::drive::Driver;
use super::md5::Md5;
use super::meter::Meter;
use super::pace::Pace;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::Phase;
use crate::base::readable::Readable;
use crate::base::threads;

/// How far it may read ahead of the acknowledged bytes of an upload.
pub(super) const LEAD: u64 = 256 * 1024 * 1024;

/// How far what is acknowledged of an upload may run ahead of the sum before no further block is begun. The sum is
/// needed at the end in any case, and where sending is faster, as on a fast network, both only fight for the
/// processors: a sum that had fallen behind made such uploads a third slower.
pub(super) const AHEAD: u64 = 16 * 1024 * 1024;

/// How often those who wait for the sum are told how far it is; less than [`AHEAD`], so that what is left untold of the
/// end holds nobody back.
const STEP: u64 = AHEAD / 4;

#[derive(Default)]
struct Frontier {
    /// Up to here, counted over all files, it may read.
    open: u64,
    stopped: bool,
}

type Shared = Arc<(Mutex<Frontier>, Condvar)>;

/// The running sums. Dropping it stops the thread.
pub(super) struct WholeMd5 {
    shared: Shared,
    length: u64,
    summed: watch::Receiver<u64>,
    counted: Counted,
    sums: oneshot::Receiver<Result<Vec<[u8; 16]>>>,
}

/// Holds blocks back while the sum is too far behind.
pub(super) struct Leash {
    summed: watch::Receiver<u64>,
    acknowledged: AtomicU64,
}

impl Leash {
    /// Waits until another block may be begun. The sum may always come as far as what is acknowledged, so this ends.
    pub(super) async fn next(&self) {
        let acknowledged = self.acknowledged.load(Ordering::Relaxed);
        // A sum that has failed holds nothing back; its error is told when it is asked for.
        drop(self.summed.clone().wait_for(|summed| acknowledged <= summed.saturating_add(AHEAD)).await);
    }

    /// So many more bytes of this run were acknowledged.
    pub(super) fn acknowledged(&self, bytes: u64) {
        self.acknowledged.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl WholeMd5 {
    /// Begins to sum; may read the first `lead` bytes at once.
    ///
    /// The thread is none of the runtime's: it waits for the transfer, which needs those.
    ///
    /// # Errors
    /// When there can be no further thread.
    pub(super) fn start(files: Vec<impl Readable>, lead: u64) -> Result<Self> {
        let (shared, counted) = (Shared::default(), Counted::default());
        change(&shared, |frontier| frontier.open = lead);
        let length = files.iter().map(Readable::length).sum();
        let (told, summed) = watch::channel(0);
        let (end, sums) = oneshot::channel();
        let (frontier, counting) = (Arc::clone(&shared), counted.clone());
        let work = move || {
            let mut read = |bytes, total| {
                counting.add(bytes);
                // Everybody who waits wakes up at each, so they are told now and then.
                told.send_if_modified(|known| {
                    let due = total >= *known + STEP;
                    if due {
                        *known = total;
                    }
                    due
                });
            };
            let mut summed = 0;
            let sums = files.iter().map(|file| sum(file, &mut summed, &frontier, &mut read)).collect();
            // A transfer that has ended otherwise does not listen.
            drop(end.send(sums));
        };
        let thread = threads::named("epicloud-md5").spawn(work);
        thread.map_err(|error| threads::refused("the checksum thread", &error))?;
        Ok(Self { shared, length, summed, counted, sums })
    }

    /// What holds blocks back that are sent meanwhile.
    pub(super) fn leash(&self) -> Leash {
        Leash { summed: self.summed.clone(), acknowledged: AtomicU64::new(0) }
    }

    /// It may read so many more bytes.
    pub(super) fn advance(&self, bytes: u64) {
        change(&self.shared, |frontier| frontier.open = frontier.open.saturating_add(bytes));
    }

    /// The sums, once every byte has been read. Tells how far it is, as nothing else moves any more.
    ///
    /// # Errors
    /// As reading the files, and `Cancelled`.
    pub(super) async fn finish(mut self, subject: &str, driver: Driver<'_>) -> Result<Vec<[u8; 16]>> {
        self.counted.tell(subject, self.length, driver);
        let sums = driver.cancel.run(&mut self.sums).await?;
        sums.map_err(|_| Error::new(Kind::Internal, "the checksum thread panicked"))?
    }
}

impl Drop for WholeMd5 {
    fn drop(&mut self) {
        change(&self.shared, |frontier| frontier.stopped = true);
    }
}

/// The bytes that were summed, told once nothing else moves any more.
#[derive(Clone, Default)]
struct Counted(Arc<Mutex<(u64, Option<Meter>)>>);

impl Counted {
    fn add(&self, bytes: u64) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.0 += bytes;
        if let Some(meter) = &counted.1 {
            meter.finished(bytes);
        }
    }

    fn tell(&self, subject: &str, length: u64, driver: Driver<'_>) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pieces = |bytes: u64| usize::try_from(bytes.div_ceil(PIECE as u64)).unwrap_or(usize::MAX);
        let (done, now) = (counted.0, driver.clock.monotonic());
        let pace = Pace::new(Phase::Verifying, subject, length, done, pieces(length), pieces(done), now);
        counted.1 = Some(Meter::start(pace, driver.clock, driver.sink));
    }
}

fn change(shared: &Shared, change: impl FnOnce(&mut Frontier)) {
    change(&mut shared.0.lock().unwrap_or_else(PoisonError::into_inner));
    shared.1.notify_all();
}

/// Reads and sums one file; `summed` counts the bytes of all, and `read` is told of each piece and of that.
fn sum(file: &impl Readable, summed: &mut u64, shared: &Shared, read: &mut impl FnMut(u64, u64)) -> Result<[u8; 16]> {
    let mut digest = Md5::new();
    let mut buffer = vec![0; PIECE];
    let mut offset = 0;
    while offset < file.length() {
        let length = usize::try_from(file.length() - offset).map_or(PIECE, |left| left.min(PIECE));
        {
            let frontier = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
            let end = *summed + length as u64;
            let wait = |frontier: &mut Frontier| !frontier.stopped && end > frontier.open;
            if shared.1.wait_while(frontier, wait).unwrap_or_else(PoisonError::into_inner).stopped {
                return Err(Error::cancelled());
            }
        }
        file.read_at(&mut buffer[..length], offset)?;
        digest.update(&buffer[..length]);
        offset += length as u64;
        *summed += length as u64;
        read(length as u64, *summed);
    }
    Ok(digest.finish())
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::mpsc;
    use std::time::Duration;

    use futures_util::FutureExt;

    use super::*;

    const ONE: u64 = PIECE as u64;

    /// What waits longer than this waits in vain.
    const MINUTE: Duration = Duration::from_secs(60);

    /// A file of zeros that tells its number at each reading, and cannot be read from `broken` on.
    struct Zeros {
        number: usize,
        length: u64,
        broken: u64,
        reads: mpsc::Sender<usize>,
    }

    impl Readable for Zeros {
        fn length(&self) -> u64 {
            self.length
        }

        fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
            // Nobody may listen any more.
            let _ = self.reads.send(self.number);
            buffer.fill(0);
            if offset < self.broken { Ok(()) } else { Err(Error::new(Kind::Io, "broken")) }
        }
    }

    /// The sum of files of these lengths, and the readings that it makes.
    fn start<const COUNT: usize>(lengths: [u64; COUNT], broken: u64, lead: u64) -> (WholeMd5, mpsc::Receiver<usize>) {
        let (reads, read) = mpsc::channel();
        let zeros = |(number, length)| Zeros { number, length, broken, reads: reads.clone() };
        let files = lengths.into_iter().enumerate().map(zeros).collect();
        (WholeMd5::start(files, lead).unwrap(), read)
    }

    fn goes(leash: &Leash) -> bool {
        leash.next().now_or_never().is_some()
    }

    /// The next block may be begun some time.
    async fn let_go(leash: &Leash) {
        tokio::time::timeout(MINUTE, leash.next()).await.unwrap();
    }

    #[test]
    fn a_block_is_held_back_while_the_sum_is_too_far_behind() {
        let (told, summed) = watch::channel(0);
        let leash = Leash { summed, acknowledged: AtomicU64::new(0) };
        assert!(goes(&leash));
        leash.acknowledged(AHEAD);
        assert!(goes(&leash), "as far as it may be");
        leash.acknowledged(1);
        assert!(!goes(&leash));
        told.send(1).unwrap();
        assert!(goes(&leash));
        leash.acknowledged(STEP);
        {
            let mut waiting = pin!(leash.next());
            assert!(waiting.as_mut().now_or_never().is_none());
            told.send(STEP).unwrap();
            assert!(waiting.as_mut().now_or_never().is_none(), "one byte is missing");
            told.send(STEP + 1).unwrap();
            assert!(waiting.now_or_never().is_some());
        }
        leash.acknowledged(10 * AHEAD);
        assert!(!goes(&leash));
        drop(told);
        assert!(goes(&leash), "a sum that has ended holds nothing back");
    }

    #[tokio::test]
    async fn a_sum_that_catches_up_lets_the_next_block_go() {
        let (whole, _reads) = start([3 * AHEAD], u64::MAX, 0);
        let leash = whole.leash();
        leash.acknowledged(AHEAD);
        for _ in 0..3 {
            assert!(goes(&leash));
            leash.acknowledged(STEP);
            assert!(!goes(&leash), "nothing more may be read");
            whole.advance(STEP);
            let_go(&leash).await;
        }
    }

    #[tokio::test]
    async fn a_sum_that_fails_lets_all_blocks_go_and_tells_why_at_the_end() {
        let (mut whole, _reads) = start([3 * AHEAD], ONE, 0);
        let leash = whole.leash();
        leash.acknowledged(3 * AHEAD);
        assert!(!goes(&leash));
        whole.advance(2 * ONE);
        let_go(&leash).await;
        let error = (&mut whole.sums).await.unwrap().unwrap_err();
        assert_eq!(error.message(), "broken");
    }

    #[tokio::test]
    async fn how_far_it_may_read_is_counted_over_all_files() {
        let (mut whole, reads) = start([2 * ONE, ONE - 1, 3 * ONE], u64::MAX, 4 * ONE - 1);
        let next = || reads.recv_timeout(MINUTE).unwrap();
        assert_eq!([next(), next(), next(), next()], [0, 0, 1, 2]);
        for _ in 0..2 {
            // One that counted for each file alone would have gone on before another, begun later, is through.
            let (mut other, _reads) = start([100 * ONE], u64::MAX, u64::MAX);
            (&mut other.sums).await.unwrap().unwrap();
            assert_eq!(reads.try_recv(), Err(mpsc::TryRecvError::Empty));
            whole.advance(ONE);
            assert_eq!(next(), 2);
        }
        assert_eq!((&mut whole.sums).await.unwrap().unwrap().len(), 3);
    }

    #[test]
    fn a_sum_that_nobody_waits_for_any_more_ends() {
        let (whole, reads) = start([2 * ONE], u64::MAX, ONE);
        assert_eq!(reads.recv_timeout(MINUTE), Ok(0));
        drop(whole);
        // The files go with the thread.
        assert_eq!(reads.recv_timeout(MINUTE), Err(mpsc::RecvTimeoutError::Disconnected));
    }
}
