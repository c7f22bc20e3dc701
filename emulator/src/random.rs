//! Random bytes from the system, and the ids made of them. Stores nothing.

use crate::error::Error;

/// A random version 4 GUID, lower case with dashes.
pub(crate) fn new_guid() -> Result<String, Error> {
    let mut bytes = random::<16>()?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex(&bytes);
    Ok(format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]))
}

/// Whether the text has the form 8-4-4-4-12 of hex digits.
pub(crate) fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// Lower-case hex digits of the bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// So many random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Error::failed("reading random bytes"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_have_their_form() {
        let guid = new_guid().unwrap();
        assert!(is_guid(&guid), "{guid}");
        for wrong in ["", "x", "11111111-2222-3333-4444-55555555555g", "111111112222333344445555555555555555"] {
            assert!(!is_guid(wrong), "{wrong}");
        }
    }
}
