//! The machine's limit: zeros over some TLS connections, read by nobody, without HTTP. No upload over HTTPS can be
//! faster where both ends share the processors.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::{Outcome, trust};

/// What is written at a time.
const PIECE: usize = 256 << 10;

pub(crate) fn run(address: &str, bytes: u64, connections: u64) -> Outcome {
    let (address, tls) = (address.parse()?, Arc::new(trust::tls()?));
    let shares = (0..connections).map(|index| bytes / connections + u64::from(index < bytes % connections));
    let threads: Vec<_> = shares
        .map(|share| {
            let tls = Arc::clone(&tls);
            thread::spawn(move || push(address, tls, share).map_err(|error| error.to_string()))
        })
        .collect();
    for thread in threads {
        thread.join().map_err(|_| "a connection's thread has panicked")??;
    }
    Ok(())
}

fn push(address: SocketAddr, tls: Arc<ClientConfig>, bytes: u64) -> Result<(), Box<dyn Error>> {
    let socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    let connection = ClientConnection::new(tls, ServerName::IpAddress(address.ip().into()))?;
    let mut stream = StreamOwned::new(connection, socket);
    let (zeros, mut left) = (vec![0; PIECE], bytes);
    while left > 0 {
        let length = left.min(PIECE as u64);
        stream.write_all(&zeros[..usize::try_from(length)?])?;
        left -= length;
    }
    stream.conn.send_close_notify();
    stream.flush()?;
    stream.sock.shutdown(Shutdown::Write)?;
    // Sent when all has been read: without it the time of what is still under way would be missing.
    stream.read_exact(&mut [0])?;
    Ok(())
}
