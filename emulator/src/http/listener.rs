//! Accepts connections, plain and TLS, and serves HTTP/1.1 on them until the emulator stops.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::exchange::exchange;
use super::front::Front;
use super::wire::{Guarded, OverTcp, Wire};
use crate::error::Error;

/// Listens on the address.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(Error::io(format!("listening on {address}")))
}

/// The address clients on this machine reach the listener at.
pub fn reachable(listener: &TcpListener) -> Result<SocketAddr, Error> {
    let mut address = listener.local_addr().map_err(Error::io("reading the address of a listener"))?;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        });
    }
    Ok(address)
}

/// `http://HOST:PORT` or `https://HOST:PORT` of the listener.
pub fn origin(listener: &TcpListener, secure: bool) -> Result<String, Error> {
    let scheme = if secure { "https" } else { "http" };
    Ok(format!("{scheme}://{}", reachable(listener)?))
}

/// Serves HTTP, or HTTPS where TLS is given, until told to stop.
pub(crate) async fn serve(
    front: Arc<Front>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    mut stop: watch::Receiver<bool>,
) {
    // Dropping the set at the end aborts what is still open.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stopped(&mut stop) => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let wire = Arc::new(Wire::new(front.core.next_connection(), tls.is_some(), peer));
                    connections.spawn(connect(Arc::clone(&front), stream, tls.clone(), wire));
                }
                // Out of file handles, or the peer is gone already: neither ends the listener.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
        }
    }
}

/// Returns once the owner says stop, or is gone.
pub async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error says that the sender is gone: the same to a listener.
    let _ = stop.wait_for(|stopped| *stopped).await;
}

async fn connect(front: Arc<Front>, stream: TcpStream, tls: Option<TlsAcceptor>, wire: Arc<Wire>) {
    // Small answers must not wait for more to send. A socket that refuses the option still works.
    let _ = stream.set_nodelay(true);
    match tls {
        None => converse(front, stream, wire).await,
        Some(tls) => {
            // A failed handshake (a client without our authority) concerns the client only.
            if let Ok(stream) = tls.accept(stream).await {
                converse(front, stream, wire).await;
            }
        }
    }
}

async fn converse<S: OverTcp>(front: Arc<Front>, stream: S, wire: Arc<Wire>) {
    let handle = Arc::clone(&wire);
    let service = service_fn(move |request| {
        let (front, wire) = (Arc::clone(&front), Arc::clone(&wire));
        async move { Ok::<_, Infallible>(exchange(front, wire, request).await) }
    });
    let guarded = Guarded { stream, wire: Arc::clone(&handle) };
    let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(guarded), service);
    tokio::select! {
        // In this order, so that what was written before a cut is flushed first.
        biased;
        _ = connection => {}
        () = handle.was_cut() => {}
    }
}
