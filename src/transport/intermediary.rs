//! Answers that a proxy, a login page or a gateway gives in the other side's place: how they are told. Pure.

use crate::base::next_step::NextStep;

/// Letters of such an answer that are shown.
const LONGEST: usize = 100;

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

/// What such an answer says, in a few words: a page's title or its first words.
#[must_use]
pub fn excerpt(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title>").and_then(|start| {
        let start = start + "<title>".len();
        let end = start + lower[start..].find('<')?;
        text.get(start..end)
    });
    let words = title.unwrap_or(text).split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}
