//! Generates the header: cbindgen over `src/ffi`, with what only Cargo.toml and this file know put in.

use std::fs;
use std::path::PathBuf;

use cbindgen::{Builder, Config, DocumentationStyle, Language, Style};
use epicloud::ffi::library::epi_abi_version;

use super::program::root;

/// The order of the header: types first, then functions by handle.
const FILES: &[&str] = &["status", "library", "client", "structs", "calls", "operation", "error"];

const HEAD: &str = include_str!("head.h");
const TAIL: &str = include_str!("tail.h");

/// The text of `include/epicloud.h` as the sources have it now.
pub(super) fn header() -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut builder = Builder::new().with_config(config());
    for name in FILES {
        builder = builder.with_src(source(name, &folder));
    }
    let mut text = Vec::new();
    builder.generate().unwrap().write(&mut text);
    String::from_utf8(text).unwrap()
}

fn source(name: &str, folder: &tempfile::TempDir) -> PathBuf {
    let file = root().join(format!("src/ffi/{name}.rs"));
    if *name != *"calls" {
        return file;
    }
    let written_out = folder.path().join("calls.rs");
    fs::write(&written_out, write_out(&fs::read_to_string(file).unwrap())).unwrap();
    written_out
}

/// Writes the macro's one signature out for each of its names, because cbindgen expands no macros.
fn write_out(source: &str) -> String {
    let (before, rest) = source.split_once("macro_rules! calls {").unwrap();
    let signature = &rest[rest.find("pub unsafe extern").unwrap()..];
    let signature = &signature[..signature.find('{').unwrap()];
    let (_, calls) = rest.split_once("\ncalls! {").unwrap();
    let (calls, _) = calls.split_once("\n}").unwrap();
    let mut text = before.to_owned();
    for line in calls.lines() {
        match line.trim().strip_prefix("fn ").and_then(|call| call.split_once(" = ")) {
            Some((symbol, _)) => {
                text.push_str(&format!("#[unsafe(no_mangle)]\n{}{{}}\n", signature.replace("$symbol", symbol)));
            }
            None => text.push_str(&format!("{line}\n")),
        }
    }
    text
}

fn config() -> Config {
    let mut config = Config {
        language: Language::C,
        style: Style::Both,
        cpp_compat: true,
        include_guard: Some("EPICLOUD_H".into()),
        no_includes: true,
        sys_includes: vec!["stddef.h".into(), "stdint.h".into()],
        usize_is_size_t: true,
        documentation: true,
        documentation_style: DocumentationStyle::Doxy,
        line_length: 90,
        tab_width: 4,
        header: Some(HEAD.trim_end().into()),
        after_includes: Some(versions()),
        trailer: Some(TAIL.trim_end().into()),
        ..Config::default()
    };
    config.enumeration.prefix_with_name = false;
    // No function takes or gives an enum, so they have to be asked for.
    config.export.include =
        ["epi_status_value", "epi_phase_value", "epi_log_level_value", "epi_retry_value"].map(String::from).into();
    config
}

/// The version macros, from Cargo.toml and from the library itself.
fn versions() -> String {
    let [major, minor, patch] =
        [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH")];
    let macros = [
        ("EPI_VERSION", format!("\"{}\"", env!("CARGO_PKG_VERSION")), "The library's version as a text."),
        ("EPI_VERSION_MAJOR", major.to_owned(), "The first number of the library's version."),
        ("EPI_VERSION_MINOR", minor.to_owned(), "The second number of the library's version."),
        ("EPI_VERSION_PATCH", patch.to_owned(), "The third number of the library's version."),
        ("EPI_ABI_VERSION", epi_abi_version().to_string(), "The version of the ABI: major << 16 | minor."),
    ];
    let all = macros
        .map(|(name, value, text)| format!("\n/**\n * {text}\n *\n * Since: 0.1.\n */\n#define {name} {value}\n"));
    all.concat().trim_end().to_owned()
}
