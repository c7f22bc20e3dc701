//! The body of an answer as JSON, however it is written.
//!
//! The service, what it is built with and what stands before it change without notice. A mark before the first letter,
//! UTF-16, half a surrogate pair, a word that is no JSON, a value nested without end or an end that is missing cost what
//! cannot be read, not the whole answer: it may hold the id of something that goes on in the service.

use serde_json::Value;

use crate::base::encoding::{any_utf16, utf16};

/// Objects and lists within each other that are read; what is deeper is left out (`null`). Answers of the service have
/// five. Bindings read documents on with parsers of their own, some of which stop at 64.
const DEEPEST: usize = 48;

/// An object or a list that was read out of a body.
#[derive(Debug)]
pub struct Reading {
    /// The object or list.
    pub value: Value,
    /// Whether its end is missing, and so perhaps some of its members.
    pub is_cut: bool,
}

/// Reads a body that is a JSON object. What follows the object is not looked at.
pub fn read(body: &[u8], content_type: Option<&str>) -> Option<Reading> {
    read_beginning(&['{'], body, content_type)
}

/// The same for a body that is an object or a list: some services answer with a bare list.
pub fn read_any(body: &[u8], content_type: Option<&str>) -> Option<Reading> {
    read_beginning(&['{', '['], body, content_type)
}

fn read_beginning(brackets: &[char], body: &[u8], content_type: Option<&str>) -> Option<Reading> {
    let text = text(body, content_type);
    let text = text.trim_start();
    if !text.starts_with(brackets) {
        return None;
    }
    let (mended, is_cut) = Mending::new(text).run()?;
    Some(Reading { value: serde_json::from_str(&mended).ok()?, is_cut })
}

/// A body as text: as its bytes show it (a byte order mark, the zeros of UTF-16), else as its type says, else UTF-8.
/// What is not text becomes U+FFFD.
pub fn text(body: &[u8], content_type: Option<&str>) -> String {
    const MARK: char = '\u{feff}';
    let declared = content_type.unwrap_or_default().to_ascii_lowercase();
    let charset = declared.split_once("charset=").map_or("", |(_, name)| name.trim_start_matches(['"', '\'']));
    let text = any_utf16(body).unwrap_or_else(|| match charset {
        _ if body.starts_with(b"\xef\xbb\xbf") => String::from_utf8_lossy(body).into_owned(),
        name if name.starts_with("utf-16be") => utf16(body, u16::from_be_bytes),
        name if name.starts_with("utf-16") => utf16(body, u16::from_le_bytes),
        _ => String::from_utf8_lossy(body).into_owned(),
    });
    text.trim_start_matches(MARK).to_owned()
}

/// One pass over a text that should be an object, which writes it as a parser takes it.
struct Mending<'a> {
    text: &'a str,
    at: usize,
    out: String,
    /// The brackets that are open.
    open: Vec<u8>,
    /// Whether a member's value comes next.
    value_is_next: bool,
    /// How much of `out` is whole when so many brackets are closed behind it.
    whole: (usize, usize),
}

impl<'a> Mending<'a> {
    fn new(text: &'a str) -> Self {
        let out = String::with_capacity(text.len());
        Self { text, at: 0, out, open: Vec::new(), value_is_next: false, whole: (0, 0) }
    }

