//! The MD5 of whole files, made beside their transfer in a thread of its own.
//!
//! It reads the files itself, one after the other. For an upload it runs at most a bounded lead ahead of what is
//! acknowledged, so that a slow upload does not drive its blocks out of the page cache (transfer design, section 2.4),
//! and where it lags far behind that, no further block is begun ([`Md5Backpressure`]). For a download it follows what has arrived,
//! and may lag as far as it likes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use tokio::sync::{oneshot, watch};

use super::md5::Md5;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::Phase;
use crate::base::readable::Readable;
use crate::base::threads;
use crate::transfer::progress::meter::Meter;
use crate::transfer::progress::rate::TransferFigures;
use crate::transfer::schedule::plan::CHUNK_SIZE;
use crate::transfer::schedule::runner::Runner;

/// How far it may read ahead of the acknowledged bytes of an upload.
pub(crate) const MAX_LEAD: u64 = 256 * 1024 * 1024;

/// How far what is acknowledged of an upload may run ahead of the sum before no further block is begun. The sum is
/// needed at the end in any case, and where sending is faster, as on a fast network, both only fight for the
/// processors: a sum that had fallen behind made such uploads a third slower.
pub(crate) const MAX_LAG: u64 = 16 * 1024 * 1024;

/// How often those who wait for the sum are told how far it is; less than [`MAX_LAG`], so that what is left untold of the
/// end holds nobody back.
const STEP: u64 = MAX_LAG / 4;

#[derive(Default)]
struct ReadLimit {
    /// Up to here, counted over all files, it may read.
    open: u64,
    stopped: bool,
}

type Shared = Arc<(Mutex<ReadLimit>, Condvar)>;

/// The running sums. Dropping it stops the thread.
pub(crate) struct FileMd5 {
    shared: Shared,
    length: u64,
    summed: watch::Receiver<u64>,
    counted: HashedBytes,
    digests: oneshot::Receiver<Result<Vec<[u8; 16]>>>,
}

/// Holds blocks back while the sum is too far behind.
pub(crate) struct Md5Backpressure {
    summed: watch::Receiver<u64>,
    acknowledged: AtomicU64,
}

impl Md5Backpressure {
    /// Waits until another block may be begun. The sum may always come as far as what is acknowledged, so this ends.
    pub(crate) async fn next(&self) {
        let acknowledged = self.acknowledged.load(Ordering::Relaxed);
        // A sum that has failed holds nothing back; its error is told when it is asked for.
        drop(self.summed.clone().wait_for(|summed| acknowledged <= summed.saturating_add(MAX_LAG)).await);
    }

    /// So many more bytes of this run were acknowledged.
    pub(crate) fn acknowledged(&self, bytes: u64) {
        self.acknowledged.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl FileMd5 {
    /// Begins to sum; may read the first `lead` bytes at once.
    ///
    /// The thread is none of the runtime's: it waits for the transfer, which needs those.
    ///
    /// # Errors
    /// When there can be no further thread.
    pub(crate) fn start(files: Vec<impl Readable>, lead: u64) -> Result<Self> {
        let (shared, counted) = (Shared::default(), HashedBytes::default());
        change(&shared, |limit| limit.open = lead);
        let length = files.iter().map(Readable::length).sum();
        let (told, summed) = watch::channel(0);
        let (end, digests) = oneshot::channel();
        let (limit, counting) = (Arc::clone(&shared), counted.clone());
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
            let digests = files.iter().map(|file| sum(file, &mut summed, &limit, &mut read)).collect();
            // A transfer that has ended otherwise does not listen.
            drop(end.send(digests));
        };
        let thread = threads::named("epicloud-md5").spawn(work);
        thread.map_err(|error| threads::refused("the checksum thread", &error))?;
        Ok(Self { shared, length, summed, counted, digests })
    }

    /// What holds blocks back that are sent meanwhile.
    pub(crate) fn backpressure(&self) -> Md5Backpressure {
        Md5Backpressure { summed: self.summed.clone(), acknowledged: AtomicU64::new(0) }
    }

    /// It may read so many more bytes.
    pub(crate) fn advance(&self, bytes: u64) {
        change(&self.shared, |limit| limit.open = limit.open.saturating_add(bytes));
    }

    /// The sums, once every byte has been read. Tells how far it is, as nothing else moves any more.
    ///
    /// # Errors
    /// As reading the files, and `Cancelled`.
    pub(crate) async fn finish(mut self, subject: &str, runner: Runner<'_>) -> Result<Vec<[u8; 16]>> {
        self.counted.tell(subject, self.length, runner);
        let digests = runner.cancel.run(&mut self.digests).await?;
        digests.map_err(|_| Error::new(Kind::Internal, "the checksum thread panicked"))?
    }
}

impl Drop for FileMd5 {
    fn drop(&mut self) {
        change(&self.shared, |limit| limit.stopped = true);
    }
}

/// The bytes that were summed, told once nothing else moves any more.
#[derive(Clone, Default)]
struct HashedBytes(Arc<Mutex<(u64, Option<Meter>)>>);

impl HashedBytes {
    fn add(&self, bytes: u64) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.0 += bytes;
        if let Some(meter) = &counted.1 {
            meter.finished(bytes);
        }
    }

