//! The TCP side of a connection: a socket, and what a slow network does to it when one is asked for. Without that
//! nothing stands between the caller and the socket.

use std::io::{self, IoSlice};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::settings::SinkSettings;
use crate::shaping::{Shaping, Shared};

/// Socket buffers of a capped connection: so small that the client feels the cap instead of filling a buffer.
const SMALL_BUFFER: usize = 256 << 10;

/// A connected socket.
#[derive(Debug)]
pub(crate) struct Line {
    socket: TcpStream,
    shaping: Option<Box<Shaping>>,
}

impl Line {
    /// Takes an accepted socket; returns once its connection counts as made.
    pub(crate) async fn open(socket: TcpStream, settings: &SinkSettings, shared: &Shared, origin: Instant) -> Self {
        // Small answers must not wait for more to send. A socket that refuses an option still works.
        let _ = socket.set_nodelay(true);
        if settings.caps() {
            let options = socket2::SockRef::from(&socket);
            let _ = options.set_recv_buffer_size(SMALL_BUFFER);
            let _ = options.set_send_buffer_size(SMALL_BUFFER);
        }
        let shaping = settings.shape().then(|| Box::new(Shaping::new(settings, shared, origin)));
        if settings.latency_ms > 0 {
            tokio::time::sleep(settings.latency()).await;
        }
        Self { socket, shaping }
    }

    /// Returns once there may be something to read, or the end.
    pub(crate) async fn readable(&mut self) -> io::Result<()> {
        match &mut self.shaping {
            None => self.socket.readable().await,
            Some(shaping) => shaping.readable(&self.socket).await,
        }
    }

    /// Reads what there is; 0 at the end, [`io::ErrorKind::WouldBlock`] when there is nothing yet.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.shaping {
            None => self.socket.try_read(into),
            Some(shaping) => shaping.read(into),
        }
    }

    /// Sends all the bytes.
    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let Some(shaping) = &mut self.shaping else {
            return self.socket.write_all(bytes).await;
        };
        while !bytes.is_empty() {
            let count = shaping.write(&self.socket, bytes).await?;
            bytes = &bytes[count..];
        }
        shaping.sent();
        Ok(())
    }

    /// Sends all the slices, without copying them together.
    pub(crate) async fn write_slices(&mut self, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        if self.shaping.is_some() {
            for slice in slices {
                self.write(slice).await?;
            }
            return Ok(());
        }
        while !slices.is_empty() {
            let count = self.socket.write_vectored(slices).await?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            IoSlice::advance_slices(&mut slices, count);
        }
        Ok(())
    }

    /// Says that nothing more will be sent.
    pub(crate) async fn shutdown(&mut self) -> io::Result<()> {
        self.socket.shutdown().await
    }

    /// Makes the end of the connection a TCP reset.
    pub(crate) fn reset(&self) {
        // Zero linger time makes the close that follows send RST. Failing here leaves an ordinary close.
        let _ = self.socket.set_zero_linger();
    }
}
