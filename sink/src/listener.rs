//! Accepts connections on the three listeners of a sink: HTTP, HTTPS, and the one that shows how fast TLS can be pushed.

use std::io::IoSlice;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use epicloud_emulator::http::stopped;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::channel::Channel;
use crate::connection;
use crate::core::Core;
use crate::intake::Intake;
use crate::line::Line;
use crate::settings::SinkSettings;
use crate::shaping::Shared;
use crate::statistics::count;

/// What a listener does with its connections.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    Http,
    Https(Arc<rustls::ServerConfig>),
    /// Reads and discards until the end, answers one byte, and closes; no cap or latency is applied.
    Push(Arc<rustls::ServerConfig>),
}

/// Accepts until told to stop.
pub(crate) async fn accept(core: Arc<Core>, listener: TcpListener, purpose: Purpose, mut stop: watch::Receiver<bool>) {
    // Dropping the set at the end aborts what is still open.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stopped(&mut stop) => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((socket, peer)) => {
                    connections.spawn(connect(Arc::clone(&core), socket, peer, purpose.clone()));
                }
                // Out of file handles, or the peer is gone already: neither ends the listener.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
        }
    }
}

async fn connect(core: Arc<Core>, socket: TcpStream, peer: SocketAddr, purpose: Purpose) {
    if let Purpose::Push(config) = purpose {
        let unshaped = SinkSettings::default();
        let line = Line::open(socket, &unshaped, &Shared::new(&unshaped), core.began).await;
        // Whatever happens to its connection concerns the client only.
        drop(discard(line, config).await);
        return;
    }
    count(&core.statistics.connections);
    let (settings, shared) = core.network();
    let line = Line::open(socket, &settings, &shared, core.began).await;
    let channel = match purpose {
        Purpose::Https(config) => Channel::secure(line, config),
        Purpose::Http | Purpose::Push(_) => Ok(Channel::plain(line)),
    };
    if let Ok(channel) = channel {
        connection::serve(core, channel, peer.ip().to_canonical().is_loopback()).await;
    }
}

async fn discard(line: Line, config: Arc<rustls::ServerConfig>) -> std::io::Result<()> {
    let mut channel = Channel::secure(line, config)?;
    let mut intake = Intake::endless();
    while channel.receive(&mut intake).await? {}
    channel.send(&mut [IoSlice::new(b".")]).await?;
    channel.close().await
}
