//! What a slow network does to a connection: caps in both directions, and a delay of what is received. The decisions
//! are those of `bucket` and `delay`; this is where they meet a socket and a clock.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Buf, BufMut, BytesMut};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use crate::bucket::{Bucket, Nanoseconds, portion};
use crate::delay::DelayLine;
use crate::settings::SinkSettings;

/// Most bytes that may be on their way in the delay line: the largest receive window a Linux machine offers.
const MOST_UNDERWAY: usize = 32 << 20;

/// The links that all connections share, one for each direction.
#[derive(Debug)]
pub(crate) struct Shared {
    receiving: Option<Arc<Mutex<Bucket>>>,
    sending: Option<Arc<Mutex<Bucket>>>,
}

impl Shared {
    pub(crate) fn new(settings: &SinkSettings) -> Self {
        let link = || (settings.total > 0).then(|| Arc::new(Mutex::new(Bucket::new(settings.total))));
        Self { receiving: link(), sending: link() }
    }
}

/// One direction of a connection: its own link and the shared one.
#[derive(Debug)]
struct Gate {
    own: Option<Bucket>,
    shared: Option<Arc<Mutex<Bucket>>>,
    /// Whether there is something to carry.
    busy: bool,
    /// The place reserved, if any, and for how many bytes.
    reserved: Option<(Nanoseconds, usize)>,
}

impl Gate {
    fn new(rate: u64, shared: Option<Arc<Mutex<Bucket>>>) -> Self {
        Self { own: (rate > 0).then(|| Bucket::new(rate)), shared, busy: false, reserved: None }
    }

    fn each(&mut self, mut act: impl FnMut(&mut Bucket)) {
        if let Some(own) = &mut self.own {
            act(own);
        }
        if let Some(shared) = &self.shared {
            act(&mut crate::lock(shared));
        }
    }

    /// From when the next bytes may pass, and how many of them.
    fn reserve(&mut self, now: Nanoseconds, bytes: usize) -> (Nanoseconds, usize) {
        if let Some(reserved) = self.reserved {
            return reserved;
        }
        let enters = !std::mem::replace(&mut self.busy, true);
        let mut start = 0;
        self.each(|bucket| {
            if enters {
                bucket.enter(now);
            }
            start = start.max(bucket.reserve(now, bytes));
        });
        *self.reserved.insert((start, bytes))
    }

    /// So many bytes of the reserved ones passed. Fewer than reserved say that there is nothing more for now.
    fn passed(&mut self, bytes: usize) {
        let Some((_, reserved)) = self.reserved.take() else { return };
        if bytes < reserved {
            self.each(|bucket| bucket.give_back(reserved - bytes));
            self.rest();
        }
    }

    /// There is nothing more to carry for now.
    fn rest(&mut self) {
        if let Some((_, reserved)) = self.reserved.take() {
            self.each(|bucket| bucket.give_back(reserved));
        }
        if std::mem::take(&mut self.busy) {
            self.each(Bucket::leave);
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.rest();
    }
}

/// The state of one connection on a slow network.
#[derive(Debug)]
pub(crate) struct Shaping {
    /// Where the time of all connections begins.
    origin: Instant,
    portion: usize,
    receiving: Gate,
    sending: Gate,
    line: DelayLine,
    /// The bytes in the delay line.
    bytes: BytesMut,
    /// Whether the socket may have something.
    readable: bool,
    ended: bool,
}

impl Shaping {
    pub(crate) fn new(settings: &SinkSettings, shared: &Shared, origin: Instant) -> Self {
        let latency = settings.latency();
        Self {
            origin,
            portion: portion(settings.per_connection, settings.total),
            receiving: Gate::new(settings.per_connection, shared.receiving.clone()),
            sending: Gate::new(settings.per_connection, shared.sending.clone()),
            line: DelayLine::new(Nanoseconds::try_from(latency.as_nanos()).unwrap_or(Nanoseconds::MAX)),
            bytes: BytesMut::new(),
            readable: true,
            ended: false,
        }
    }

    fn now(&self) -> Nanoseconds {
        Nanoseconds::try_from(self.origin.elapsed().as_nanos()).unwrap_or(Nanoseconds::MAX)
    }

    fn instant(&self, at: Nanoseconds) -> Instant {
        self.origin + Duration::from_nanos(at)
    }

    /// Takes in what arrives, until some of it is due or the end is reached.
    pub(crate) async fn readable(&mut self, socket: &TcpStream) -> io::Result<()> {
        loop {
            let held_up = self.take_in(socket)?;
            let due = self.line.next_due();
            if due.is_some_and(|due| due <= self.now()) || self.ended && due.is_none() {
                return Ok(());
            }
            let wake = [held_up, due].into_iter().flatten().min().map(|at| self.instant(at));
            let waits_for_socket = !self.readable && !self.ended;
            tokio::select! {
                ready = socket.readable(), if waits_for_socket => {
                    ready?;
                    self.readable = true;
                }
                () = sleep_until(wake.unwrap_or(self.origin)), if wake.is_some() => {}
                // Neither to wait for: something came due meanwhile, or there is more to take in.
                else => {}
            }
        }
    }

    /// Hands on what is due; 0 at the end.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.line.hand_on(self.now(), into.len());
        self.bytes.copy_to_slice(&mut into[..count]);
        if count > 0 || self.ended && self.line.length() == 0 { Ok(count) } else { Err(ErrorKind::WouldBlock.into()) }
    }

    /// Takes in what the socket has and the caps let pass; returns when they let more pass.
    fn take_in(&mut self, socket: &TcpStream) -> io::Result<Option<Nanoseconds>> {
        while self.readable && !self.ended && self.line.length() < MOST_UNDERWAY {
            let now = self.now();
            let (start, count) = self.receiving.reserve(now, self.portion);
            if start > now {
                return Ok(Some(start));
            }
            self.bytes.reserve(count);
            let read = socket.try_read_buf(&mut (&mut self.bytes).limit(count));
            let count = *read.as_ref().unwrap_or(&0);
            self.receiving.passed(count);
            match read {
                Ok(0) => self.ended = true,
                Ok(count) => self.line.arrived(now, count),
                Err(failure) if failure.kind() == ErrorKind::WouldBlock => self.readable = false,
                Err(failure) => return Err(failure),
            }
        }
        Ok(None)
    }

    /// Sends some of the bytes, when the caps let them pass.
    pub(crate) async fn write(&mut self, socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let now = self.now();
            let (start, count) = self.sending.reserve(now, self.portion.min(bytes.len()));
            if start > now {
                sleep_until(self.instant(start)).await;
            }
            let count = count.min(bytes.len());
            match socket.try_write(&bytes[..count]) {
                Ok(written) => {
                    self.sending.passed(written);
                    return Ok(written);
                }
                Err(failure) if failure.kind() == ErrorKind::WouldBlock => {
                    self.sending.rest();
                    socket.writable().await?;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Everything there was to send is sent.
    pub(crate) fn sent(&mut self) {
        self.sending.rest();
    }
}
