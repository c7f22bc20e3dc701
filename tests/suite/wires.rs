//! Servers that stand in for the emulator's blob storage, or between it and a client, where what happens on the wire
//! itself is the point.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::virtual_time::TestClock;

/// The query of a SAS URL that is good for everything. A storage server here does not look at it.
const SAS: &str = "sv=2020-12-06&sr=c&sp=rw&se=2999-01-01T00:00:00Z&sig=x";

/// Bytes read and written at a time where speed matters.
const FAST: usize = 256 * 1024;

/// The head of a request or an answer, up to its empty line; `None` when the other side is gone.
pub(crate) async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(read).ok()
}

pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// A link on which all connections together move so many bytes per second, by a clock that nothing else moves.
#[derive(Clone)]
pub(crate) struct SlowLink {
    clock: Arc<TestClock>,
    rate: f64,
    /// Bytes that are moved at a time: the fewer, the more the transfer gets done while they are.
    step: usize,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl SlowLink {
    pub(crate) fn new(clock: &Arc<TestClock>, rate: f64, step: usize) -> Self {
        Self { clock: Arc::clone(clock), rate, step, turn: Arc::default() }
    }

    /// So many bytes have moved. The connections take turns.
    async fn moved(&self, bytes: usize) {
        let _turn = self.turn.lock().await;
        self.clock.advance(Duration::from_secs_f64(bytes as f64 / self.rate));
        tokio::task::yield_now().await;
    }
}

/// A storage server that keeps nothing: it swallows every block, and every blob has `length` zeros. So a large
/// transfer costs neither disk nor memory here.
pub(crate) struct BareStore {
    address: SocketAddr,
    manner: Manner,
}

/// What a storage server does with bodies.
#[derive(Clone)]
struct Manner {
    length: u64,
    link: Option<SlowLink>,
    swallowed: Arc<AtomicU64>,
    /// Bodies that have begun, and how many of them there must be before any is read further than `first`.
    begun: watch::Sender<usize>,
    together: usize,
    first: u64,
    /// Bodies on their way at the beginning of each, itself included.
    open: Arc<Mutex<(usize, Vec<usize>)>>,
}

impl BareStore {
    /// A storage server whose blobs are so long.
    pub(crate) async fn start(length: u64) -> Self {
        Self::with(length, 0, None).await
    }

    /// A storage server that reads on only when so many blocks are on their way at the same time.
    pub(crate) async fn of_many_at_once(together: usize) -> Self {
        Self::with(0, together, None).await
    }

    /// A storage server behind a slow link, which carries nothing before so many blocks are on their way.
    pub(crate) async fn behind(link: SlowLink, length: u64, together: usize) -> Self {
        Self::with(length, together, Some(link)).await
    }

    async fn with(length: u64, together: usize, link: Option<SlowLink>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let first = if link.is_some() { 0 } else { 1 << 20 };
        let (swallowed, begun, open) = Default::default();
        let manner = Manner { length, link, swallowed, begun, together, first, open };
        let manners = manner.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, manners.clone()));
            }
        });
        Self { address, manner }
    }

    pub(crate) fn container(&self) -> String {
        format!("http://{}/account/c?{SAS}", self.address)
    }

    pub(crate) fn blob(&self) -> String {
        format!("http://{}/account/c/b?{SAS}", self.address)
    }

    /// The bytes of all blocks so far.
    pub(crate) fn swallowed(&self) -> u64 {
        self.manner.swallowed.load(Ordering::Relaxed)
    }

    /// How many bodies were on their way at the beginning of each, itself included.
    pub(crate) fn widths(&self) -> Vec<usize> {
        self.manner.open.lock().unwrap().1.clone()
    }
}

impl Manner {
    /// Reads a body of so many bytes and forgets it.
    async fn swallow(&self, stream: &mut TcpStream, length: u64, buffer: &mut [u8]) -> Option<()> {
        self.begun.send_modify(|begun| *begun += 1);
        let mut left = length;
        while left > 0 {
            if length - left >= self.first {
                self.begun.subscribe().wait_for(|begun| *begun >= self.together).await.ok()?;
            }
            let room = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
            let count = stream.read(&mut buffer[..room]).await.ok().filter(|count| *count > 0)?;
            left -= count as u64;
            self.swallowed.fetch_add(count as u64, Ordering::Relaxed);
            if let Some(link) = &self.link {
                link.moved(count).await;
            }
        }
        Some(())
    }

