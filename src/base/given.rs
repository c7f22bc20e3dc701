//! Texts that people give by a variable, a file, standard input or a document: secrets, SAS URLs, keys, ids, addresses.
//!
//! What editors, shells and secret stores add around a text is taken away, and the encodings of Windows are read. What is
//! wrong with a text is told by its cause, without a character of it.

use zeroize::Zeroizing;

use super::encoding::unmarked_utf16;
use super::error::Error;

/// The text in these bytes, without what surrounds it.
///
/// # Errors
/// Why they hold no text, as the end of a sentence.
pub fn text(bytes: &[u8]) -> Result<Zeroizing<String>, &'static str> {
    Ok(Zeroizing::new(trimmed(&decoded(bytes)?).to_owned()))
}

/// A text without white space, byte order marks and other invisible characters at its ends.
#[must_use]
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\0' | '\u{200b}' | '\u{2060}' | '\u{feff}'))
}

/// The text in these bytes: UTF-8, or UTF-16 as Windows writes it.
///
/// # Errors
/// Why they hold no text, as the end of a sentence.
pub fn decoded(bytes: &[u8]) -> Result<Zeroizing<String>, &'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Err("is UTF-32 text; save it as UTF-8"),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => {
            if let Some(unit) = unmarked_utf16(bytes) {
                return utf16(bytes, unit);
            }
            let text = str::from_utf8(bytes).map_err(|_| "is neither UTF-8 nor UTF-16 text; save it as UTF-8")?;
            Ok(Zeroizing::new(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()))
        }
    }
}

fn utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> Result<Zeroizing<String>, &'static str> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    // As large as it can become, so that it never moves and leaves a copy behind.
    let mut text = Zeroizing::new(String::with_capacity(pairs.len() * 3));
    for letter in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        text.push(letter.map_err(|_| "is not valid UTF-16 text; save it as UTF-8")?);
    }
    if rest.is_empty() { Ok(text) } else { Err("is not valid UTF-16 text; save it as UTF-8") }
}

/// What is wrong with a text, whatever it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flaw {
    /// The cause, as the end of a sentence.
    pub cause: &'static str,
    /// What to do.
    pub next_step: &'static str,
}

/// Tells why a text that was refused is not what it should be, where that can be seen.
#[must_use]
pub fn flaw(text: &str) -> Option<Flaw> {
    let text = trimmed(text);
    let is_quote = |c: char| matches!(c, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}' | '«' | '»');
    let found = |cause, next_step| Some(Flaw { cause, next_step });
    if is_placeholder(text.trim_matches(is_quote)) {
        found(
            "is a variable that was not expanded",
            "check the spelling of the variable and that the pipeline passes it to this step",
        )
    } else if text.starts_with(is_quote) || text.ends_with(is_quote) {
        found("is in quotation marks", "remove the quotation marks")
    } else if text.contains("-----BEGIN ") {
        found("is a PEM file, such as a key or a certificate", "check which file or variable you pass")
    } else if is_assignment(text) {
        found("is a line NAME=value", "pass the value alone")
    } else if text.contains("\\n") || text.contains("\\r") {
        found("contains a line break written as \\n", "copy it again as one line")
    } else if text.contains(['\n', '\r']) {
        found("contains a line break", "copy it again as one line")
    } else if text.contains(char::is_whitespace) {
        found("contains white space", "copy it again")
    } else if text.contains(|c: char| c.is_control() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')) {
        found("contains an invisible character", "copy it again")
    } else {
        None
    }
}

/// The error of a text that was refused, or one with its true cause where that can be seen.
#[must_use]
pub fn explained(field: &str, text: &str, error: Error) -> Error {
    match flaw(text) {
        Some(flaw) => Error::invalid(field, flaw.cause).with_next_step(flaw.next_step),
        None => error,
    }
}

