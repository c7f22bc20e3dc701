//! Every declaration of the header has its comment, in the one shape, written for a reader of C.

use std::collections::HashSet;

use super::sources;

/// A comment and what it is about.
struct Entry {
    comment: Vec<String>,
    declaration: String,
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_word(c)).filter(|word| !word.is_empty())
}

/// The comments in order, each with the text behind it up to the next one.
fn entries(header: &str) -> Vec<Entry> {
    let parts = header.split("/**").skip(1);
    parts
        .map(|part| {
            let (comment, rest) = part.split_once("*/").unwrap();
            let comment = comment.lines().map(|line| line.trim().trim_start_matches('*').trim().to_owned());
            let mut comment: Vec<String> = comment.collect();
            comment.retain(|line| !line.is_empty());
            Entry { comment, declaration: rest.trim().to_owned() }
        })
        .collect()
}

/// Only what is declared, without comments.
fn code(header: &str) -> String {
    let mut code = String::new();
    let mut rest = header;
    while let Some((before, comment)) = rest.split_once("/*") {
        code.push_str(before);
        rest = comment.split_once("*/").unwrap().1;
    }
    code + rest
}

fn is_function(declaration: &str) -> bool {
    let first = declaration.split(';').next().unwrap();
    first.contains('(') && !first.starts_with("typedef") && !first.starts_with('#')
}

fn is_type(declaration: &str) -> bool {
    declaration.starts_with("typedef") || declaration.starts_with('#')
}

#[test]
fn every_comment_has_its_shape() {
    let header = sources::header();
    let mut wrong = Vec::new();
    for entry in entries(&header) {
        let name = entry.declaration.lines().next().unwrap_or_default().to_owned();
        let has = |word: &str| entry.comment.iter().position(|line| line.starts_with(word));
        let order: Vec<_> =
            ["Returns:", "Ownership:", "Blocks:", "Threads:", "Since:"].map(|word| (word, has(word))).into();
        let callback = entry.declaration.starts_with("typedef") && entry.declaration.contains("(*");
        let required: &[&str] = match () {
            // The comment above them says what all of them have.
            () if entry.declaration.starts_with("static inline") => &["Since:"],
            () if callback => &["Returns:", "Ownership:", "Threads:", "Since:"],
            () if is_function(&entry.declaration) => &["Returns:", "Ownership:", "Blocks:", "Threads:", "Since:"],
            () if is_type(&entry.declaration) => &["Since:"],
            // Members and enumerators have one sentence.
            () => &[],
        };
        for (word, at) in &order {
            if required.contains(word) && at.is_none() {
                wrong.push(format!("{name}: no line '{word}'"));
            }
        }
        if !order.iter().filter_map(|(_, at)| *at).is_sorted() {
            wrong.push(format!("{name}: {order:?} are not in order"));
        }
        let summary = entry.comment.first().cloned().unwrap_or_default();
        if !summary.ends_with('.') || !summary.starts_with(|c: char| c.is_uppercase() || c.is_numeric()) {
            wrong.push(format!("{name}: the first line is no sentence: '{summary}'"));
        }
        if is_function(&entry.declaration) && !entry.declaration.starts_with("static inline") {
            let threads = entry.comment.iter().find_map(|line| line.strip_prefix("Threads: "));
            if !threads.is_some_and(|class| ["any.", "last.", "pure."].contains(&class)) {
                wrong.push(format!("{name}: {threads:?} is no class of threads"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_declaration_has_a_comment() {
    let header = sources::header();
    let entries = entries(&header);
    let first_lines = entries.iter().filter_map(|entry| entry.declaration.lines().next());
    let commented: HashSet<&str> = first_lines.flat_map(words).collect();
    let mut missing: Vec<String> =
        declared(&header).into_iter().filter(|name| !commented.contains(name.as_str())).collect();
    // Members and enumerators are those with an indent of exactly four.
    let lines: Vec<&str> = header.lines().collect();
    for pair in lines.windows(2) {
        let is_member = pair[1].strip_prefix("    ").is_some_and(|rest| rest.starts_with(|c: char| c.is_alphabetic()));
        if is_member && !pair[1].starts_with("    return ") && !pair[0].trim_end().ends_with("*/") {
            missing.push(pair[1].trim().to_owned());
        }
    }
    assert!(missing.is_empty(), "without a comment: {missing:?}");
}

/// The names that the header declares.
fn declared(header: &str) -> Vec<String> {
    let code = code(header);
    let names = words(&code)
        .filter(|word| (word.starts_with("epi_") || word.starts_with("EPI_")) && !["epi_", "EPI_"].contains(word));
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn no_comment_speaks_of_what_is_not_there() {
    let header = sources::header();
    let known = declared(&header);
    let code = code(&header);
    let all_words: HashSet<&str> = words(&code).collect();
    let mut wrong = Vec::new();
    for comment in header.split("/*").skip(1).map(|part| part.split_once("*/").unwrap().0) {
        for word in words(comment).filter(|word| word.starts_with("epi_") || word.starts_with("EPI_")) {
            let is_prefix = word.ends_with('_') && known.iter().any(|name| name.starts_with(word));
            if !is_prefix && !known.iter().any(|name| name == word) {
                wrong.push(format!("'{word}' is not in the header"));
            }
        }
        for quoted in comment.split('`').skip(1).step_by(2) {
            let is_prefix = quoted.ends_with('_') && known.iter().any(|name| name.starts_with(quoted));
            if !is_prefix && !all_words.contains(quoted) {
                wrong.push(format!("`{quoted}` is not in the header"));
            }
        }
        for mark in ["::", "](", "[`", "```", "# Safety", "# Errors", "Rust"] {
            if comment.contains(mark) {
                wrong.push(format!("'{mark}' is not for a reader of C: {comment}"));
            }
        }
        for line in comment.lines().filter(|line| line.chars().count() > 90) {
            wrong.push(format!("longer than 90 columns: {line}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