    fn tell(&self, subject: &str, length: u64, runner: Runner<'_>) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pieces = |bytes: u64| usize::try_from(bytes.div_ceil(CHUNK_SIZE as u64)).unwrap_or(usize::MAX);
        let (done, now) = (counted.0, runner.clock.monotonic());
        let figures = TransferFigures::new(Phase::Verifying, subject, length, done, pieces(length), pieces(done), now);
        counted.1 = Some(Meter::start(figures, runner.clock, runner.sink));
    }
}

fn change(shared: &Shared, change: impl FnOnce(&mut ReadLimit)) {
    change(&mut shared.0.lock().unwrap_or_else(PoisonError::into_inner));
    shared.1.notify_all();
}

/// Reads and sums one file; `summed` counts the bytes of all, and `read` is told of each piece and of that.
fn sum(file: &impl Readable, summed: &mut u64, shared: &Shared, read: &mut impl FnMut(u64, u64)) -> Result<[u8; 16]> {
    let mut digest = Md5::new();
    let mut buffer = vec![0; CHUNK_SIZE];
    let mut offset = 0;
    while offset < file.length() {
        let length = usize::try_from(file.length() - offset).map_or(CHUNK_SIZE, |left| left.min(CHUNK_SIZE));
        {
            let limit = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
            let end = *summed + length as u64;
            let wait = |limit: &mut ReadLimit| !limit.stopped && end > limit.open;
            if shared.1.wait_while(limit, wait).unwrap_or_else(PoisonError::into_inner).stopped {
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

    const ONE: u64 = CHUNK_SIZE as u64;

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
    fn start<const COUNT: usize>(lengths: [u64; COUNT], broken: u64, lead: u64) -> (FileMd5, mpsc::Receiver<usize>) {
        let (reads, read) = mpsc::channel();
        let zeros = |(number, length)| Zeros { number, length, broken, reads: reads.clone() };
        let files = lengths.into_iter().enumerate().map(zeros).collect();
        (FileMd5::start(files, lead).unwrap(), read)
    }

    fn goes(backpressure: &Md5Backpressure) -> bool {
        backpressure.next().now_or_never().is_some()
    }

    /// The next block may be begun some time.
    async fn let_go(backpressure: &Md5Backpressure) {
        tokio::time::timeout(MINUTE, backpressure.next()).await.unwrap();
    }

    #[test]
    fn a_block_is_held_back_while_the_sum_is_too_far_behind() {
        let (told, summed) = watch::channel(0);
        let backpressure = Md5Backpressure { summed, acknowledged: AtomicU64::new(0) };
        assert!(goes(&backpressure));
        backpressure.acknowledged(MAX_LAG);
        assert!(goes(&backpressure), "as far as it may be");
        backpressure.acknowledged(1);
        assert!(!goes(&backpressure));
        told.send(1).unwrap();
        assert!(goes(&backpressure));
        backpressure.acknowledged(STEP);
        {
            let mut waiting = pin!(backpressure.next());
            assert!(waiting.as_mut().now_or_never().is_none());
            told.send(STEP).unwrap();
            assert!(waiting.as_mut().now_or_never().is_none(), "one byte is missing");
            told.send(STEP + 1).unwrap();
            assert!(waiting.now_or_never().is_some());
        }
        backpressure.acknowledged(10 * MAX_LAG);
        assert!(!goes(&backpressure));
        drop(told);
        assert!(goes(&backpressure), "a sum that has ended holds nothing back");
    }

    #[tokio::test]
    async fn a_sum_that_catches_up_lets_the_next_block_go() {
        let (whole, _reads) = start([3 * MAX_LAG], u64::MAX, 0);
        let backpressure = whole.backpressure();
        backpressure.acknowledged(MAX_LAG);
        for _ in 0..3 {
            assert!(goes(&backpressure));
            backpressure.acknowledged(STEP);
            assert!(!goes(&backpressure), "nothing more may be read");
            whole.advance(STEP);
            let_go(&backpressure).await;
        }
    }

    #[tokio::test]
    async fn a_sum_that_fails_lets_all_blocks_go_and_tells_why_at_the_end() {
        let (mut whole, _reads) = start([3 * MAX_LAG], ONE, 0);
        let backpressure = whole.backpressure();
        backpressure.acknowledged(3 * MAX_LAG);
        assert!(!goes(&backpressure));
        whole.advance(2 * ONE);
        let_go(&backpressure).await;
        let error = (&mut whole.digests).await.unwrap().unwrap_err();
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
            (&mut other.digests).await.unwrap().unwrap();
            assert_eq!(reads.try_recv(), Err(mpsc::TryRecvError::Empty));
            whole.advance(ONE);
            assert_eq!(next(), 2);
        }
        assert_eq!((&mut whole.digests).await.unwrap().unwrap().len(), 3);
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