    async fn send(&self, stream: &mut TcpStream, length: u64, buffer: &mut [u8]) -> Option<()> {
        buffer.fill(0);
        let mut left = length;
        while left > 0 {
            let count = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
            stream.write_all(&buffer[..count]).await.ok()?;
            left -= count as u64;
            if let Some(link) = &self.link {
                link.moved(count).await;
            }
        }
        Some(())
    }

    fn begins(&self) {
        let mut open = self.open.lock().unwrap();
        open.0 += 1;
        let now = open.0;
        open.1.push(now);
    }

    fn ends(&self) {
        self.open.lock().unwrap().0 -= 1;
    }
}

async fn serve(mut stream: TcpStream, manner: Manner) -> Option<()> {
    let mut buffer = vec![0; manner.link.as_ref().map_or(FAST, |link| link.step)];
    let length = manner.length;
    loop {
        let asked = head(&mut stream).await?;
        let sent: u64 = header(&asked, "content-length").map_or(0, |text| text.parse().unwrap());
        if sent > 0 {
            manner.begins();
            let swallowed = manner.swallow(&mut stream, sent, &mut buffer).await;
            manner.ends();
            swallowed?;
        }
        let range = header(&asked, "range").or_else(|| header(&asked, "x-ms-range")).map(|range| {
            let (first, last) = range.trim_start_matches("bytes=").split_once('-').unwrap();
            (first.parse::<u64>().unwrap(), last.parse::<u64>().unwrap().min(length - 1))
        });
        let (answer, body) = match range {
            _ if asked.starts_with("PUT") => {
                // It confirms whatever it was told, so that nothing is sent twice.
                let named = ["x-ms-content-crc64", "content-md5"].map(|name| (name, header(&asked, name)));
                let sum = named.iter().find_map(|(name, sum)| Some(format!("{name}: {}\r\n", (*sum)?)));
                (format!("HTTP/1.1 201 Created\r\n{}Content-Length: 0\r\n\r\n", sum.unwrap_or_default()), 0)
            }
            None => (format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nETag: \"1\"\r\n\r\n"), 0),
            Some((first, last)) => {
                let (body, range) = (last - first + 1, format!("Content-Range: bytes {first}-{last}/{length}"));
                let answer =
                    format!("HTTP/1.1 206 Partial Content\r\nContent-Length: {body}\r\n{range}\r\nETag: \"1\"\r\n\r\n");
                (answer, body)
            }
        };
        stream.write_all(answer.as_bytes()).await.ok()?;
        manner.send(&mut stream, body, &mut buffer).await?;
    }
}

/// A request to a [`ScriptedStore`].
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: String,
    /// Requests with this method so far, itself included.
    pub(crate) number: usize,
    /// First and last byte, where a range is asked for.
    pub(crate) range: Option<(usize, usize)>,
    head: String,
}

impl Ask {
    pub(crate) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

/// An answer of a [`ScriptedStore`], header by header: nothing is added to what is given.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    closes: bool,
}

impl Reply {
    /// Without any header.
    pub(crate) fn bare(status: u16, body: &[u8]) -> Self {
        Self { status, headers: Vec::new(), body: body.to_vec(), closes: false }
    }

    /// With the length of the body.
    pub(crate) fn new(status: u16, body: &[u8]) -> Self {
        Self::bare(status, body).with("Content-Length", body.len())
    }

    /// The range that was asked for, as a server gives it that speaks HTTP and nothing of Azure.
    pub(crate) fn part(ask: &Ask, blob: &[u8]) -> Self {
        let Some((first, last)) = ask.range else { return Self::new(200, blob) };
        let last = last.min(blob.len() - 1);
        Self::new(206, &blob[first..=last]).with("Content-Range", format!("bytes {first}-{last}/{}", blob.len()))
    }

    /// With one more header; in the place of another one of this name.
    pub(crate) fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// In chunks; `whole` says whether their end is marked, or the connection ends before.
    pub(crate) fn chunked(mut self, whole: bool) -> Self {
        let mut chunks = Vec::new();
        for chunk in self.body.chunks(100_000) {
            chunks.extend(format!("{:x}\r\n", chunk.len()).bytes());
            chunks.extend(chunk);
            chunks.extend(b"\r\n");
        }
        chunks.extend(if whole { &b"0\r\n\r\n"[..] } else { b"" });
        self.body = chunks;
        let chunked = self.without("Content-Length").with("Transfer-Encoding", "chunked");
        if whole { chunked } else { chunked.closing() }
    }

