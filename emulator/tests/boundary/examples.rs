//! The examples of the README, run as they stand there: each block behind `<!-- test: run -->`, by its own shell,
//! within `epi-emulator run`.

use std::process::{Command, Output};

/// The tested blocks of the README in this language.
fn blocks(language: &str) -> Vec<String> {
    let readme = include_str!("../../README.md");
    let begin = format!("<!-- test: run -->\n```{language}\n");
    readme.split(&begin).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// Whether a program is there. CI leaves out nothing that the registries offer.
fn is_there(program: &str, in_registries: bool) -> bool {
    if Command::new(program).arg("--version").output().is_ok() {
        return true;
    }
    assert!(!(in_registries && std::env::var("CI").is_ok_and(|ci| ci == "true")), "{program} is not installed");
    eprintln!("skipped: {program} is not installed");
    false
}

fn run(shell: &[&str], text: &str) -> Output {
    let mut emulator = Command::new(env!("CARGO_BIN_EXE_epi-emulator"));
    emulator.args(["run", "--speed", "instant", "--"]).args(shell).arg(text);
    let output = emulator.output().unwrap();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    output
}

#[cfg(unix)]
#[test]
fn the_examples_for_a_posix_shell_run() {
    if !is_there("curl", true) {
        return;
    }
    let blocks = blocks("sh");
    assert!(!blocks.is_empty());
    for block in blocks {
        let output = run(&["sh", "-e", "-c"], &block);
        assert!(!String::from_utf8_lossy(&output.stdout).contains("\"error\""), "{output:?}");
    }
}

#[test]
fn the_examples_for_powershell_run() {
    if !is_there("pwsh", false) {
        return;
    }
    let blocks = blocks("powershell");
    assert!(!blocks.is_empty());
    for block in blocks {
        let text = format!("$ErrorActionPreference = 'Stop'\n{block}");
        run(&["pwsh", "-NoLogo", "-NoProfile", "-NonInteractive", "-Command"], &text);
    }
}
