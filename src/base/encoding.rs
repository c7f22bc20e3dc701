//! Bytes of an answer or a file as text, to look at: what is no text does not fail, it becomes U+FFFD. What must be a text
//! is read by [`given`](super::given).

/// UTF-16 whose units are read by `unit`; half a unit at the end does not count.
#[must_use]
pub fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16_lossy(&units)
}

/// UTF-16 with a byte order mark, which is left out; `None` for anything without one.
#[must_use]
pub fn marked_utf16(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0xff, 0xfe, units @ ..] => Some(utf16(units, u16::from_le_bytes)),
        [0xfe, 0xff, units @ ..] => Some(utf16(units, u16::from_be_bytes)),
        _ => None,
    }
}

/// How the units of UTF-16 are read that has no byte order mark: nearly every second byte at the beginning is zero then, as
/// what begins a secret, a page or JSON is Latin. `None` for anything else.
#[must_use]
pub fn unmarked_utf16(bytes: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    const LOOKED_AT: usize = 64;
    let begin = &bytes[..bytes.len().min(LOOKED_AT)];
    let zeros = |place: usize| begin.iter().skip(place).step_by(2).filter(|byte| **byte == 0).count();
    let pairs = begin.len() / 2;
    let is_latin = |place: usize| pairs > 1 && zeros(place) * 4 > pairs * 3 && zeros(1 - place) * 8 < pairs;
    match (is_latin(1), is_latin(0)) {
        (true, _) => Some(u16::from_le_bytes),
        (_, true) => Some(u16::from_be_bytes),
        _ => None,
    }
}

/// UTF-16 with or without a byte order mark, which is left out; `None` for anything else.
#[must_use]
pub fn any_utf16(bytes: &[u8]) -> Option<String> {
    marked_utf16(bytes).or_else(|| unmarked_utf16(bytes).map(|unit| utf16(bytes, unit)))
}

/// What somebody answered, to be looked at: UTF-16, UTF-8 whose last letter may be cut through, else an old character set
/// of one byte a letter, of which the Latin letters are right.
#[must_use]
pub fn seen(bytes: &[u8]) -> String {
    any_utf16(bytes).unwrap_or_else(|| match utf8_beginning(bytes) {
        Some(text) => text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
        None => bytes.iter().map(|byte| char::from(*byte)).collect(),
    })
}

/// The beginning of a longer text in UTF-8, whose last letter may have been cut through and then does not count. `None`
/// for anything else.
#[must_use]
pub fn utf8_beginning(bytes: &[u8]) -> Option<&str> {
    match str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => str::from_utf8(&bytes[..error.valid_up_to()]).ok(),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_does_not_spoil_what_is_before_it() {
        assert_eq!(utf16(b"a\0b\0c", u16::from_le_bytes), "ab");
        assert_eq!(utf16(b"\xd8\0\0a", u16::from_be_bytes), "\u{fffd}a");
        assert_eq!(marked_utf16(b"\xff\xfea\0b").as_deref(), Some("a"));
        assert_eq!(marked_utf16(b"\xfe\xff\0a").as_deref(), Some("a"));
        assert_eq!(marked_utf16(b"a\0"), None);
        assert_eq!(utf8_beginning("caf\u{e9}".as_bytes()), Some("caf\u{e9}"));
        assert_eq!(utf8_beginning(b"caf\xc3"), Some("caf"));
        assert_eq!(utf8_beginning(b"caf\xe9 x"), None);
    }

    #[test]
    fn what_was_answered_is_seen_in_any_encoding() {
        // Only the beginning is Latin.
        let text = format!("{{\"success\":true,\"errors\":[],\"words\":\"{}\"}}", "\u{65e5}\u{672c}".repeat(500));
        for unit in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes: Vec<u8> = text.encode_utf16().flat_map(unit).collect();
            assert_eq!(any_utf16(&bytes).as_deref(), Some(&*text));
            assert_eq!(seen(&bytes), text);
        }
        assert_eq!(seen(b"\xff\xfea\0"), "a");
        assert_eq!(seen(b"\xef\xbb\xbfcaf\xc3"), "caf");
        assert_eq!(seen(b"f\xfcr Sie"), "f\u{fc}r Sie");
        for no_text in [&b""[..], b"a\0", b"\0\0\0\0", b"PK\x03\x04\x14\0\0\0", b"plain text"] {
            assert_eq!(any_utf16(no_text), None, "{no_text:?}");
        }
    }
}