    /// The connection ends behind it.
    pub(crate) fn closing(self) -> Self {
        Self { closes: true, ..self.with("Connection", "close") }
    }

    fn bytes(&self, is_head: bool) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} X\r\n", self.status);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        let mut bytes = (text + "\r\n").into_bytes();
        if !is_head {
            bytes.extend(&self.body);
        }
        bytes
    }
}

/// A storage server, or a gateway in its place, that answers each request as it is told.
pub(crate) struct ScriptedStore {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Ask>>>,
}

impl ScriptedStore {
    pub(crate) async fn start(answer: impl Fn(&Ask) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<Ask>>>::default());
        let (answer, asks) = (Arc::new(answer), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (answer, asks) = (Arc::clone(&answer), Arc::clone(&asks));
                tokio::spawn(async move {
                    loop {
                        let head = head(&mut stream).await?;
                        let method = head.split(' ').next().unwrap().to_owned();
                        let range = header(&head, "range").map(|range| {
                            let (first, last) = range.trim_start_matches("bytes=").split_once('-').unwrap();
                            (first.parse().unwrap(), last.parse().unwrap())
                        });
                        let ask = {
                            let mut asks = asks.lock().unwrap();
                            let number = 1 + asks.iter().filter(|ask| ask.method == method).count();
                            asks.push(Ask { method, number, range, head });
                            asks.last().unwrap().clone()
                        };
                        let reply = answer(&ask);
                        stream.write_all(&reply.bytes(ask.is_head())).await.ok()?;
                        if reply.closes {
                            return stream.shutdown().await.ok();
                        }
                    }
                });
            }
        });
        Self { address, asked }
    }

    pub(crate) fn blob(&self) -> String {
        format!("http://{}/account/c/b?{SAS}", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<Ask> {
        self.asked.lock().unwrap().clone()
    }

    /// How often there was a GET.
    pub(crate) fn gets(&self) -> usize {
        self.asked().iter().filter(|ask| ask.method == "GET").count()
    }
}

/// Stands between a client and a server, and closes its first connections when so many bytes of answers have passed.
/// Gives the address to go to instead of the server's.
pub(crate) async fn cutting_answers(server: SocketAddr, connections: usize, after: u64) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok((mut client, _)) = listener.accept().await {
            let limit = if number < connections { after } else { u64::MAX };
            number += 1;
            tokio::spawn(async move {
                let mut server = TcpStream::connect(server).await.unwrap();
                let ((mut from_client, mut to_client), (from_server, mut to_server)) = (client.split(), server.split());
                let mut answers = from_server.take(limit);
                tokio::select! {
                    _ = copy(&mut from_client, &mut to_server) => {}
                    _ = copy(&mut answers, &mut to_client) => {}
                }
            });
        }
    });
    address
}

/// Stands between a client and a server, and inverts the byte at this place of what the first connection brings to the
/// server.
pub(crate) async fn damaging(server: SocketAddr, place: u64) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut first = true;
        while let Ok((client, _)) = listener.accept().await {
            let damages = std::mem::take(&mut first);
            tokio::spawn(async move {
                let (from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = TcpStream::connect(server).await.unwrap().into_split();
                tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
                let mut before = from_client.take(place);
                copy(&mut before, &mut to_server).await.ok()?;
                let mut from_client = before.into_inner();
                let byte = from_client.read_u8().await.ok()?;
                to_server.write_u8(if damages { !byte } else { byte }).await.ok()?;
                copy(&mut from_client, &mut to_server).await.ok()
            });
        }
    });
    address
}

/// What becomes of an answer on its way.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Garbled {
    /// Something else comes in its place.
    Garbage,
    /// One of its bytes is inverted.
    Flipped,
    /// The alert of TLS that says that what was sent arrived damaged comes in its place.
    Alert,
    /// The connection is closed, by TCP alone.
    Closed,
    /// The connection is closed in the middle of it, by TCP alone.
    Truncated,
}

