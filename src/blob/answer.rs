//! Whether a successful answer to a read is the blob's, and what it tells about the blob. Pure.
//!
//! A gateway on the way can answer in the blob storage's place, with success and a page: a sign-in, a block page, a
//! "please wait". A real blob storage names the kind of the blob (`x-ms-blob-type`), which nothing else does, so such an
//! answer is believed whatever it holds. Gateways also drop the headers of the storage, so none is demanded: without that
//! one, what calls itself a document or reads like one is not the blob, whatever status, range or request id comes with
//! it, and an answer to a range that is not that range must look like data.
//!
//! How long the blob is counts as known only if the answer tells it: see [`Extent`].

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::link::Access;
use crate::base::encoding::seen;
use crate::base::error::{Error, Kind, Result};
use crate::base::next_step::NextStep;
use crate::transport::intermediary;

/// The code by which the service refuses a range that begins behind the blob's end.
pub const OUTSIDE: &str = "InvalidRange";

/// The first bytes of a body that are inspected before any of it is passed on. Pages may begin with many empty lines.
pub(super) const INSPECTED: usize = 1024;

/// Headers that a blob storage adds to its answers, and nothing else does. A gateway may drop them.
const STORAGE: [&str; 4] = ["x-ms-request-id", "x-ms-version", "x-ms-blob-type", "x-ms-error-code"];

/// Whether a header says that a blob storage gave the answer.
pub(super) fn is_from_storage<'a>(header: impl Fn(&str) -> Option<&'a str>) -> bool {
    STORAGE.iter().any(|name| header(name).is_some())
}

/// How pages begin.
const PAGES: [&str; 7] = ["<!doctype html", "<html", "<head", "<body", "<title", "<script", "<meta"];

/// What `Content-Encoding` says of data that was left as it is.
const IDENTITY: [&str; 2] = ["", "identity"];

/// What a read asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadRequest {
    /// The properties alone (HEAD).
    Properties,
    /// So many bytes from there.
    Range { offset: u64, length: u64 },
    /// The whole blob.
    Whole,
}

/// How long a body is that holds a whole blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// So long, as the answer tells.
    Known(u64),
    /// As long as it is: its end is marked on the wire (chunked), so it cannot be cut short unseen.
    Marked,
    /// It ends with the connection, and nobody can tell whether that is its end.
    Unknown,
}

/// What part of the blob a body holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The range that was asked for.
    Range {
        /// The whole blob's length, where the answer tells it.
        total: Option<u64>,
    },
    /// The whole blob, whatever range was asked for.
    Whole(Length),
    /// A part of the blob, and the answer does not tell which.
    Unplaced,
}

/// What an answer tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BlobHeaders {
    pub(super) extent: Extent,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    /// The whole blob's MD5.
    pub(super) content_md5: Option<[u8; 16]>,
}

/// The headers that count.
pub(super) struct ResponseHead<'a> {
    pub(super) status: u16,
    pub(super) header: &'a dyn Fn(&str) -> Option<&'a str>,
}

impl ResponseHead<'_> {
    fn number(&self, name: &str) -> Option<u64> {
        (self.header)(name).and_then(|text| text.trim().parse().ok())
    }

    fn text(&self, name: &str) -> String {
        (self.header)(name).unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Nothing but a blob storage says this, not even in its own errors.
    fn names_a_blob(&self) -> bool {
        !self.text("x-ms-blob-type").is_empty()
    }

    fn is_encoded(&self) -> bool {
        !IDENTITY.contains(&self.text("content-encoding").as_str())
    }

    fn length(&self) -> Length {
        if self.text("transfer-encoding").contains("chunked") {
            return Length::Marked;
        }
        self.number("content-length").map_or(Length::Unknown, Length::Known)
    }

    fn extent(&self, asked: ReadRequest) -> Result<Extent> {
        let range = (self.header)("content-range").and_then(ContentRange::parse);
        match (asked, self.status, range) {
            (_, 200, _) => Ok(Extent::Whole(self.length())),
            (ReadRequest::Range { .. }, 206, None) => Ok(Extent::Unplaced),
            (ReadRequest::Range { offset, length }, 206, Some(range)) if range.answers(offset, length) => {
                Ok(Extent::Range { total: range.total })
            }
            (ReadRequest::Whole, 206, Some(ContentRange { first: 0, last, total: Some(total) }))
                if last.checked_add(1) == Some(total) =>
            {
                Ok(Extent::Whole(Length::Known(total)))
            }
            (_, 206, _) => {
                Err(Error::new(Kind::Protocol, "the blob storage returned a different range than requested")
                    .with_next_step(hint()))
            }
            (..) => Err(Error::new(Kind::Protocol, format!("unexpected status {} from the blob storage", self.status))
                .with_http_status(self.status)
                .with_next_step(hint())),
        }
    }
}

