//! A page that something on the way answers with, in one short line. Pure.
//!
//! A page is somebody else's text, and often repeats the address that was asked for. So only its title or its first line
//! of text is told, cut to a length, without markup and without anything that may be a signature.

use percent_encoding::percent_decode_str;

use crate::base::redaction::cut;

/// Letters of an answer that are shown.
pub const LONGEST: usize = 200;

/// Elements whose content nobody sees.
const UNSEEN: [&str; 3] = ["script", "style", "head"];

/// Whether a text is one that people can read: at most one letter in twenty is a control character or stands for a byte
/// that is no text. Compressed data has many of them.
#[must_use]
pub(super) fn is_readable(text: &str) -> bool {
    let is_noise =
        |letter: &char| (letter.is_control() && !letter.is_whitespace()) || *letter == char::REPLACEMENT_CHARACTER;
    text.chars().filter(is_noise).count() * 20 <= text.chars().count()
}

/// What a page says, in a line: its title, else the first text that a reader sees. `None` when it says nothing, or nothing
/// that anybody can read.
#[must_use]
pub fn words(page: &str) -> Option<String> {
    if !is_readable(page) {
        return None;
    }
    let said = title(page).or_else(|| {
        let seen = without_unseen(page);
        // One piece of text between two elements: what follows is more of the page than an error can tell.
        seen.split('<').enumerate().find_map(|(index, piece)| {
            let text = if index == 0 { piece } else { piece.split_once('>').map_or("", |(_, text)| text) };
            text.lines().map(text_of).find(|line| !line.is_empty())
        })
    })?;
    Some(shortened(&said, LONGEST))
}

/// The title of a page on one line, as long as it is.
pub(super) fn title(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    content(page, &lower, "title").map(|(_, text)| text_of(text)).filter(|text| !text.is_empty())
}

/// A text of the other side on one line, of at most so many letters, and without what may be a signature.
#[must_use]
pub fn shortened(text: &str, longest: usize) -> String {
    let shown: Vec<&str> = text.split_whitespace().filter(|word| !holds_signature(word)).collect();
    cut(&shown.join(" "), longest, "...")
}

/// Whether a word holds the signature of a SAS URL, also where the URL stands encoded in another one. Those that stand in
/// it as they are, are hidden by [`Error`](crate::base::error::Error) itself.
fn holds_signature(word: &str) -> bool {
    let mut text = word.to_owned();
    for _ in 0..3 {
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            return false;
        }
        text = decoded;
        if text.to_ascii_lowercase().contains("sig=") {
            return true;
        }
    }
    true
}

/// The content of the first element of this name, and where it ends.
fn content<'a>(text: &'a str, lower: &str, name: &str) -> Option<(usize, &'a str)> {
    let begins = |at: &usize| {
        let rest = &lower[at + 1 + name.len()..];
        rest.starts_with('>') || rest.starts_with(char::is_whitespace)
    };
    let at = lower.match_indices(&format!("<{name}")).map(|(at, _)| at).find(begins)?;
    let start = at + lower[at..].find('>')? + 1;
    let end = lower[start..].find(&format!("</{name}")).map_or(lower.len(), |end| start + end);
    Some((end, &text[start..end]))
}

/// A page without comments and the elements that are not shown.
fn without_unseen(page: &str) -> String {
    let mut text = page.to_owned();
    while let Some(start) = text.find("<!--") {
        let end = text[start..].find("-->").map_or(text.len(), |end| start + end + 3);
        text.replace_range(start..end, "");
    }
    for name in UNSEEN {
        loop {
            let lower = text.to_ascii_lowercase();
            let Some((end, inside)) = content(&text, &lower, name) else { break };
            let start = end - inside.len();
            // The start tag loses its name as well, so that it is not found again.
            let tag = lower[..start].rfind('<').unwrap_or(start);
            text.replace_range(tag..end, "<x>");
        }
    }
    text
}

/// The text of a piece of HTML, on one line.
fn text_of(piece: &str) -> String {
    unescaped(piece).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text with the usual entities of HTML as letters.
fn unescaped(text: &str) -> String {
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&nbsp;", " ")];
    let text = entities.iter().fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter));
    // Last, so that what it makes is not read as an entity.
    text.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_told_by_its_title_or_its_first_text() {
        for (page, expected) in [
            ("<html><title>Blocked by policy 17</title><body>x</body></html>", Some("Blocked by policy 17")),
            ("<HTML><HEAD><TITLE lang=\"en\">\n No such\tbackend </TITLE>", Some("No such backend")),
            (
                "<html><head><title> </title><style>p { }</style></head><body><p>Too &lt;large&gt;</p>y",
                Some("Too <large>"),
            ),
            ("<!-- c --><script>var a = '<p>';</script><h1>413</h1>", Some("413")),
            ("\n  upstream connect error \nmore", Some("upstream connect error")),
            ("<titles>no</titles>", Some("no")),
            ("<title>open &amp; cut", Some("open & cut")),
            ("<script>never closed", None),
            ("\u{1f}\u{8b}\u{8}\0\0\0\0\0\0\u{3}\u{b3}\u{c9}(\u{c9}\u{cd}\u{b1}\u{e3}", None),
            ("<p", None),
            ("", None),
        ] {
            assert_eq!(words(page).as_deref(), expected, "{page}");
        }
    }

    #[test]
    fn it_is_short_and_holds_no_signature() {
        let long = words(&"ä ".repeat(1000)).unwrap();
        assert!(long.ends_with("...") && long.chars().count() == LONGEST + 3, "{long}");
        for secret in ["u%3Fsig%3DCANARY", "a%253Fsv%253D1%2526sig%253DCANARY", "%2525252525CANARY"] {
            assert_eq!(words(&format!("<title>Sign in {secret} here</title>")).as_deref(), Some("Sign in here"));
        }
    }
}
