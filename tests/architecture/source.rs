//! A source as the rules see it: without comments, and with what is compiled for tests alone set apart.

use std::ops::Range;

/// A source of the library.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// Path below `src/`, with forward slashes.
    pub(crate) path: String,
    /// The text without comments and without the items that are for tests alone.
    pub(crate) code: String,
    /// The same without what stands between quotes, for looking up names.
    pub(crate) names: String,
    /// The names in the items that are for tests alone.
    pub(crate) test_names: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let (mut code, mut names) = (text.as_bytes().to_vec(), text.as_bytes().to_vec());
        for (range, kind) in silent(text) {
            if kind == Silent::Comment {
                blank(&mut code, range.clone());
            }
            blank(&mut names, range);
        }
        let tests = test_items(&String::from_utf8_lossy(&names));
        let mut test_names = names.clone();
        blank(&mut test_names, 0..text.len());
        for range in tests {
            test_names[range.clone()].copy_from_slice(&names[range.clone()]);
            blank(&mut code, range.clone());
            blank(&mut names, range);
        }
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let (code, names, test_names) = (text(code), text(names), text(test_names));
        Self { path: path.to_owned(), code, names, test_names }
    }

    /// The files that are compiled for tests alone, by the names of their modules.
    pub(crate) fn test_modules(&self) -> Vec<String> {
        let words: Vec<&str> = self.test_names.split_whitespace().collect();
        let declared = words.windows(2).filter(|pair| pair[0] == "mod");
        declared.filter_map(|pair| pair[1].strip_suffix(';').map(str::to_owned)).collect()
    }
}

/// Puts spaces in the place of a part, so that all the others stay where they are.
fn blank(bytes: &mut [u8], range: Range<usize>) {
    for byte in &mut bytes[range] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Silent {
    Comment,
    Quoted,
}

/// Comments and what stands between quotes. The quotes themselves stay.
fn silent(text: &str) -> Vec<(Range<usize>, Silent)> {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let rest = &text.as_bytes()[at..];
        let hashes = |from: usize| bytes[from..].iter().take_while(|byte| **byte == b'#').count();
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let begins_word = at == 0 || !is_word(bytes[at - 1]);
        let raw = begins_word && (rest.starts_with(b"r\"") || rest.starts_with(b"r#") || rest.starts_with(b"br"));
        if rest.starts_with(b"//") {
            let end = find(text, at, "\n").unwrap_or(bytes.len());
            found.push((at..end, Silent::Comment));
            at = end;
        } else if rest.starts_with(b"/*") {
            let end = find(text, at, "*/").map_or(bytes.len(), |end| end + 2);
            found.push((at..end, Silent::Comment));
            at = end;
        } else if raw && bytes.get(at + prefix(rest) + hashes(at + prefix(rest))) == Some(&b'"') {
            let count = hashes(at + prefix(rest));
            let begin = at + prefix(rest) + count + 1;
            let close = format!("\"{}", "#".repeat(count));
            let end = find(text, begin, &close).unwrap_or(bytes.len());
            found.push((begin..end, Silent::Quoted));
            at = (end + close.len()).min(bytes.len());
        } else if rest[0] == b'"' {
            let end = end_of_quoted(bytes, at + 1, b'"');
            found.push((at + 1..end, Silent::Quoted));
            at = end + 1;
        } else if rest[0] == b'\'' && is_letter(text, at) {
            let end = end_of_quoted(bytes, at + 1, b'\'');
            found.push((at + 1..end, Silent::Quoted));
            at = end + 1;
        } else {
            at += 1;
        }
    }
    found
}

/// The letters in front of the quotes of a raw text.
fn prefix(rest: &[u8]) -> usize {
    if rest.starts_with(b"br") { 2 } else { 1 }
}

fn find(text: &str, from: usize, what: &str) -> Option<usize> {
    text.get(from..)?.find(what).map(|at| from + at)
}