/// Stands between a client and a server, and garbles what the server sends over its first connections once `from` says
/// so. Gives the address to go to instead of the server's.
pub(crate) async fn garbling(
    server: SocketAddr,
    how: Garbled,
    connections: usize,
    from: impl Fn() -> bool + Clone + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok((client, _)) = listener.accept().await {
            let (garbles, from) = (number < connections, from.clone());
            number += 1;
            tokio::spawn(async move {
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = TcpStream::connect(server).await.ok()?.into_split();
                let up = tokio::spawn(async move { copy(&mut from_client, &mut to_server).await });
                let mut buffer = vec![0; FAST];
                loop {
                    let count = from_server.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
                    let piece = &mut buffer[..count];
                    if !garbles || !from() {
                        to_client.write_all(piece).await.ok()?;
                        continue;
                    }
                    match how {
                        Garbled::Garbage => to_client.write_all(b"\0\x01 this is no answer\r\n\r\n").await.ok()?,
                        // The first byte of what a record or a status line has to say.
                        Garbled::Flipped => {
                            piece[5] = !piece[5];
                            to_client.write_all(piece).await.ok()?;
                        }
                        Garbled::Alert => to_client.write_all(&[21, 3, 3, 0, 2, 2, 20]).await.ok()?,
                        Garbled::Closed => {}
                        Garbled::Truncated => to_client.write_all(&piece[..count / 2]).await.ok()?,
                    }
                    to_client.shutdown().await.ok()?;
                    // What the client still sends is read, so that closing is no reset.
                    return up.await.ok().map(drop);
                }
            });
        }
    });
    address
}

/// A server that sends this to everybody who has said something, and closes the connection. Counts those who came.
pub(crate) async fn saying(words: &'static [u8], then_reset: bool) -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::<AtomicU64>::default());
    let came = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            came.fetch_add(1, Ordering::SeqCst);
            let mut heard = [0; 4096];
            if client.read(&mut heard).await.is_ok() && client.write_all(words).await.is_ok() {
                if then_reset {
                    let _ = client.set_zero_linger();
                } else {
                    let _ = client.shutdown().await;
                }
            }
        }
    });
    (address, count)
}

/// A proxy that carries every connection to one server, whatever host is asked for. Keeps the heads of what it was asked.
pub(crate) struct ConnectProxy {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ConnectProxy {
    /// With an answer in place of a connection, if there is one.
    pub(crate) async fn to(server: SocketAddr, refusal: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let heads = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let heads = Arc::clone(&heads);
                tokio::spawn(async move {
                    let head = head(&mut client).await?;
                    heads.lock().unwrap().push(head);
                    if let Some(refusal) = refusal {
                        client.write_all(refusal.as_bytes()).await.ok()?;
                        return client.shutdown().await.ok();
                    }
                    let mut server = TcpStream::connect(server).await.ok()?;
                    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
                    tokio::io::copy_bidirectional(&mut client, &mut server).await.ok().map(drop)
                });
            }
        });
        Self { address, asked }
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// A server that answers whoever connects with these bytes, whatever was said. Counts the connections.
pub(crate) async fn answering(bytes: &'static [u8]) -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, connections) = (listener.local_addr().unwrap(), Arc::<AtomicU64>::default());
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                // What the client says first is read, so that the end of the connection is no reset.
                let _ = client.read(&mut [0; 4096]).await.ok()?;
                client.write_all(bytes).await.ok()?;
                client.shutdown().await.ok()
            });
        }
    });
    (address, connections)
}

/// A service behind a load balancer that forgets every connection after its first answer, and tells nobody: what comes on
/// it later gets no answer. Gives the address, and the methods of the requests that arrived, each with whether it was
/// answered.
pub(crate) async fn forgetting(answer: &'static str) -> (SocketAddr, Arc<Mutex<Vec<(String, bool)>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<(String, bool)>>>::default());
    let requests = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let requests = Arc::clone(&requests);
            tokio::spawn(async move {
                for is_first in [true, false] {
                    let head = head(&mut client).await?;
                    let method = head.split(' ').next()?.to_owned();
                    requests.lock().unwrap().push((method, is_first));
                    let length = header(&head, "content-length").map_or(0, |text| text.parse().unwrap());
                    client.read_exact(&mut vec![0; length]).await.ok()?;
                    if is_first {
                        let length = answer.len();
                        let head = format!(
                            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nContent-Type: application/json\r\n\r\n"
                        );
                        client.write_all(format!("{head}{answer}").as_bytes()).await.ok()?;
                    }
                }
                Some(())
            });
        }
    });
    (address, asked)
}
