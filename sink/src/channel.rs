//! A connection as a way for bytes in both directions, plain or through TLS.
//!
//! TLS is driven through rustls' interface without buffers: one large read from the socket, each record decrypted
//! where it lies, its bytes given to the intake and forgotten. The usual stream reads little at once and copies what it
//! decrypted twice, which costs as much again as the rest.

use std::cell::RefCell;
use std::io::{self, ErrorKind, IoSlice};
use std::sync::Arc;

use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, InsufficientSizeError, UnbufferedStatus};

use crate::intake::Intake;
use crate::line::Line;

/// Bytes read from the socket at once.
const READ: usize = 256 << 10;
/// The longest TLS record, of which the beginning may be left from the read before.
const RECORD: usize = (16 << 10) + 2_048 + 5;
/// Bytes encrypted before they are written to the socket.
const WRITE: usize = 15 * (16 << 10);
/// More than encryption adds to the bytes of one write.
const OVERHEAD: usize = 1 << 10;

/// A connection.
pub(crate) enum Channel {
    Plain(Plain),
    Secure(Box<Secure>),
}

/// A connection without TLS.
pub(crate) struct Plain {
    line: Line,
}

/// A connection through TLS.
pub(crate) struct Secure {
    line: Line,
    tls: UnbufferedServerConnection,
    /// What was received and not processed: the beginning of a record or, in the handshake, whole ones.
    unprocessed: Vec<u8>,
    /// Whether bytes were given to the intake since that was last told.
    taken: bool,
    /// Whether the peer has closed its side, which the state machine says only once.
    closed: bool,
    outgoing: Vec<u8>,
    /// How much of `outgoing` is to be sent.
    ready: usize,
}

/// What the TLS state machine wants.
enum Step {
    /// To be asked again; bytes were given to the intake if `true`.
    Again(bool),
    /// To have `outgoing` sent.
    Send,
    /// More from the peer; in the established connection it could also send.
    More,
    /// Nothing: the peer has closed its side.
    Closed,
}

/// What a connection wants after all that was received is processed.
enum Wants {
    /// Nothing: bytes were given to the intake.
    Taken,
    /// To have `outgoing` sent.
    Send,
    /// More from the peer.
    More,
    /// Nothing: the peer has closed its side.
    End,
}

/// Lends the memory that all connections of a thread read into. It stays in the cache of the thread's core, which
/// memory of each connection's own would not with many of them.
fn with_scratch<T>(run: impl FnOnce(&mut [u8]) -> T) -> T {
    thread_local! {
        static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ + RECORD]);
    }
    SCRATCH.with_borrow_mut(|scratch| run(scratch))
}

impl Channel {
    pub(crate) fn plain(line: Line) -> Self {
        Self::Plain(Plain { line })
    }

    pub(crate) fn secure(line: Line, config: Arc<rustls::ServerConfig>) -> io::Result<Self> {
        let tls = UnbufferedServerConnection::new(config).map_err(io::Error::other)?;
        Ok(Self::Secure(Box::new(Secure {
            line,
            tls,
            unprocessed: Vec::new(),
            taken: false,
            closed: false,
            outgoing: Vec::new(),
            ready: 0,
        })))
    }

    pub(crate) fn is_secure(&self) -> bool {
        matches!(self, Self::Secure(_))
    }

    fn line(&mut self) -> &mut Line {
        match self {
            Self::Plain(plain) => &mut plain.line,
            Self::Secure(secure) => &mut secure.line,
        }
    }

    /// Gives at least one byte to the intake; `false` when the peer has closed its side.
    pub(crate) async fn receive(&mut self, intake: &mut Intake) -> io::Result<bool> {
        match self {
            Self::Plain(plain) => plain.receive(intake).await,
            Self::Secure(secure) => secure.receive(intake).await,
        }
    }

    /// Sends the slices.
    pub(crate) async fn send(&mut self, slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        match self {
            Self::Plain(plain) => plain.line.write_slices(slices).await,
            Self::Secure(secure) => {
                for slice in slices {
                    for piece in slice.chunks(WRITE) {
                        secure.send(piece).await?;
                    }
                }
                Ok(())
            }
        }
    }

    /// Ends the connection in good order.
    pub(crate) async fn close(mut self) -> io::Result<()> {
        if let Self::Secure(secure) = &mut self {
            secure.say_goodbye().await?;
        }
        self.line().shutdown().await
    }

    /// Ends the connection with a TCP reset.
    pub(crate) fn reset(mut self) {
        self.line().reset();
    }
}

impl Plain {
    async fn receive(&mut self, intake: &mut Intake) -> io::Result<bool> {
        loop {
            self.line.readable().await?;
            let line = &mut self.line;
            let read: io::Result<bool> = with_scratch(|scratch| {
                let count = line.read(scratch)?;
                intake.take(&scratch[..count]);
                Ok(count > 0)
            });
            match read {
                Err(failure) if failure.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
        }
    }
}

impl Secure {
    async fn receive(&mut self, intake: &mut Intake) -> io::Result<bool> {
        let mut wants = self.process(intake)?;
        loop {
            match wants {
                Wants::Taken => return Ok(true),
                Wants::End => return Ok(false),
                Wants::Send => {
                    self.flush().await?;
                    wants = self.process(intake)?;
                }
                Wants::More => {
                    self.line.readable().await?;
                    wants = match self.read(intake) {
                        Err(failure) if failure.kind() == ErrorKind::WouldBlock => Wants::More,
                        read => read?,
                    };
                }
            }
        }
    }