fn end_of_quoted(bytes: &[u8], from: usize, quote: u8) -> usize {
    let mut at = from;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

/// Whether a single quote begins a letter, and not a lifetime.
fn is_letter(text: &str, at: usize) -> bool {
    let mut letters = text[at + 1..].chars();
    letters.next() == Some('\\') || letters.next() == Some('\'')
}

/// The items that are compiled for tests alone, with their attributes, in a text without comments and quoted texts.
fn test_items(names: &str) -> Vec<Range<usize>> {
    let bytes = names.as_bytes();
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(at) = find(names, from, "#[cfg(") {
        let condition = at + "#[cfg(".len();
        let end = closing(bytes, condition - 1, b'(', b')');
        let words = names[condition..end].split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let is_for_tests = words.clone().any(|word| word == "test") && !words.clone().any(|word| word == "not");
        if !is_for_tests {
            from = end;
            continue;
        }
        // Over further attributes to where the item ends.
        let mut item = closing(bytes, at + 1, b'[', b']') + 1;
        loop {
            item += bytes[item..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            if bytes[item..].starts_with(b"#[") {
                item = closing(bytes, item + 1, b'[', b']') + 1;
            } else {
                break;
            }
        }
        let body =
            bytes[item..].iter().position(|byte| matches!(byte, b'{' | b';')).map_or(bytes.len(), |at| item + at);
        let is_import = names[item..].starts_with("use ") || names[item..body].contains(" use ");
        let end = match bytes.get(body) {
            Some(b'{') if is_import => find(names, body, ";").map_or(bytes.len(), |end| end + 1),
            Some(b'{') => (closing(bytes, body, b'{', b'}') + 1).min(bytes.len()),
            _ => (body + 1).min(bytes.len()),
        };
        found.push(at..end);
        from = end;
    }
    found
}

/// Where the bracket at a place is closed.
fn closing(bytes: &[u8], from: usize, open: u8, close: u8) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        if *byte == open {
            depth += 1;
        } else if *byte == close {
            depth -= 1;
            if depth == 0 {
                return at;
            }
        }
    }
    bytes.len()
}

#[test]
fn comments_and_quoted_texts_are_no_names() {
    let text = r####"
        // crate::one
        /* crate::two */ let a = "crate::three \" crate::four"; let b = r#"crate::five "six""#; let c = '"';
        let d: &'static str = "x"; let e = '\''; fn f<'a>(g: &'a str) {} let h = b"crate::seven"; let r = crate::eight;
    "####;
    let source = Source::new("a.rs", text);
    assert!(source.names.contains("crate::eight") && source.names.contains("fn f<'a>(g: &'a str) {}"), "{source:?}");
    assert_eq!(source.names.matches("crate::").count(), 1, "{}", source.names);
    assert!(source.code.contains("crate::three") && source.code.contains("crate::five"), "{}", source.code);
    assert!(!source.code.contains("crate::one") && !source.code.contains("crate::two"), "{}", source.code);
    assert_eq!(source.names.len(), text.len());
}

#[test]
fn what_is_for_tests_alone_is_set_apart_and_nothing_behind_it() {
    let text = "
        #[cfg(test)]
        use crate::first::{A, B};
        use crate::second::C;
        #[cfg(all(test, unix))]
        #[expect(dead_code, reason = \"}\")]
        pub(crate) mod tests { use crate::third::D; fn f() { let x = '}'; } }
        #[cfg(not(test))]
        use crate::fourth::E;
        #[cfg(test)]
        mod more;
        #[cfg(unix)]
        fn g() { crate::fifth::h() }
    ";
    let source = Source::new("a.rs", text);
    for (name, is_test) in [("first", true), ("second", false), ("third", true), ("fourth", false), ("fifth", false)] {
        let name = format!("crate::{name}");
        assert_eq!((source.test_names.contains(&name), source.names.contains(&name)), (is_test, !is_test), "{name}");
        assert_eq!(source.code.contains(&name), !is_test, "{name}");
    }
    assert_eq!(source.test_modules(), ["more"]);
}
