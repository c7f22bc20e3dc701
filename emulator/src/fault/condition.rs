//! Which requests a fault rule is about. Pure: looks at the request line only, never at credentials or state.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// The condition of a fault rule; every part left out fits any request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Condition {
    /// The service: `dxp`, `blob`, `guidewire` or `redis`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The method, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Part of the raw path, or with `*` a pattern for the whole of it (`*` stands for any text, `?` for one character).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Part of the raw query, such as `comp=block&`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Only the n-th fitting request, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// Only every n-th fitting request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// Only the Put Block of this index, counted from 0; the index is read from ids in the form of EpiCloud or ending in decimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_index: Option<u64>,
    /// The effect comes once so many bytes of the request body were received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_received: Option<u64>,
    /// The effect comes once so many bytes of the answer body were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_sent: Option<u64>,
}

/// What a condition looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) service: &'a str,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
}

impl Condition {
    /// Whether the request is one this condition counts.
    pub(crate) fn fits(&self, facts: &Facts<'_>) -> bool {
        self.service.as_ref().is_none_or(|service| service == facts.service)
            && self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(facts.method))
            && self.path.as_ref().is_none_or(|path| path_fits(path, facts.path))
            && self.query.as_ref().is_none_or(|query| format!("{}&", facts.query).contains(query.as_str()))
            && self.block_index.is_none_or(|index| block_index(facts.query) == Some(index))
    }

    /// Whether the effect applies to the hit with this number, counted from 1.
    pub(crate) fn counts(&self, hit: u64) -> bool {
        self.nth.is_none_or(|nth| hit == nth) && self.every.is_none_or(|every| every != 0 && hit.is_multiple_of(every))
    }
}

/// A pattern with `*` or `?` covers the whole path, a text without is searched in it.
fn path_fits(pattern: &str, path: &str) -> bool {
    if pattern.contains(['*', '?']) { glob(pattern.as_bytes(), path.as_bytes()) } else { path.contains(pattern) }
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[from] => {
                at += 1;
                from += 1;
            }
            _ => match &mut star {
                Some((back, taken)) => {
                    *taken += 1;
                    at = *back + 1;
                    from = *taken;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

/// The index in a block id: EpiCloud's form is a little-endian 32-bit number and zeros (spec 3.2, step 3); other
/// clients end the id in decimal digits.
pub(crate) fn block_index(query: &str) -> Option<u64> {
    let raw = query.split('&').find_map(|pair| pair.strip_prefix("blockid="))?;
    let text = percent_encoding::percent_decode_str(raw).decode_utf8().ok()?;
    let id = STANDARD.decode(text.as_bytes()).ok()?;
    let digits = id.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 0 {
        let tail = std::str::from_utf8(&id[id.len() - digits.min(18)..]).ok()?;
        return tail.parse().ok();
    }
    let (number, rest) = id.split_first_chunk::<4>()?;
    rest.iter().all(|&byte| byte == 0).then(|| u64::from(u32::from_le_bytes(*number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_the_path_and_plain_text_is_searched() {
        let table = [
            ("deployments", "/api/v1.0/projects/p/deployments", true),
            ("/nothing", "/api/v1.0/projects/p/deployments", false),
            ("*/deployments", "/api/v1.0/projects/p/deployments", true),
            ("*/deployments", "/api/v1.0/projects/p/deployments/x", false),
            ("*/deployments/*/complete", "/projects/p/deployments/1/complete", true),
            ("/a?c", "/abc", true),
            ("/a?c", "/ac", false),
            ("*", "", true),
        ];
        for (pattern, path, expected) in table {
            assert_eq!(path_fits(pattern, path), expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn a_query_part_can_tell_block_from_blocklist() {
        let condition = Condition { query: Some("comp=block&".to_owned()), ..Condition::default() };
        let fits = |query| condition.fits(&Facts { service: "blob", method: "PUT", path: "/", query });
        assert!(fits("sv=1&comp=block&blockid=x"));
        assert!(fits("sv=1&blockid=x&comp=block"));
        assert!(!fits("sv=1&comp=blocklist"));
    }

    #[test]
    fn block_ids_of_several_forms_give_their_index() {
        let mut epicloud = [0; 48];
        epicloud[0] = 1;
        epicloud[1] = 1;
        let table = [
            (STANDARD.encode(epicloud), Some(257)),
            (STANDARD.encode("block-000042"), Some(42)),
            (STANDARD.encode("nothing"), None),
            ("%".to_owned(), None),
        ];
        for (id, expected) in table {
            assert_eq!(block_index(&format!("comp=block&blockid={id}")), expected, "{id}");
        }
    }
}