/// Whether this is a variable in the notation of a shell, a pipeline or a template.
fn is_placeholder(text: &str) -> bool {
    let is_name = |name: &str| {
        let mut letters = name.chars();
        letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
            && letters.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
    };
    let between = |begin, end| text.strip_prefix(begin).and_then(|rest: &str| rest.strip_suffix(end));
    ["$(", "${", "$[", "{{", "#{", "<%"].iter().any(|begin| text.contains(begin))
        || text.strip_prefix('$').is_some_and(is_name)
        || [("%", "%"), ("!", "!"), ("@", "@"), ("__", "__"), ("#", "#"), ("<", ">")]
            .iter()
            .any(|(begin, end)| between(*begin, *end).is_some_and(is_name))
}

/// Whether this is a line of a settings file. Base64 has its equals signs at the end alone.
fn is_assignment(text: &str) -> bool {
    let text = text.strip_prefix("export ").unwrap_or(text);
    text.split_once('=').is_some_and(|(name, value)| {
        name.contains('_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !value.trim_matches('=').is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn a_text_is_read_from_every_encoding_without_what_surrounds_it() {
        let (little, big) = (u16::to_le_bytes, u16::to_be_bytes);
        for bytes in [
            b"AbC=".to_vec(),
            b"AbC=\r\n".to_vec(),
            b" \t\n\nAbC= \n\r\n".to_vec(),
            b"\xef\xbb\xbfAbC=\n".to_vec(),
            b"AbC=\0".to_vec(),
            "\u{a0}AbC=\u{200b}\n".as_bytes().to_vec(),
            utf16("\u{feff}AbC=\r\n", little),
            utf16("\u{feff}AbC=\r\n", big),
            utf16("AbC=\r\n", little),
            utf16("AbC=", big),
        ] {
            assert_eq!(text(&bytes).as_deref().map(String::as_str), Ok("AbC="), "{bytes:?}");
        }
        assert_eq!(text(b"").as_deref().map(String::as_str), Ok(""));
        assert_eq!(decoded(&utf16("\u{feff}Ü😀", little)).as_deref().map(String::as_str), Ok("Ü😀"));
        for (bytes, why) in [
            (&b"\xff\xfe\0\0A\0\0\0"[..], "UTF-32"),
            (b"\0\0\xfe\xff\0\0\0A", "UTF-32"),
            (b"\xff\xfeA\0B", "not valid UTF-16"),
            (b"\xff\xfe\0\xd8A\0", "not valid UTF-16"),
            (b"A\xffB", "neither UTF-8 nor UTF-16"),
        ] {
            assert!(text(bytes).unwrap_err().contains(why), "{bytes:?}");
        }
    }

    #[test]
    fn a_flaw_is_told_by_its_cause() {
        let cause = |text: &str| flaw(text).map_or("none", |flaw| flaw.cause);
        for variable in [
            "$(ClientSecret)",
            "${{ secrets.EPI }}",
            "${EPI_SECRET}",
            "$EPI_SECRET",
            "$env:EPI_SECRET",
            "%EPI_SECRET%",
            "!EPI_SECRET!",
            "#{EpiSecret}#",
            "{{ epi }}",
            "__EpiSecret__",
            "<secret>",
            "\"$(ClientSecret)\"",
            "$[variables.a]",
        ] {
            assert!(cause(variable).contains("not expanded"), "{variable}: {}", cause(variable));
        }
        for (text, expected) in [
            ("\"AbC=\"", "quotation marks"),
            ("'AbC='", "quotation marks"),
            ("\u{201c}AbC=\u{201d}", "quotation marks"),
            ("AbC=\"\n", "quotation marks"),
            ("Ab\nC=", "line break"),
            ("Ab\\nC=", "written as \\n"),
            ("Ab C=", "white space"),
            ("Ab\u{200b}C=", "invisible"),
            ("Ab\0C=", "invisible"),
            ("EPI_CLIENT_SECRET=AbC=", "NAME=value"),
            ("-----BEGIN PRIVATE KEY----- AAAA", "PEM file"),
        ] {
            assert!(cause(text).contains(expected), "{text}: {}", cause(text));
        }
        for fine in
            ["", "AbC=", "QUJD==", "https://host/$logs/x?a_b=1&sig=a%2Bb%3D", "2a561398-d517-4634-9bc4-aab5008a8e1a"]
        {
            assert_eq!(flaw(fine), None, "{fine}");
        }
    }
}
