//! What a file is that is not an archive, by its first bytes: so that a person is told what came in place of a database.

use crate::base::encoding::{marked_utf16, utf8_beginning};

/// What came in place of a bacpac.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Content {
    /// Nothing at all.
    Empty,
    /// A page of a sign-in form, a block page, a gateway.
    WebPage,
    /// An XML document, such as an error of blob storage.
    Xml,
    /// A JSON document.
    Json,
    /// The few lines that Git keeps in place of a large file.
    LfsPointer,
    /// Some other text.
    Text,
    /// Zero bytes: room that nothing was written to.
    Zeros,
    /// A backup of SQL Server (`.bak`).
    SqlBackup,
    /// An archive of another kind.
    Gzip,
    /// An archive of another kind.
    SevenZip,
    /// An archive of another kind.
    Rar,
    /// A ZIP archive of something else.
    Zip,
    /// A NuGet package.
    NugetPackage,
    /// The model of a database without its data.
    Dacpac,
    /// None of these.
    Unknown,
}

/// How many bytes [`Content::of`] looks at.
pub(super) const HEAD: usize = 512;

impl Content {
    /// What a file is that begins with these bytes, and is not a ZIP archive.
    pub(super) fn of(head: &[u8]) -> Self {
        let begins = |signatures: &[&[u8]]| signatures.iter().any(|signature| head.starts_with(signature));
        if head.is_empty() {
            return Self::Empty;
        }
        if head.iter().all(|byte| *byte == 0) {
            return Self::Zeros;
        }
        if begins(&[b"TAPE\0"]) {
            return Self::SqlBackup;
        }
        if begins(&[b"\x1f\x8b"]) {
            return Self::Gzip;
        }
        if begins(&[b"7z\xbc\xaf\x27\x1c"]) {
            return Self::SevenZip;
        }
        if begins(&[b"Rar!\x1a\x07"]) {
            return Self::Rar;
        }
        Self::of_text(head).unwrap_or(Self::Unknown)
    }

    fn of_text(head: &[u8]) -> Option<Self> {
        let text = text(head)?.to_ascii_lowercase();
        let text = text.trim_start();
        Some(if text.starts_with("version https://git-lfs") {
            Self::LfsPointer
        } else if text.starts_with('<') {
            let is_page = ["<html", "<!doctype html", "<head", "<body", "<script", "<title"];
            if is_page.iter().any(|tag| text.contains(tag)) { Self::WebPage } else { Self::Xml }
        } else if text.starts_with(['{', '[']) {
            Self::Json
        } else {
            Self::Text
        })
    }

    /// Whether it is what a proxy, a gateway or an error answers with, and not a file that somebody keeps.
    #[must_use]
    pub fn is_answer(self) -> bool {
        matches!(self, Self::WebPage | Self::Xml | Self::Json | Self::Text)
    }

    /// With its article.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::WebPage => "a web page",
            Self::Xml => "an XML document",
            Self::Json => "a JSON document",
            Self::LfsPointer => "a Git LFS pointer to a file that was not fetched",
            Self::Text => "a text file",
            Self::Zeros => "nothing but zero bytes",
            Self::SqlBackup => "a SQL Server backup (.bak)",
            Self::Gzip => "a gzip file",
            Self::SevenZip => "a 7-Zip archive",
            Self::Rar => "a RAR archive",
            Self::Zip => "a ZIP archive without model.xml and Origin.xml",
            Self::NugetPackage => "a NuGet package",
            Self::Dacpac => "a dacpac, which contains the model of a database but no data",
            Self::Unknown => "not a ZIP archive",
        }
    }
}

/// The bytes as a text, in UTF-8 or UTF-16; `None` where they are none.
fn text(head: &[u8]) -> Option<String> {
    let bytes = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = match marked_utf16(head).or_else(|| utf8_beginning(bytes).map(str::to_owned)) {
        Some(text) => text,
        // Pages in older encodings are pages all the same.
        None if bytes.trim_ascii_start().starts_with(b"<") => String::from_utf8_lossy(bytes).into_owned(),
        None => return None,
    };
    let is_text = |letter: char| !letter.is_control() || letter.is_whitespace();
    text.chars().all(is_text).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_in_place_of_a_bacpac_is_named() {
        let utf16: Vec<u8> = "\u{feff}<HTML>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (head, content) in [
            (&b""[..], Content::Empty),
            (b"<!DOCTYPE html><html><title>Sign in</title></html>", Content::WebPage),
            (b"\xef\xbb\xbf\r\n <HTML>", Content::WebPage),
            (b"<html><title>S\xe4 bl\xf6cked</title>", Content::WebPage),
            (b"<!-- proxy -->\n<html>", Content::WebPage),
            (b"<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC", Content::WebPage),
            (b"<?xml version=\"1.0\"?><Error><Code>AuthenticationFailed</Code>", Content::Xml),
            (&utf16, Content::WebPage),
            (b"{\"error\":\"busy\"}", Content::Json),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n", Content::LfsPointer),
            (b"please wait", Content::Text),
            (b"caf\xc3", Content::Text),
            (&[0; 512], Content::Zeros),
            (b"TAPE\0\0\x03\0", Content::SqlBackup),
            (b"\x1f\x8b\x08", Content::Gzip),
            (b"7z\xbc\xaf\x27\x1c", Content::SevenZip),
            (b"Rar!\x1a\x07\x01", Content::Rar),
            (b"\x8f\x00\x11\xfe", Content::Unknown),
        ] {
            assert_eq!(Content::of(head), content, "{:?}", String::from_utf8_lossy(head));
        }
    }
}
