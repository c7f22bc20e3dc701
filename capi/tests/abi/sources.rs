//! Generates the header: cbindgen over `src/ffi`, with what only Cargo.toml and the files beside this one know put in.

use cbindgen::{Builder, Config, DocumentationStyle, Language, Style};
use epicloud::ffi::library::epi_abi_version;

use super::program::root;

/// The order of the header: types first, then functions by handle.
const FILES: &[&str] = &["status", "library", "client", "progress", "options", "start", "operation", "error"];

const HEAD: &str = include_str!("head.h");
/// A function for each operation of the catalog.
pub(super) const CALLS: &str = include_str!("calls.h");
const TAIL: &str = include_str!("tail.h");

/// The text of `include/epicloud.h` as the sources have it now.
pub(super) fn header() -> String {
    let mut builder = Builder::new().with_config(config());
    for name in FILES {
        builder = builder.with_src(root().join(format!("src/ffi/{name}.rs")));
    }
    let mut text = Vec::new();
    builder.generate().unwrap().write(&mut text);
    // The generator puts what it is given at the end, which is outside of the guards for C++ and against a second time.
    let text = String::from_utf8(text).unwrap();
    let (declarations, guards) = text.split_at(text.rfind("#ifdef __cplusplus").unwrap());
    format!("{declarations}{CALLS}\n{TAIL}\n{guards}")
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
