//! One connection: the handle by which a fault cuts it, and the stream that obeys. Knows nothing of HTTP.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::server::TlsStream;

/// The handle of one connection.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) number: u64,
    pub(crate) secure: bool,
    pub(crate) peer: SocketAddr,
    reset: AtomicBool,
    cut: Notify,
}

impl Wire {
    pub(crate) fn new(number: u64, secure: bool, peer: SocketAddr) -> Self {
        Self { number, secure, peer, reset: AtomicBool::new(false), cut: Notify::new() }
    }

    /// Ends the connection with a TCP reset.
    pub(crate) fn reset(&self) {
        self.reset.store(true, Ordering::SeqCst);
        self.cut.notify_one();
    }

    /// Ends the connection without a reset.
    pub(crate) fn close(&self) {
        self.cut.notify_one();
    }

    /// Returns once the connection is to end.
    pub(crate) async fn was_cut(&self) {
        self.cut.notified().await;
    }
}

/// A stream with a TCP socket below it.
pub(crate) trait OverTcp: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    fn socket(&self) -> &TcpStream;
}

impl OverTcp for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl OverTcp for TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// The stream of a connection; sends a reset when dropped if its handle says so.
#[derive(Debug)]
pub(crate) struct Guarded<S: OverTcp> {
    pub(crate) stream: S,
    pub(crate) wire: Arc<Wire>,
}

impl<S: OverTcp> Drop for Guarded<S> {
    fn drop(&mut self) {
        if self.wire.reset.load(Ordering::SeqCst) {
            // Zero linger time makes the close that follows send RST. Failing here leaves an ordinary close.
            let _ = self.stream.socket().set_zero_linger();
        }
    }
}

impl<S: OverTcp> AsyncRead for Guarded<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: OverTcp> AsyncWrite for Guarded<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