/// A `Content-Range` that names a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ContentRange {
    first: u64,
    last: u64,
    /// `*` is none.
    total: Option<u64>,
}

impl ContentRange {
    fn parse(text: &str) -> Option<Self> {
        let (unit, range) = text.trim().split_once(' ')?;
        let (range, total) = range.split_once('/').filter(|_| unit.eq_ignore_ascii_case("bytes"))?;
        let (first, last) = range.split_once('-')?;
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let total = if total.trim() == "*" { None } else { Some(number(total)?) };
        Some(Self { first: number(first)?, last: number(last)?, total })
    }

    /// Whether it is the range that was asked for. The last range of a blob may be shorter.
    fn answers(self, offset: u64, length: u64) -> bool {
        let asked = offset.saturating_add(length);
        let end = self.last.checked_add(1);
        let fits = match self.total {
            Some(total) => end == Some(total.min(asked)),
            None => end.is_some_and(|end| end <= asked),
        };
        self.first == offset && self.last >= offset && fits
    }
}

/// Whether a refused range says that the blob is empty (RFC 9110, section 15.5.17).
pub(super) fn says_empty(content_range: Option<&str>) -> bool {
    content_range.is_some_and(|text| text.trim().eq_ignore_ascii_case("bytes */0"))
}

/// Judges an answer of success by its headers and the first [`INSPECTED`] bytes of its body, all of it if it is shorter.
/// `begins` is how every blob begins that can be meant: it decides where no sign of a storage is there.
///
/// # Errors
/// `Protocol` when it is not the blob's.
pub(super) fn judge(
    asked: ReadRequest,
    heading: &ResponseHead<'_>,
    first: &[u8],
    begins: &[u8],
) -> Result<BlobHeaders> {
    let believed = heading.names_a_blob();
    let extent = heading.extent(asked);
    if !believed && is_foreign(asked, heading, extent.as_ref().ok().copied(), first) {
        return Err(page(heading, first));
    }
    let extent = extent?;
    // Of what was encoded on the way (a real storage sends what is stored) the length is not the blob's, and the bytes are
    // not either.
    if heading.is_encoded() && (!believed || matches!(extent, Extent::Whole(Length::Marked | Length::Unknown))) {
        let how = heading.text("content-encoding");
        return Err(Error::new(Kind::Protocol, format!("the blob was encoded in transit ({how})"))
            .with_next_step(intermediary::next_step("the blob storage", "the network path to it")));
    }
    let is_beginning = match (asked, extent) {
        (ReadRequest::Properties, _) | (_, Extent::Unplaced) => false,
        (_, Extent::Whole(_)) => true,
        (asked, Extent::Range { .. }) => matches!(asked, ReadRequest::Range { offset: 0, .. }),
    };
    let begins = &begins[..begins.len().min(first.len())];
    if is_beginning && !first.starts_with(begins) && !is_from_storage(heading.header) {
        return Err(page(heading, first));
    }
    let text = |name: &str| (heading.header)(name).map(str::to_owned);
    // In the answer to a range, `Content-MD5` is that of the range ("Get Blob", response headers).
    let md5 = if heading.status == 206 { "x-ms-blob-content-md5" } else { "content-md5" };
    Ok(BlobHeaders {
        extent,
        etag: text("etag"),
        last_modified: text("last-modified"),
        content_md5: text(md5).and_then(|text| STANDARD.decode(text.trim()).ok()?.try_into().ok()),
    })
}

