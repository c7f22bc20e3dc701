//! Texts of somebody else, as they may be told: on one line, and without the signatures of links.

/// A text of somebody else on one line: what would begin a new line, or tell a terminal to do something, becomes a
/// space. So a log keeps one line for an error, and nobody can forge another.
#[must_use]
pub fn one_line(text: &str) -> String {
    let breaks = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    text.chars().map(|letter| if breaks(letter) { ' ' } else { letter }).collect()
}

/// A text without the signatures of links in it, such as a link that was given where a name belongs: the query of
/// whatever looks like a link, and of whatever holds the signature of one, becomes `?...`.
#[must_use]
pub fn without_signatures(text: &str) -> String {
    let is_secret = |word: &str| word.contains("sig=") || (word.contains("://") && word.contains('?'));
    if !is_secret(text) {
        return text.to_owned();
    }
    let ends = |letter: char| letter.is_whitespace() || matches!(letter, '\'' | '"' | '`' | '<' | '>');
    // Whichever comes first: a signature may stand before a question mark.
    let begin = |word: &str| word.find('?').into_iter().chain(word.find("sig=")).min();
    let words = text.split_inclusive(ends).map(|word| match begin(word) {
        Some(at) if is_secret(word) => {
            let end = word.char_indices().next_back().filter(|(_, letter)| ends(*letter));
            format!("{}?...{}", &word[..at], end.map_or("", |(at, _)| &word[at..]))
        }
        _ => word.to_owned(),
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_signature_of_a_link_stays_in_a_text() {
        for (text, shown) in [
            ("nothing: 'a?b' and sv=1", "nothing: 'a?b' and sv=1"),
            ("'https://a/b?sv=1&sig=CANARY' is no name", "'https://a/b?...' is no name"),
            ("https://a/b?CANARY: x, http://c?CANARY", "https://a/b?... x, http://c?..."),
            ("sv=1&sig=CANARY end", "sv=1&?... end"),
            ("a `?sig=CANARY`, `b`", "a `?...`, `b`"),
            ("sv=1&sig=CANARY?sig=CANARY end", "sv=1&?... end"),
        ] {
            assert_eq!(without_signatures(text), shown);
        }
    }
}
