//! Every input of the corpora keeps the promises, also where there is no libFuzzer; and the corpora are complete.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]
#![expect(clippy::print_stdout, reason = "the input that failed must be told, and only then is it shown")]

use std::fs;
use std::path::{Path, PathBuf};

use epicloud_fuzz::{TARGETS, abi};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The inputs of a target, by name.
fn inputs(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut inputs: Vec<(String, Vec<u8>)> = fs::read_dir(folder().join("corpus").join(target))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect();
    inputs.sort();
    inputs
}

/// One test, because the targets work in the folder of the process and some count what they are called back.
#[test]
fn every_input_keeps_the_promises() {
    let all: Vec<_> = TARGETS.iter().map(|(name, target)| (name, target, inputs(name))).collect();
    let before = std::env::current_dir().unwrap();
    let empty = tempfile::tempdir().unwrap();
    std::env::set_current_dir(empty.path()).unwrap();
    for (name, target, inputs) in all {
        assert!(inputs.len() > 3, "{name} has no corpus");
        for (input, bytes) in inputs {
            // Shown when it fails.
            println!("{name}/{input}");
            target(&bytes);
        }
    }
    std::env::set_current_dir(before).unwrap();
}

#[test]
fn every_operation_has_an_input() {
    let inputs = inputs("request");
    for name in abi::OPERATIONS {
        let own = inputs.iter().filter(|(_, bytes)| bytes.first().is_some_and(|byte| abi::operation(*byte) == *name));
        assert!(own.count() >= 2, "{name:?} has no inputs");
    }
}

/// The dictionary has the names of all members. Whoever adds one to a document adds it there.
#[test]
fn every_member_is_in_the_dictionary() {
    let dictionary = fs::read_to_string(folder().join("documents.dict")).unwrap();
    let source = folder().join("../../src");
    let mut members = 0;
    for file in [
        "ops/client.rs",
        "document/wait.rs",
        "dxp/config.rs",
        "dxp/request/mod.rs",
        "dxp/request/deployment.rs",
        "dxp/request/export.rs",
        "dxp/request/package.rs",
        "dxp/request/storage.rs",
        "guidewire/config.rs",
        "guidewire/request.rs",
        "ops/job.rs",
        "redis_enterprise/config.rs",
        "redis_enterprise/request.rs",
    ] {
        for member in members_of(&source.join(file)) {
            assert!(
                dictionary.contains(&format!("\"\\\"{member}\\\"\"")),
                "documents.dict does not have {member} of {file}"
            );
            members += 1;
        }
    }
    assert!(members > 80, "the sources were read: {members}");
}

/// The members of the documents in a file, as JSON has them: each public `name: Type,` below a comment of its own. The
/// macro that requests are declared with makes all of them public.
fn members_of(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let declares_requests = text.contains("request! {");
    let mut commented = false;
    let mut members = Vec::new();
    for line in text.lines().map(str::trim) {
        let public = line.strip_prefix("pub ").or_else(|| declares_requests.then_some(line));
        let field = public.filter(|line| line.ends_with(',')).and_then(|line| line.split_once(": "));
        match field {
            Some((name, _)) if commented && name.chars().all(is_of_a_name) => {
                members.push(camel_case(name));
            }
            _ => {}
        }
        commented = line.starts_with("///") || (commented && line.starts_with("#["));
    }
    members
}

fn is_of_a_name(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |all, word| all + &word[..1].to_uppercase() + &word[1..])
}
