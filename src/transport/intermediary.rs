//! Answers that a proxy, a login page or a gateway gives in the other side's place: how they are told. Pure.

use super::page;
use crate::base::next_step::NextStep;

/// Letters of such an answer that are shown.
const LONGEST: usize = 100;

/// What to do when a proxy answers 407.
pub const PROXY_CREDENTIALS: &str =
    "the proxy requires a user name and a password: put them into HTTPS_PROXY (http://user:password@proxy:port)";

/// What to do about an answer that `whom` has not given.
#[must_use]
pub fn next_step(whom: &str, check: impl Into<NextStep>) -> NextStep {
    NextStep::text(format!("a proxy or a login page may have answered instead of {whom}: check "))
        .followed_by(check.into())
        .and(" and the proxy settings (HTTPS_PROXY, NO_PROXY)")
}

/// The media type of a `Content-Type`, without its parameters.
#[must_use]
pub fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or(content_type).trim()
}

/// What such an answer says, in a few words: a page's title or its first words. `None` for what nobody can read, such as
/// a page that is still compressed.
#[must_use]
pub fn excerpt(text: &str) -> Option<String> {
    if !page::is_readable(text) {
        return None;
    }
    let said = page::title(text).unwrap_or_else(|| text.to_owned());
    Some(page::shortened(&said.replace(|letter: char| letter.is_control() && !letter.is_whitespace(), ""), LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_a_title_or_the_first_words_and_holds_no_signature() {
        for (text, expected) in [
            ("<html><TITLE lang=\"en\">Sign\n in &amp; wait</title><body>x", "Sign in & wait"),
            ("{\"a\":\n 1}", "{\"a\": 1}"),
            ("moved to https%3A%2F%2Fh%2Fp%3Fsig%3DCANARY now\u{1b}[2J", "moved to now[2J"),
        ] {
            assert_eq!(excerpt(text).as_deref(), Some(expected));
        }
        assert_eq!(excerpt(&"x ".repeat(400)).unwrap().len(), LONGEST + "...".len());
        assert_eq!(
            excerpt("\u{1f}\u{8b}\u{8}\0\0\0\0\0\0\u{3}\u{b3}\u{c9}(\u{c9}\u{cd}\u{b1}\u{e3}\u{e5}\u{b2}\u{c9}HML"),
            None
        );
    }
}