/// Judges an answer of success to another request than the reading of a blob: 201 to a write, and 200 with a list to
/// whoever reads the list of blocks.
///
/// # Errors
/// `Protocol` when it is not the storage's.
pub(super) fn judge_other(access: Access, heading: &ResponseHead<'_>, first: &[u8]) -> Result<()> {
    let is_answer = match access {
        Access::Write => {
            let is_page = || {
                is_document_type(&heading.text("content-type"))
                    || matches!(Content::of(first), Content::Page | Content::Document)
            };
            // A storage has nothing more to say.
            heading.status == 201 && (first.is_empty() || is_from_storage(heading.header) || !is_page())
        }
        Access::Read => heading.status == 200 && seen(first).contains("<BlockList"),
    };
    if is_answer { Ok(()) } else { Err(foreign(heading, first, "its own response")) }
}

/// Whether an answer that does not name a blob is somebody else's.
fn is_foreign(asked: ReadRequest, heading: &ResponseHead<'_>, extent: Option<Extent>, first: &[u8]) -> bool {
    if is_document_type(&heading.text("content-type")) {
        return true;
    }
    if asked == ReadRequest::Properties {
        return false;
    }
    let content = Content::of(first);
    match (asked, extent) {
        // The middle of a blob may by chance read like the beginning of a document, but not like a page and be as long as
        // the range.
        (ReadRequest::Range { offset, length }, Some(Extent::Range { .. })) if offset > 0 => {
            let shorter = (first.len() as u64) < length.min(INSPECTED as u64);
            content == Content::Page
                || (content == Content::Document
                    && shorter
                    && heading.number("content-length").is_none_or(|told| told < length))
        }
        (_, Some(Extent::Range { .. })) => matches!(content, Content::Page | Content::Document),
        // Nothing says that the answer is to this request at all. The version is something that a storage says.
        _ => match content {
            Content::Page | Content::Document | Content::Nothing => true,
            Content::Text => heading.text("x-ms-version").is_empty(),
            Content::Data => false,
        },
    }
}

/// Types of what people and programs read, and of no database.
fn is_document_type(content_type: &str) -> bool {
    let kind = intermediary::media_type(content_type);
    let names = ["text/html", "text/xml", "application/xhtml+xml", "application/xml", "application/json", "text/json"];
    names.contains(&kind) || kind.starts_with("application/problem+")
}

/// What the beginning of a body reads like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Nothing,
    /// HTML.
    Page,
    /// XML or JSON.
    Document,
    /// Other text.
    Text,
    /// Anything else, as the archive that an exported database is (`PK`).
    Data,
}

impl Content {
    fn of(first: &[u8]) -> Self {
        if first.is_empty() {
            return Self::Nothing;
        }
        let text = seen(first);
        let begin = text.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
        let begins = |word: &&str| begin.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
        // Whatever character set the rest is in.
        if PAGES.iter().any(begins) || (begin.starts_with('<') && begin.to_ascii_lowercase().contains("<html")) {
            return Self::Page;
        }
        let is_text =
            |letter: char| letter.is_whitespace() || !(letter.is_control() || letter == char::REPLACEMENT_CHARACTER);
        if first.starts_with(b"PK") || begin.starts_with("PK") || !text.chars().all(is_text) {
            return Self::Data;
        }
        if begin.starts_with(['<', '{', '[']) { Self::Document } else { Self::Text }
    }
}

/// The error of an answer to a read that something else gave.
fn page(heading: &ResponseHead<'_>, first: &[u8]) -> Error {
    foreign(heading, first, "the blob")
}

/// The error of an answer that something else gave in place of `what`.
fn foreign(heading: &ResponseHead<'_>, first: &[u8], what: &str) -> Error {
    let kind = (heading.header)("content-type").map_or("an unknown content type", intermediary::media_type);
    let text = seen(first);
    let (kind, said) = match Content::of(first) {
        // Nobody can read that.
        Content::Data => (kind, None),
        _ if first.is_empty() && is_document_type(kind) => (kind, None),
        _ if text.trim().is_empty() => ("an empty body", None),
        _ => (kind, intermediary::excerpt(&text)),
    };
    let said = said.map_or_else(String::new, |said| format!(": \"{said}\""));
    Error::new(
        Kind::Protocol,
        format!("the blob storage answered {} with {kind} instead of {what}{said}", heading.status),
    )
    .with_http_status(heading.status)
    .with_next_step(hint())
}