    /// The text, and whether its end was missing; `None` when its brackets do not fit.
    fn run(mut self) -> Option<(String, bool)> {
        while let Some(byte) = self.next() {
            match byte {
                b'"' => self.string(),
                b'{' | b'[' if self.open.len() == DEEPEST => self.leave_out(),
                b'{' | b'[' => {
                    self.open.push(byte);
                    self.copy(1);
                    self.is_whole();
                }
                b'}' | b']' => {
                    let opened = if byte == b'}' { b'{' } else { b'[' };
                    self.open.pop().filter(|open| *open == opened)?;
                    self.copy(1);
                    self.is_whole();
                    if self.open.is_empty() {
                        return Some((self.out, false));
                    }
                }
                b',' => {
                    self.is_whole();
                    self.copy(1);
                }
                b':' => {
                    self.copy(1);
                    self.value_is_next = true;
                }
                byte if byte.is_ascii_whitespace() => self.copy(1),
                _ => self.word(),
            }
        }
        let (length, open) = self.whole;
        self.out.truncate(length);
        self.open.truncate(open);
        self.out.extend(self.open.iter().rev().map(|open| if *open == b'{' { '}' } else { ']' }));
        Some((self.out, true))
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn copy(&mut self, length: usize) {
        let end = self.at + length;
        self.out.push_str(&self.text[self.at..end]);
        self.at = end;
    }

    fn is_whole(&mut self) {
        self.value_is_next = false;
        self.whole = (self.out.len(), self.open.len());
    }

    /// A text, with escapes that stand for half a letter or for nothing made harmless.
    fn string(&mut self) {
        self.copy(1);
        loop {
            let rest = self.rest();
            let plain = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len());
            self.copy(plain);
            match self.next() {
                None => return,
                Some(b'"') => {
                    self.copy(1);
                    if self.value_is_next || self.open.last() == Some(&b'[') {
                        self.is_whole();
                    }
                    return;
                }
                Some(b'\\') => self.escape(),
                Some(control) => {
                    self.out.push_str(&format!("\\u{control:04x}"));
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self) {
        match self.text.as_bytes().get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.copy(2),
            Some(b'u') => match (unit(self.rest()), self.text.get(self.at + 6..).and_then(unit)) {
                (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => self.copy(12),
                (Some(0xd800..0xe000), _) => {
                    self.out.push(char::REPLACEMENT_CHARACTER);
                    self.at += 6;
                }
                (Some(_), _) => self.copy(6),
                (None, _) => {
                    self.out.push(char::REPLACEMENT_CHARACTER);
                    self.at += 2;
                }
            },
            // A backslash that begins nothing is one; at the end of all there is no text any more.
            Some(_) => {
                self.out.push_str("\\\\");
                self.at += 1;
            }
            None => self.at += 1,
        }
    }

    /// A number or a word; what JSON has no word for, such as NaN, is `null`.
    fn word(&mut self) {
        let ends =
            |letter: char| letter.is_ascii_whitespace() || matches!(letter, ',' | ':' | '"' | '{' | '}' | '[' | ']');
        let rest = self.rest();
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let lower = word.to_ascii_lowercase();
        let known = serde_json::from_str::<Value>(&lower).is_ok();
        self.out.push_str(if known { &lower } else { "null" });
        self.at += word.len();
    }

    /// Goes past an object or a list.
    fn leave_out(&mut self) {
        self.out.push_str("null");
        let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
        for (index, byte) in self.rest().bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_text => escaped = true,
                b'"' => in_text = !in_text,
                b'{' | b'[' if !in_text => depth += 1,
                b'}' | b']' if !in_text => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.at += index + 1;
                return;
            }
        }
        self.at = self.text.len();
    }
}

/// The unit of UTF-16 that an escape (`\ud83d`) at the start of a text stands for.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Option<(Value, bool)> {
        read(text.as_bytes(), Some("application/json")).map(|reading| (reading.value, reading.is_cut))
    }

    #[test]
    fn what_is_json_stays_as_it_is() {
        for text in [
            r#"{}"#,
            r#" {"b":[1,-2.5e3,true,false,null],"a":{"c":"é\u00e9\"\\\/\b\f\n\r\t"},"😀":"\ud83d\ude00"}"#,
            r#"{"id":12345678901234567890,"n":1.10,"id":2}"#,
        ] {
            assert_eq!(value(text), Some((serde_json::from_str(text).unwrap(), false)), "{text}");
        }
        let order = r#"{"zeta":1,"Id":"x","alpha":{"b":null,"a":[1]}}"#;
        assert_eq!(value(order).unwrap().0.to_string(), order);
        for text in ["", "[1]", "true", "<html>{}</html>", "{a}", r#"{"a":1]"#, r#"{"a" 1}"#, "{\"a\":\u{1}}x\"{"] {
            let found = value(text).filter(|(value, _)| *value != json!({"a": null}));
            assert_eq!(found, None, "{text}");
        }
    }

    #[test]
    fn what_is_nearly_json_is_read_too() {
        for (text, expected) in [
            ("\u{feff}{\"a\":1}", json!({"a": 1})),
            ("\u{feff}\u{feff}\r\n{\"a\":1}\r\n", json!({"a": 1})),
            (r#"{"a":"x\ud83d"}"#, json!({"a": "x\u{fffd}"})),
            (r#"{"a":"\ude00\ud83d\u0041"}"#, json!({"a": "\u{fffd}\u{fffd}A"})),
            (r#"{"a":"\ud83d\ud83d\ude00"}"#, json!({"a": "\u{fffd}😀"})),
            (r#"{"\udfff":"\uzzzz\x"}"#, json!({"\u{fffd}": "\u{fffd}zzzz\\x"})),
            ("{\"a\":\"one\ntwo\u{1}\"}", json!({"a": "one\ntwo\u{1}"})),
            (
                r#"{"a":NaN,"b":-Infinity,"c":1e999,"d":True,"e":undefined,"f":FALSE}"#,
                json!({"a": null, "b": null, "c": null, "d": true, "e": null, "f": false}),
            ),
            (r#"{"a":1}<script>"}</script>"#, json!({"a": 1})),
        ] {
            assert_eq!(value(text), Some((expected, false)), "{text}");
        }
    }

    #[test]
    fn a_list_is_read_where_one_may_come() {
        let list = |text: &str| read_any(text.as_bytes(), None).map(|reading| (reading.value, reading.is_cut));
        assert_eq!(list(r#" [{"id":1},{"id":2}]"#), Some((json!([{"id": 1}, {"id": 2}]), false)));
        assert_eq!(list(r#"[{"id":1},{"id""#), Some((json!([{"id": 1}, {}]), true)));
        assert_eq!(list(r#"{"a":[]}"#), Some((json!({"a": []}), false)));
        assert_eq!((list("null"), value("[]")), (None, None));
    }

    #[test]
    fn other_encodings_and_bytes_that_are_no_text() {
        let good = "{\"a\":\"é😀\"}";
        let expected = json!({"a": "é😀"});
        let little: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = good.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (body, content_type) in [
            ([b"\xff\xfe".as_slice(), &little].concat(), None),
            ([b"\xfe\xff".as_slice(), &big].concat(), Some("application/json; charset=utf-8")),
            (little.clone(), Some("application/json; charset=UTF-16")),
            (little.clone(), Some("application/json; charset=\"utf-16le\"")),
            (little, Some("application/json; charset=utf-8")),
            (big.clone(), Some("application/json; charset=utf-16")),
            (big.clone(), None),
            (big, Some("application/json;charset=utf-16be")),
            (good.as_bytes().to_vec(), Some("application/json; charset=iso-8859-1")),
        ] {
            assert_eq!(read(&body, content_type).unwrap().value, expected, "{content_type:?}");
        }
        assert_eq!(read(b"{\"a\":\"\xff\xfe!\"}", None).unwrap().value, json!({"a": "\u{fffd}\u{fffd}!"}));
    }

    #[test]
    fn depth_costs_what_is_too_deep() {
        let deep = |count: usize| format!("{}{}", "[".repeat(count), "]".repeat(count));
        let text = format!(r#"{{"before":1,"deep":{},"brackets":"]}}\"[","id":"x"}}"#, deep(1_000_000));
        let (read, is_cut) = value(&text).unwrap();
        assert_eq!(
            (&read["before"], &read["id"], &read["brackets"], is_cut),
            (&json!(1), &json!("x"), &json!("]}\"["), false)
        );
        let mut levels = 0;
        let mut at = &read["deep"];
        while let Some(inner) = at.get(0) {
            (levels, at) = (levels + 1, inner);
        }
        assert!((40..DEEPEST).contains(&levels), "{levels}");
        let objects = format!(r#"{{"deep":{}1{},"id":"x"}}"#, r#"{"a":"#.repeat(500), "}".repeat(500));
        assert_eq!(value(&objects).unwrap().0["id"], "x");
        let text = format!(r#"{{"id":"x","deep":{}"#, "[".repeat(1_000_000));
        let (read, is_cut) = value(&text).unwrap();
        assert_eq!((&read["id"], is_cut), (&json!("x"), true));
    }

    /// Wherever an answer ends, what was whole before is read, and nothing that was not.
    #[test]
    fn a_missing_end_costs_what_is_missing() {
        let whole = r#"{"success":true,"result":{"id":"abc","list":["a","b"],"n":12}}"#;
        let id = whole.find(r#""abc""#).unwrap() + 5;
        for end in 1..whole.len() {
            let (read, is_cut) = value(&whole[..end]).unwrap();
            assert!(is_cut, "{end}");
            assert_eq!(read["result"].get("id"), (end >= id).then(|| json!("abc")).as_ref(), "{}", &whole[..end]);
            assert!(read["result"].get("n").is_none() || whole[..end].ends_with('}'), "a number may go on");
        }
    }
}
