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
}