/// What to do when something else has answered.
pub(super) fn hint() -> NextStep {
    intermediary::next_step("the blob storage", "the SAS URL")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &[u8] = b"<!DOCTYPE html><html><title>Sign in</title></html>";
    const DATA: &[u8] = b"PK\x03\x04 and so on \x00\x01\x02";

    fn judged(asked: ReadRequest, status: u16, headers: &[(&str, &str)], first: &[u8]) -> Result<BlobHeaders> {
        let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        judge(asked, &ResponseHead { status, header: &header }, first, b"")
    }

    #[test]
    fn without_a_sign_of_a_storage_the_beginning_decides() {
        let placed = ("content-range", "bytes 0-9/10");
        let later = ("content-range", "bytes 5-9/10");
        let id = ("x-ms-request-id", "1");
        for (asked, status, headers, first, good) in [
            (range(0, 10), 200, &[("content-type", "image/png")][..], &b"\x89PNG\r\n\x1a\n\0"[..], false),
            (range(5, 5), 200, &[], b"%PDF-1.4\n\x9c\0", false),
            (range(0, 10), 206, &[placed], b"\x9c\0\x01", false),
            (ReadRequest::Whole, 200, &[], b"\x9c\0\x01", false),
            (ReadRequest::Whole, 200, &[id], b"\x9c\0\x01", true),
            (range(0, 10), 206, &[placed, ("x-ms-version", "2020-12-06")], b"\x9c\0\x01", true),
            (ReadRequest::Whole, 200, &[], DATA, true),
            (range(0, 1), 206, &[("content-range", "bytes 0-0/10")], b"P", true),
            (range(5, 5), 206, &[later], b"\x9c\0\x01", true),
            (ReadRequest::Properties, 200, &[("content-length", "10")], b"", true),
        ] {
            let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            let told = judge(asked, &ResponseHead { status, header: &header }, first, b"PK");
            assert_eq!(told.is_ok(), good, "{asked:?} {status} {headers:?} {first:?}");
            if let Err(error) = told {
                assert_eq!(error.kind(), Kind::Protocol);
                assert!(error.next_step().is_some_and(|step| step.contains("HTTPS_PROXY")), "{error:?}");
                assert!(!error.to_string().contains(['"', '\u{89}']), "no garbage is shown: {error}");
            }
        }
    }

    #[test]
    fn an_answer_to_a_write_or_with_the_list_of_blocks_is_the_storages_own() {
        const LIST: &[u8] = b"\xef\xbb\xbf<?xml version=\"1.0\"?><BlockList/>";
        let (html, id) = (("content-type", "text/html"), ("x-ms-request-id", "1"));
        for (access, status, headers, first, good) in [
            (Access::Write, 201, &[][..], &b""[..], true),
            (Access::Write, 201, &[html], b"", true),
            (Access::Write, 201, &[html, id], PAGE, true),
            (Access::Write, 201, &[("content-type", "text/plain")], b"created", true),
            (Access::Write, 201, &[], PAGE, false),
            (Access::Write, 201, &[html], b"Sign in", false),
            (Access::Write, 200, &[html, id], PAGE, false),
            (Access::Write, 202, &[], b"", false),
            (Access::Read, 200, &[], LIST, true),
            (Access::Read, 200, &[html], PAGE, false),
            (Access::Read, 200, &[], b"", false),
            (Access::Read, 204, &[], b"", false),
        ] {
            let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            let judged = judge_other(access, &ResponseHead { status, header: &header }, first);
            assert_eq!(judged.is_ok(), good, "{access:?} {status} {headers:?}");
            if let Err(error) = judged {
                assert_eq!((error.kind(), error.http_status()), (Kind::Protocol, Some(status)));
                assert!(error.next_step().is_some_and(|step| step.contains("HTTPS_PROXY")), "{error:?}");
                assert!(!first.starts_with(b"<!DOCTYPE") || error.to_string().contains("\"Sign in\""), "{error}");
            }
        }
    }

    const fn range(offset: u64, length: u64) -> ReadRequest {
        ReadRequest::Range { offset, length }
    }

    #[test]
    fn what_an_answer_holds_of_the_blob() {
        const RANGE: &str = "content-range";
        const LENGTH: &str = "content-length";
        let placed = |total| Some(Extent::Range { total });
        let whole = |length| Some(Extent::Whole(length));
        for (asked, status, headers, expected) in [
            (range(0, 10), 206, &[(RANGE, "bytes 0-9/100")][..], placed(Some(100))),
            (range(90, 10), 206, &[(RANGE, "Bytes 90-99/100")], placed(Some(100))),
            (range(0, 10), 206, &[(RANGE, "bytes 0-4/5")], placed(Some(5))),
            (range(0, 10), 206, &[(RANGE, "bytes 0-9/*")], placed(None)),
            (range(10, 10), 206, &[(RANGE, "bytes 0-9/100")], None),
            (range(10, 10), 206, &[(RANGE, "bytes 0-9/*")], None),
            (range(0, 10), 206, &[(RANGE, "bytes 0-8/100")], None),
            (range(0, 10), 206, &[(RANGE, "bytes 0-10/*")], None),
            (range(0, 10), 206, &[(RANGE, "bytes 0-18446744073709551615/1")], None),
            // Which part it is nobody tells, so it is not known to be the first, and its length not to be the blob's.
            (range(0, 10), 206, &[(LENGTH, "10")], Some(Extent::Unplaced)),
            (range(0, 10), 206, &[(RANGE, "bytes */100")], Some(Extent::Unplaced)),
            (range(10, 10), 200, &[(LENGTH, "100")], whole(Length::Known(100))),
            (range(0, 10), 200, &[("transfer-encoding", "chunked")], whole(Length::Marked)),
            (range(0, 10), 200, &[], whole(Length::Unknown)),
            (ReadRequest::Whole, 200, &[(LENGTH, "100")], whole(Length::Known(100))),
            (ReadRequest::Whole, 206, &[(RANGE, "bytes 0-99/100")], whole(Length::Known(100))),
            (ReadRequest::Whole, 206, &[(RANGE, "bytes 0-98/100")], None),
            (ReadRequest::Whole, 206, &[(LENGTH, "100")], None),
            (ReadRequest::Properties, 200, &[(LENGTH, "100")], whole(Length::Known(100))),
            (ReadRequest::Properties, 204, &[(LENGTH, "100")], None),
            (range(0, 10), 203, &[(LENGTH, "100")], None),
        ] {
            let told = judged(asked, status, headers, DATA);
            assert_eq!(told.as_ref().ok().map(|told| told.extent), expected, "{asked:?} {status} {headers:?}");
        }
    }

    #[test]
    fn what_is_told_to_be_a_page_or_reads_like_one_is_not_the_blob() {
        let mut wide = vec![0xff, 0xfe];
        wide.extend("<html>".encode_utf16().flat_map(u16::to_le_bytes));
        let bodies = [
            PAGE,
            b"\xef\xbb\xbf\r\n\n\n  <HTML>",
            b"<!-- busy --><html>",
            b"<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC><html>",
            b"<html>\x93Sign in\x94",
            b"<?xml version=\"1.0\"?><Error><Code>x</Code></Error>",
            b"{\"error\":\"sign in\"}",
            b"[]",
            &wide,
            b"Please wait",
            b"",
        ];
        for body in bodies {
            let length = body.len().to_string();
            let spread = format!("bytes 0-{}/{length}", body.len().saturating_sub(1));
            for (asked, status) in
                [(range(0, 100), 200), (range(100, 100), 200), (ReadRequest::Whole, 200), (range(0, 100), 206)]
            {
                let placed = status == 206 && !body.is_empty() && body != b"Please wait";
                let headers =
                    [("content-length", length.as_str()), ("x-ms-request-id", "1"), ("content-range", &spread)];
                let headers = if status == 200 || placed { &headers[..] } else { &headers[..2] };
                let error = judged(asked, status, headers, body).unwrap_err();
                assert_eq!(error.kind(), Kind::Protocol, "{asked:?} {status} {body:?}");
                assert!(error.next_step().is_some_and(|step| step.contains("HTTPS_PROXY")), "{error:?}");
            }
        }
        let error = judged(range(0, 9), 200, &[("content-type", "text/html; charset=x")], PAGE).unwrap_err();
        assert_eq!(error.to_string(), "the blob storage answered 200 with text/html instead of the blob: \"Sign in\"");
        for kind in ["text/html", "TEXT/HTML;charset=utf-8", "application/problem+json", "application/json"] {
            let headers = [("content-type", kind), ("content-length", "10"), ("content-range", "bytes 0-9/10")];
            for (asked, status) in [(ReadRequest::Properties, 200), (range(0, 10), 206), (range(0, 10), 200)] {
                assert!(judged(asked, status, &headers, DATA).is_err(), "{kind} {asked:?}");
            }
        }
    }

    #[test]
    fn a_blob_needs_no_sign_but_what_it_holds_and_with_signs_may_hold_anything() {
        let placed = ("content-range", "bytes 0-9/10");
        for (asked, status, headers, body) in [
            (range(0, 10), 200, &[][..], DATA),
            (range(0, 10), 200, &[("content-type", "text/plain")], b"\0\0\0\0"),
            (range(0, 10), 206, &[placed], b"some text"),
            (range(0, 10), 206, &[placed], b"\0\0\0\0"),
            (range(0, 10), 200, &[("x-ms-version", "2020-12-06")], b"some text"),
            (range(0, 10), 200, &[("x-ms-blob-type", "BlockBlob"), ("content-type", "text/html")], PAGE),
            (range(0, 10), 200, &[("x-ms-blob-type", "BlockBlob"), ("content-length", "0")], b""),
            (range(0, 10), 206, &[("x-ms-blob-type", "BlockBlob"), placed, ("content-encoding", "gzip")], DATA),
            // By chance, in the middle.
            (range(10, 5), 206, &[("content-range", "bytes 10-14/90"), ("content-length", "5")], b"<a> b"),
        ] {
            assert!(judged(asked, status, headers, body).is_ok(), "{status} {headers:?} {body:?}");
        }
    }

    #[test]
    fn a_page_in_the_middle_is_known_by_its_words_or_its_length() {
        let middle = [("content-range", "bytes 100-199/900"), ("content-length", "100")];
        assert!(judged(range(100, 100), 206, &middle, PAGE).is_err());
        let middle = [("content-range", "bytes 100-199/900"), ("content-length", "5")];
        assert!(judged(range(100, 100), 206, &middle, b"{\"a\":").is_err());
    }

    #[test]
    fn what_was_encoded_on_its_way_is_not_the_blob() {
        for headers in [
            &[("content-encoding", "gzip"), ("content-length", "10")][..],
            &[("content-encoding", "gzip"), ("x-ms-blob-type", "BlockBlob"), ("transfer-encoding", "chunked")],
        ] {
            let error = judged(ReadRequest::Whole, 200, headers, b"\x1f\x8b\x08\0").unwrap_err();
            assert!(error.message().contains("encoded in transit (gzip)"), "{error}");
            assert!(error.next_step().is_some());
        }
    }

    /// Of arbitrary data some begins like a document, but not with a whole kilobyte of text.
    #[test]
    fn no_random_data_is_taken_for_a_page() {
        let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
        for begin in [&b"<"[..], b"{", b"[", b"PK", b" ", b"\r\n<", b"\xff\xfe<"] {
            for _ in 0..200 {
                let mut bytes = begin.to_vec();
                while bytes.len() < INSPECTED {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    bytes.extend((state >> 16).to_le_bytes()[..4].iter());
                }
                assert_eq!(Content::of(&bytes), Content::Data);
            }
        }
    }
}
