//! Texts of somebody else, as they may be told: on one line, and without the signatures of links.

use std::fmt::Display;

/// Whether a letter does something else than to show itself. A terminal obeys control characters, C1 as well as C0;
/// line separators begin a line; marks of direction show a text in another order than it is written in; the other ones
/// here are invisible, so that two names which differ look the same. Joiners (U+200C and U+200D) are left alone, because
/// words of several languages and emoji are written with them, and marks (U+200E, U+200F), because names in Arabic and
/// Hebrew are.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{2028}' | '\u{2029}'
            | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
            | '\u{AD}' | '\u{200B}' | '\u{2060}'..='\u{2064}' | '\u{206A}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// A text of somebody else on one line: what would begin a new line, tell a terminal to do something, or show something
/// else than what is written, becomes a space. So a log keeps one line for an error, and nobody can forge another.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.chars().map(|letter| if is_hidden(letter) { ' ' } else { letter }).collect()
}

/// What the system or a crate says of a failure, in one line for people: without the number of the system and addresses
/// of documentation, which say nothing to them.
#[must_use]
pub fn plain(cause: &(impl Display + ?Sized)) -> String {
    let text = cause.to_string();
    let text = text.split(" (os error ").next().unwrap_or_default();
    let words = text.split_whitespace().filter(|word| !word.contains("://"));
    words.collect::<Vec<_>>().join(" ").trim_end_matches([':', '.', ' ']).to_owned()
}

/// At most so many letters of a text, with `mark` where it was cut.
#[must_use]
pub fn cut(text: &str, longest: usize, mark: &str) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}{mark}", &text[..end]),
        None => text.to_owned(),
    }
}

/// JSON that shows on a terminal what it holds: what [`one_line`] takes away is written as an escape, which is the same
/// value. Of the control characters, JSON itself asks for the first 32 alone. The line ends of the document stay.
#[must_use]
pub fn escaped(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter == '\n' || !is_hidden(letter) {
            shown.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            shown.push_str(&format!("\\u{unit:04x}"));
        }
    }
    shown
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

    #[test]
    fn a_cause_is_told_without_numbers_and_addresses() {
        for (text, told) in [
            ("Connection refused (os error 111)", "Connection refused"),
            ("The system cannot find the file specified. (os error 2)", "The system cannot find the file specified"),
            ("peer closed connection: https://docs.rs/rustls/latest/x.html", "peer closed connection"),
            ("two\n  lines", "two lines"),
        ] {
            assert_eq!(plain(text), told);
        }
    }

    #[test]
    fn nothing_hidden_stays_in_a_line() {
        for (text, shown) in [
            ("a\u{1b}[2Jb\nc\r\u{7f}", "a [2Jb c  "),
            ("\u{9b}31m\u{85}x", " 31m x"),
            ("\u{202e}gpj.exe\u{2066}", " gpj.exe "),
            ("epi\u{200b}cms\u{feff}\u{e0041}", "epi cms  "),
            ("می\u{200c}خواهم 👩\u{200d}🚀 größe", "می\u{200c}خواهم 👩\u{200d}🚀 größe"),
        ] {
            assert_eq!(one_line(text), shown, "{text:?}");
        }
    }

    #[test]
    fn escaped_json_is_the_same_value_without_anything_hidden() {
        let value = serde_json::json!({"a\u{9b}": ["\u{7f}\u{1b}\n", "\u{202e}x\u{e0041}ß👩"]});
        for text in [format!("{value:#}"), value.to_string()] {
            let shown = escaped(&text);
            assert!(shown.chars().all(|letter| letter == '\n' || !is_hidden(letter)), "{shown:?}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }
    }
}