    /// Reads from the socket and processes what came.
    fn read(&mut self, intake: &mut Intake) -> io::Result<Wants> {
        with_scratch(|scratch| {
            let left = self.unprocessed.len();
            // All but the beginning of a record or of a message of the handshake is processed before more is read.
            if left > READ {
                return Err(ErrorKind::InvalidData.into());
            }
            let (old, new) = scratch.split_at_mut(left);
            let count = self.line.read(new)?;
            if count == 0 {
                return Ok(Wants::End);
            }
            old.copy_from_slice(&self.unprocessed);
            self.unprocessed.clear();
            let (wants, from) = self.run(&mut scratch[..left + count], intake)?;
            self.unprocessed.extend_from_slice(&scratch[from..left + count]);
            Ok(wants)
        })
    }

    /// Processes what was left, and whatever the state machine itself has to say.
    fn process(&mut self, intake: &mut Intake) -> io::Result<Wants> {
        let mut unprocessed = std::mem::take(&mut self.unprocessed);
        let (wants, from) = self.run(&mut unprocessed, intake)?;
        unprocessed.drain(..from);
        self.unprocessed = unprocessed;
        Ok(wants)
    }

    /// Drives the state machine as far as these bytes bring it; returns how many of them are done with.
    fn run(&mut self, bytes: &mut [u8], intake: &mut Intake) -> io::Result<(Wants, usize)> {
        let mut from = 0;
        loop {
            let wants = match self.step(bytes, &mut from, intake)? {
                Step::Again(gave) => {
                    self.taken |= gave;
                    continue;
                }
                Step::Send => Wants::Send,
                Step::More | Step::Closed if std::mem::take(&mut self.taken) => Wants::Taken,
                Step::More if !self.closed => Wants::More,
                Step::More | Step::Closed => Wants::End,
            };
            return Ok((wants, from));
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        let ready = std::mem::take(&mut self.ready);
        self.line.write(&self.outgoing[..ready]).await
    }

    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.encrypt(Some(bytes)).await
    }

    async fn say_goodbye(&mut self) -> io::Result<()> {
        self.encrypt(None).await
    }

    /// Encrypts and sends the bytes, or the notice that nothing more follows.
    async fn encrypt(&mut self, bytes: Option<&[u8]>) -> io::Result<()> {
        let needed = self.ready + bytes.map_or(0, <[u8]>::len) + OVERHEAD;
        if self.outgoing.len() < needed {
            self.outgoing.resize(needed, 0);
        }
        loop {
            let UnbufferedStatus { discard, state, .. } = self.tls.process_tls_records(&mut self.unprocessed);
            let written = match state.map_err(io::Error::other)? {
                ConnectionState::WriteTraffic(mut traffic) => {
                    let into = &mut self.outgoing[self.ready..];
                    let encrypted = match bytes {
                        Some(bytes) => traffic.encrypt(bytes, into),
                        None => traffic.queue_close_notify(into),
                    };
                    Some(encrypted.map_err(|failure: EncryptError| io::Error::other(failure))?)
                }
                ConnectionState::EncodeTlsData(mut data) => {
                    self.ready += encode(&mut data, &mut self.outgoing, self.ready)?;
                    None
                }
                ConnectionState::TransmitTlsData(transmit) => {
                    // Sent with the bytes that follow.
                    transmit.done();
                    None
                }
                ConnectionState::PeerClosed => {
                    self.closed = true;
                    None
                }
                // The client sends while it is being answered, or is gone.
                _ => return Err(ErrorKind::ConnectionAborted.into()),
            };
            self.unprocessed.drain(..discard);
            if let Some(written) = written {
                self.ready += written;
                return self.flush().await;
            }
        }
    }

    /// One step of the TLS state machine.
    fn step(&mut self, bytes: &mut [u8], from: &mut usize, intake: &mut Intake) -> io::Result<Step> {
        let UnbufferedStatus { mut discard, state, .. } = self.tls.process_tls_records(&mut bytes[*from..]);
        let step = match state.map_err(io::Error::other)? {
            ConnectionState::ReadTraffic(mut traffic) => {
                let mut gave = false;
                while let Some(record) = traffic.next_record() {
                    let record = record.map_err(io::Error::other)?;
                    discard += record.discard;
                    intake.take(record.payload);
                    gave |= !record.payload.is_empty();
                }
                Step::Again(gave)
            }
            ConnectionState::EncodeTlsData(mut data) => {
                self.ready += encode(&mut data, &mut self.outgoing, self.ready)?;
                Step::Again(false)
            }
            ConnectionState::TransmitTlsData(transmit) => {
                transmit.done();
                Step::Send
            }
            ConnectionState::BlockedHandshake | ConnectionState::WriteTraffic(_) => Step::More,
            ConnectionState::PeerClosed | ConnectionState::Closed => {
                self.closed = true;
                Step::Closed
            }
            // Early data, which the server's settings do not allow.
            _ => return Err(ErrorKind::Unsupported.into()),
        };
        *from += discard;
        Ok(step)
    }
}

/// Encodes a message of the handshake behind what is there already; returns its length.
fn encode<D>(
    data: &mut rustls::unbuffered::EncodeTlsData<'_, D>,
    outgoing: &mut Vec<u8>,
    at: usize,
) -> io::Result<usize> {
    loop {
        match data.encode(&mut outgoing[at..]) {
            Ok(length) => return Ok(length),
            Err(EncodeError::InsufficientSize(InsufficientSizeError { required_size })) => {
                outgoing.resize(at + required_size, 0);
            }
            Err(failure) => return Err(io::Error::other(failure)),
        }
    }
}
