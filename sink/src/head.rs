//! Heads of HTTP/1.1 messages: a request's read, an answer's written. No body is touched, and nothing is decided but
//! what every HTTP server decides the same way.

use epicloud_emulator::Milliseconds;
use epicloud_emulator::http::{Answer, Asked, Source};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

/// Largest head that is taken.
pub(crate) const LARGEST: usize = 64 << 10;
/// Most headers of a request.
const MOST_HEADERS: usize = 100;

/// The head of a request.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) asked: Asked,
    /// The length of the body; `None` when it is sent in chunks, which Azure does not take either.
    pub(crate) length: Option<u64>,
    /// Whether the connection is used again.
    pub(crate) keep: bool,
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub(crate) expects: bool,
}

/// What there is of a head.
#[derive(Debug)]
pub(crate) enum Read {
    /// Not all of it.
    Partial,
    /// All of it, and its length.
    Whole(Box<Head>, usize),
    /// Something else.
    Malformed,
}

/// Reads the head at the beginning of the bytes.
pub(crate) fn read(bytes: &[u8], secure: bool, peer_is_loopback: bool, now: Milliseconds) -> Read {
    let mut fields = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut fields);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if bytes.len() < LARGEST => return Read::Partial,
        Ok(httparse::Status::Partial) | Err(_) => return Read::Malformed,
    };
    let (Some(method), Some(target)) = (request.method, request.path) else { return Read::Malformed };
    let mut headers = HeaderMap::with_capacity(request.headers.len());
    for field in request.headers.iter() {
        let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(field.name.as_bytes()), HeaderValue::from_bytes(field.value))
        else {
            return Read::Malformed;
        };
        headers.append(name, value);
    }
    // A proxy's form, `PUT http://host/path`, names the host once more.
    let target = match target.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])) {
        Some(path) if !target.starts_with('/') => path,
        _ => target,
    };
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
    let asked = Asked {
        method: method.to_owned(),
        host,
        target: target.to_owned(),
        headers,
        secure,
        peer_is_loopback,
        now,
        twice: false,
    };
    let body = if asked.header("transfer-encoding").is_some() {
        None
    } else {
        match asked.header("content-length").map(str::parse) {
            None => Some(0),
            Some(Ok(length)) => Some(length),
            Some(Err(_)) => return Read::Malformed,
        }
    };
    let says =
        |name: &str, word: &str| asked.header(name).is_some_and(|value| value.to_ascii_lowercase().contains(word));
    let keep = request.version == Some(1) && !says("connection", "close");
    let expects = says("expect", "100-continue");
    Read::Whole(Box::new(Head { asked, length: body, keep, expects }), length)
}

/// The answer as it is sent, its body too unless there is none to send; `length` is that of the body.
pub(crate) fn write(answer: &Answer, length: u64, sends_body: bool, keep: bool) -> Vec<u8> {
    let status = answer.status;
    let usual =
        || hyper::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    let reason = answer.reason.as_deref().unwrap_or_else(usual);
    let mut bytes = format!("HTTP/1.1 {status} {}\r\n", printable(reason)).into_bytes();
    for (name, value) in &answer.headers {
        bytes.extend_from_slice(format!("{name}: {}\r\n", printable(value)).as_bytes());
    }
    if status != 304 {
        bytes.extend_from_slice(format!("content-length: {length}\r\n").as_bytes());
    }
    if !keep {
        bytes.extend_from_slice(b"connection: close\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    if let (true, Source::Bytes(body)) = (sends_body, &answer.body) {
        bytes.extend_from_slice(body);
    }
    bytes
}

/// Without what would end the line.
fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_once_they_are_whole() {
        let text = b"PUT /a/b?sig=x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
        let length = text.len() - 5;
        for end in 0..text.len() {
            match read(&text[..end], true, true, 7) {
                Read::Partial => assert!(end < length, "{end}"),
                Read::Whole(head, read) => {
                    assert_eq!((end >= length, read, head.length, head.keep), (true, length, Some(5), true));
                    assert_eq!((head.asked.path(), head.asked.query(), head.asked.now), ("/a/b", "sig=x", 7));
                }
                Read::Malformed => panic!("{end}"),
            }
        }
    }

    #[test]
    fn what_follows_a_head_is_told_by_it() {
        // Rest of the head; length of the body, connection kept, 100 expected.
        let table = [
            ("HTTP/1.1\r\n", Some((Some(0), true, false))),
            ("HTTP/1.0\r\n", Some((Some(0), false, false))),
            ("HTTP/1.1\r\nConnection: Close\r\n", Some((Some(0), false, false))),
            ("HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n", Some((Some(9), true, true))),
            ("HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", Some((None, true, false))),
            ("HTTP/1.1\r\nContent-Length: many\r\n", None),
            ("HTTP/3\r\n", None),
        ];
        for (rest, expected) in table {
            let found = match read(format!("GET /x {rest}\r\n").as_bytes(), false, true, 0) {
                Read::Whole(head, _) => Some((head.length, head.keep, head.expects)),
                Read::Partial | Read::Malformed => None,
            };
            assert_eq!(found, expected, "{rest:?}");
        }
        assert!(matches!(read(&vec![b'a'; LARGEST], false, true, 0), Read::Malformed));
    }

    #[test]
    fn no_value_ends_its_line() {
        let answer = Answer::new(200, "text/plain", "body").with("x-name", "a\r\nx-other: b");
        let text = String::from_utf8(write(&answer, 4, true, false)).unwrap();
        let expected = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-name: ax-other: b\r\ncontent-length: 4\r\n\
                        connection: close\r\n\r\nbody";
        assert_eq!(text, expected);
        assert!(write(&answer, 4, false, true).ends_with(b"length: 4\r\n\r\n"));
    }
}
