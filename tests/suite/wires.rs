//! Servers that stand in for the emulator's store, or between it and a client, where what happens on the wire itself is
//! the point.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The query of a link that is good for everything. A store here does not look at it.
pub(crate) const SAS: &str = "sv=2020-12-06&sr=c&sp=rw&se=2999-01-01T00:00:00Z&sig=x";

/// The head of a request or an answer, up to its empty line; `None` when the other side is gone.
pub(crate) async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(read).ok()
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// A store that keeps nothing: it swallows every block, and every blob has `length` zeros. So a large transfer costs
/// neither disk nor memory here.
pub(crate) struct BareStore {
    address: std::net::SocketAddr,
    swallowed: Arc<AtomicU64>,
}

/// What a store does with bodies.
#[derive(Clone)]
struct Manner {
    length: u64,
    swallowed: Arc<AtomicU64>,
    /// Bodies that have begun, and how many of them there must be before any is read further than [`FIRST`].
    begun: watch::Sender<usize>,
    together: usize,
}

/// How much of a body is read in any case.
const FIRST: u64 = 1 << 20;

impl BareStore {
    /// A store whose blobs are so long.
    pub(crate) async fn start(length: u64) -> Self {
        Self::with(length, 0).await
    }

    /// A store that reads on only when so many blocks are on their way at the same time.
    pub(crate) async fn of_many_at_once(together: usize) -> Self {
        Self::with(0, together).await
    }

    async fn with(length: u64, together: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, swallowed) = (listener.local_addr().unwrap(), Arc::<AtomicU64>::default());
        let manner = Manner { length, swallowed: swallowed.clone(), begun: watch::Sender::default(), together };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, manner.clone()));
            }
        });
        Self { address, swallowed }
    }

    pub(crate) fn container(&self) -> String {
        format!("http://{}/account/c?{SAS}", self.address)
    }

    pub(crate) fn blob(&self) -> String {
        format!("http://{}/account/c/b?{SAS}", self.address)
    }

    /// The bytes of all blocks so far.
    pub(crate) fn swallowed(&self) -> u64 {
        self.swallowed.load(Ordering::Relaxed)
    }
}

async fn serve(mut stream: TcpStream, manner: Manner) -> Option<()> {
    let Manner { length, swallowed, begun, together } = manner;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let asked = head(&mut stream).await?;
        let whole: u64 = header(&asked, "content-length").map_or(0, |text| text.parse().unwrap());
        let mut left = whole;
        if whole > 0 {
            begun.send_modify(|begun| *begun += 1);
        }
        while left > 0 {
            if whole - left >= FIRST {
                begun.subscribe().wait_for(|begun| *begun >= together).await.ok()?;
            }
            let room = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
            let count = stream.read(&mut buffer[..room]).await.ok().filter(|count| *count > 0)?;
            left -= count as u64;
            swallowed.fetch_add(count as u64, Ordering::Relaxed);
        }
        let range = header(&asked, "range").or_else(|| header(&asked, "x-ms-range")).map(|range| {
            let (first, last) = range.trim_start_matches("bytes=").split_once('-').unwrap();
            (first.parse::<u64>().unwrap(), last.parse::<u64>().unwrap().min(length - 1))
        });
        let (answer, mut body) = match range {
            _ if asked.starts_with("PUT") => ("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n".to_owned(), 0),
            None => (format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nETag: \"1\"\r\n\r\n"), 0),
            Some((first, last)) => {
                let range = format!("Content-Range: bytes {first}-{last}/{length}");
                let body = last - first + 1;
                (
                    format!("HTTP/1.1 206 Partial Content\r\nContent-Length: {body}\r\n{range}\r\nETag: \"1\"\r\n\r\n"),
                    body,
                )
            }
        };
        stream.write_all(answer.as_bytes()).await.ok()?;
        buffer.fill(0);
        while body > 0 {
            let count = usize::try_from(body).map_or(buffer.len(), |left| left.min(buffer.len()));
            stream.write_all(&buffer[..count]).await.ok()?;
            body -= count as u64;
        }
    }
}
