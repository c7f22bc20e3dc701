//! Guards the directions between the layers and the words that do not belong in them (ARCHITECTURE.md, section 2).
//!
//! Reads the sources as text, without their comments and unit tests, so it takes less than a second.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its subject has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

mod architecture {
    pub(crate) mod imports;
    pub(crate) mod rules;
    pub(crate) mod source;
}

use architecture::rules::{Layers, circles, directions, layer_of, order};
use architecture::source::Source;

/// A layer, what it may use of the crate, and words it must not contain. What is of one service stands in its own, and no
/// other of them may use it.
const LAYERS: Layers<'static> = &[
    ("base", &[], &["tokio", "std::fs", "std::net", "std::env", "SystemTime", "Instant::now", "reqwest", "azure_"]),
    ("transport", &["base"], &["deployment", "Deployment", "blob", "Blob", "std::fs"]),
    ("bacpac", &["base"], &["tokio", "std::fs", "std::net", "std::env", "reqwest", "azure_"]),
    ("wait", &["base"], &["std::fs", "tokio::fs", "reqwest", "azure_", "dxp", "guidewire", "redis"]),
    ("document", &["base", "wait"], &["tokio", "std::fs", "azure_", "clap", "dxp", "guidewire", "redis"]),
    ("http_api", &["base", "transport"], &["blob", "std::fs", "tokio::fs", "azure_", "dxp", "guidewire", "redis"]),
    ("blob", &["base", "transport"], &["std::fs", "tokio::fs", "reqwest"]),
    ("transfer", &["base", "blob"], &["reqwest", "hyper", "azure_"]),
    ("export", &["base", "wait"], &["clap", "indicatif", "extern \"C\"", "epi_", "dxp", "guidewire", "redis"]),
    (
        "dxp",
        &["base", "transport", "bacpac", "wait", "document", "http_api", "blob", "transfer", "export"],
        &["std::fs", "tokio::fs", "azure_", "clap", "epi_", "guidewire", "redis"],
    ),
    (
        "guidewire",
        &["base", "transport", "wait", "document", "http_api", "export"],
        &["std::fs", "tokio::fs", "azure_", "clap", "epi_", "dxp", "redis"],
    ),
    (
        "redis_enterprise",
        &["base", "transport", "wait", "document", "http_api", "export"],
        &["std::fs", "tokio::fs", "azure_", "clap", "epi_", "dxp", "guidewire"],
    ),
    (
        "ops",
        &[
            "base",
            "transport",
            "bacpac",
            "wait",
            "document",
            "blob",
            "transfer",
            "export",
            "dxp",
            "guidewire",
            "redis_enterprise",
        ],
        &["block_on", "clap", "indicatif"],
    ),
    ("ffi", &["base", "ops"], &["clap", "indicatif"]),
    ("cli", &["base", "ops"], &["unsafe"]),
];

/// Folders in which no file may use, over others, itself.
const WITHOUT_CIRCLES: &[&str] = &[
    "bacpac",
    "base",
    "blob",
    "document",
    "dxp",
    "export",
    "ffi",
    "guidewire",
    "http_api",
    "ops",
    "redis_enterprise",
    "transfer",
    "transport",
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "manager", "misc"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// All of them, read once.
fn sources() -> &'static [Source] {
    static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(read_sources);
    &SOURCES
}

fn read_sources() -> Vec<Source> {
    let src = root().join("src");
    let mut files = Vec::new();
    files_below(&src, &mut files);
    files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            let below = path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
            Source::new(&below, &fs::read_to_string(&path).unwrap())
        })
        .collect()
}

fn check(breaches: &[String]) {
    assert!(breaches.is_empty(), "the architecture is breached:\n{}", breaches.join("\n"));
}

#[test]
fn every_folder_is_a_layer() {
    let known: Vec<&str> = LAYERS.iter().map(|(name, ..)| *name).collect();
    let sources = sources();
    check(
        &sources
            .iter()
            .filter_map(|source| layer_of(&source.path))
            .filter(|layer| !known.contains(layer))
            .map(|layer| format!("src/{layer} is in no rule"))
            .collect::<Vec<_>>(),
    );
    for layer in known {
        assert!(sources.iter().any(|source| layer_of(&source.path) == Some(layer)), "src/{layer} does not exist");
    }
}

#[test]
fn layers_use_only_what_is_below_them() {
    check(&order(LAYERS));
    check(&directions(sources(), LAYERS));
}

#[test]
fn no_folder_goes_in_circles() {
    let sources = sources();
    for folder in WITHOUT_CIRCLES {
        assert!(sources.iter().any(|source| layer_of(&source.path) == Some(folder)), "src/{folder} does not exist");
    }
    check(&WITHOUT_CIRCLES.iter().flat_map(|folder| circles(sources, folder)).collect::<Vec<_>>());
}

#[test]
fn layers_do_not_contain_words_of_others() {
    let mut breaches = Vec::new();
    for source in sources() {
        let Some(layer) = layer_of(&source.path) else { continue };
        let (_, _, forbidden) = LAYERS.iter().find(|(name, ..)| *name == layer).unwrap();
        // The one part of tokio's that needs no runtime, in the one file that may name it.
        let token = if source.path == "base/cancel.rs" { "tokio_util::sync::CancellationToken" } else { "" };
        let code = if token.is_empty() { source.code.clone() } else { source.code.replace(token, "") };
        for word in forbidden.iter().filter(|word| code.contains(**word)) {
            // The service's nouns live in base/model; transport's rule is about requests, not about header names.
            breaches.push(format!("src/{} contains '{word}'", source.path));
        }
    }
    check(&breaches);
}

/// Each of these is decided or done in the named files only.
/// What a further service touches: its rooms, a row in the table of services, and the command line's grammar and words.
#[test]
fn a_service_is_named_only_in_its_rooms_and_where_all_are_listed() {
    const LISTED: &[&str] = &[
        "lib.rs",
        "ops/mod.rs",
        "ops/services.rs",
        "cli/args/mod.rs",
        "cli/command.rs",
        "cli/display.rs",
        "cli/settings.rs",
        "cli/words.rs",
        "cli/words/tests.rs",
    ];
    for (word, rooms) in [
        ("guidewire", ["guidewire/", "ops/guidewire/", "cli/args/guidewire.rs"]),
        ("redis", ["redis_enterprise/", "ops/redis_enterprise/", "cli/args/redis.rs"]),
    ] {
        let at_home = |path: &str| rooms.iter().any(|room| path.starts_with(room)) || LISTED.contains(&path);
        // An example of a command may be of any service.
        let of_help = |path: &str| path == "cli/args/job.rs";
        let named = sources().iter().filter(|source| source.code.to_lowercase().contains(word));
        let elsewhere = named.filter(|source| !at_home(&source.path) && !of_help(&source.path));
        check(&elsewhere.map(|source| format!("src/{} names {word}", source.path)).collect::<Vec<_>>());
    }
}

#[test]
fn each_decision_has_one_place() {
    let only_in: &[(&str, &[&str])] = &[
        ("reqwest", &["transport/http.rs"]),
        ("RetryPolicy::API", &["http_api/call.rs"]),
        ("SystemTime::now", &["transport/system.rs"]),
        // The C ABI paces callbacks on threads of its own, where no operation's clock is at hand.
        ("Instant::now", &["ffi/callbacks.rs", "transport/system.rs"]),
        ("tokio::time::sleep", &["transport/system.rs"]),
        ("new_v4", &["transport/system.rs"]),
        // It reads the environment for the user's folders, and nothing else does below the command line.
        ("etcetera", &["transport/system.rs"]),
        ("tokio_util", &["base/cancel.rs"]),
        ("block_on", &["cli/mod.rs"]),
        // What has no limit of its own, and panics or takes its stack from a host's variable.
        ("new_multi_thread", &["ops/runtime.rs"]),
        ("thread::Builder", &["base/threads.rs"]),
        ("spawn_blocking", &["ops/runtime.rs", "transfer/file/file_tasks.rs", "transfer/partial/flush.rs"]),
        ("thread::spawn", &[]),
    ];
    let sources = sources();
    for (word, places) in only_in {
        let found: Vec<&str> =
            sources.iter().filter(|source| source.code.contains(word)).map(|source| source.path.as_str()).collect();
        assert_eq!(&found, places, "'{word}' belongs in {places:?}");
    }
    let consulted: Vec<&str> = sources
        .iter()
        .filter(|source| source.code.contains("RetryPolicy::BLOB") && layer_of(&source.path) != Some("base"))
        .map(|source| source.path.as_str())
        .collect();
    assert_eq!(consulted.len(), 1, "one place of the transfer engine consults the retry policy: {consulted:?}");
    assert!(consulted[0].starts_with("transfer/"), "{consulted:?}");
}

#[test]
fn only_the_command_line_prints_and_reads_the_environment() {
    let words = ["println!", "print!(", "eprint", "stdout()", "stderr()", "env::var", "env::args", "dbg!"];
    let mut breaches = Vec::new();
    for source in sources().iter().filter(|source| layer_of(&source.path) != Some("cli")) {
        // What is the machine's and not of this program: the proxies and the authorities that everybody here uses.
        let machine = source.path == "transport/system.rs";
        for word in words.iter().filter(|word| source.code.contains(**word) && !(machine && **word == "env::var")) {
            breaches.push(format!("src/{} contains '{word}'", source.path));
        }
    }
    check(&breaches);
}

/// The texts in a source: what stands between quotes, with escapes as they are written.
fn texts(code: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find(['"', '\'']) {
        let (raw, from) = (rest[..at].ends_with('r'), &rest[at..]);
        // A letter in quotes, which may be a quote itself; else it is a lifetime.
        if from.starts_with('\'') {
            let letter = ["'\"'", "'\\''", "'\\\"'"].iter().find(|letter| from.starts_with(**letter));
            rest = &from[letter.map_or(1, |letter| letter.len())..];
            continue;
        }
        let hashes = rest[..at].len() - rest[..at].trim_end_matches('#').len();
        let end = if hashes > 0 { format!("\"{}", "#".repeat(hashes)) } else { "\"".to_owned() };
        let text = &from[1..];
        let mut length = 0;
        while !text[length..].starts_with(&end) {
            let letter = text[length..].chars().next().unwrap();
            length += letter.len_utf8();
            if letter == '\\' && !raw && hashes == 0 {
                length += text[length..].chars().next().unwrap().len_utf8();
            }
        }
        texts.push(text[..length].to_owned());
        rest = &text[length + end.len()..];
    }
    texts
}

/// Whether a text names what one host alone has: an option or a command of `epi`, a variable of its own, a cmdlet.
fn names_a_host(text: &str) -> bool {
    let begins_word =
        |at: usize| at == 0 || !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || "-_".contains(c));
    let after = |word: &str, next: fn(char) -> bool| {
        text.match_indices(word).any(|(at, _)| begins_word(at) && text[at + word.len()..].starts_with(next))
    };
    after("--", |c| c.is_ascii_lowercase())
        || after("EPI_", |c| c.is_ascii_uppercase())
        || after("epi ", |c| c.is_ascii_lowercase())
        || ["Get", "Set", "Start", "Save", "Reset", "Complete", "Connect", "Disconnect", "Add"]
            .iter()
            .any(|verb| after(&format!("{verb}-Epi"), |_| true))
}

/// An error says members, settings and operations with parts of a phrase, which each host words itself.
#[test]
fn only_the_command_line_names_its_options_variables_and_commands() {
    // A pattern that finds all of them, so that the search below is known to find something.
    for named in ["use --force", "EPI_CA_FILE", "run epi deploy", "with Save-EpiDatabaseExport"] {
        assert!(texts(&format!("f('\"', \"{named}\")")).iter().any(|text| names_a_host(text)), "{named}");
    }
    assert!(!names_a_host("the library epicloud -- a step") && texts("r#\"a\"b\"#") == ["a\"b"]);
    let mut breaches = Vec::new();
    let is_below = |source: &&Source| layer_of(&source.path).is_some_and(|layer| layer != "cli");
    for source in sources().iter().filter(is_below).filter(|source| !source.path.ends_with("tests.rs")) {
        for text in texts(&source.code).iter().filter(|text| names_a_host(text)) {
            breaches.push(format!("src/{} says '{text}'; say it with a Setting or a Command", source.path));
        }
    }
    check(&breaches);
}

#[test]
fn unsafe_stands_only_at_the_abi() {
    let unsafe_code = |code: &str| code.replace("unsafe_code", "").contains("unsafe");
    check(
        &sources()
            .iter()
            .filter(|source| layer_of(&source.path) != Some("ffi") && unsafe_code(&source.code))
            .map(|source| format!("src/{} contains 'unsafe'", source.path))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn every_module_says_what_it_is_and_no_name_is_empty() {
    let mut files = Vec::new();
    for folder in ["src", "emulator", "sink", "xtask", "tests", "examples"] {
        files_below(&root().join(folder), &mut files);
    }
    let mut breaches = Vec::new();
    for path in files {
        let shown = path.strip_prefix(root()).unwrap().display().to_string();
        for part in path.strip_prefix(root()).unwrap().components() {
            let name = part.as_os_str().to_str().unwrap();
            if EMPTY_NAMES.contains(&name.split('.').next().unwrap()) {
                breaches.push(format!("{shown}: the name '{name}' says nothing"));
            }
        }
        if path.extension().is_some_and(|extension| extension == "rs")
            && !fs::read_to_string(&path).unwrap().starts_with("//!")
        {
            breaches.push(format!("{shown} does not begin with what it is (//!)"));
        }
    }
    check(&breaches);
}

/// A file that no module declares is never compiled, so nothing else would notice it.
#[test]
fn every_source_is_a_module_of_its_package() {
    let mut breaches = Vec::new();
    for package in ["", "capi", "emulator", "sink", "xtask"] {
        let mut files = Vec::new();
        files_below(&root().join(package).join("src"), &mut files);
        for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
            let folder = path.parent().unwrap();
            let (module, owner) = match path.file_stem().unwrap().to_str().unwrap() {
                "lib" | "main" => continue,
                _ if folder.ends_with("src/bin") => continue,
                "mod" => (folder.file_name().unwrap().to_str().unwrap(), folder.parent().unwrap()),
                name => (name, folder),
            };
            let mut declaring = ["mod.rs", "lib.rs", "main.rs"].map(|name| owner.join(name)).to_vec();
            declaring.push(owner.with_extension("rs"));
            let is_declared = declaring.iter().filter_map(|file| fs::read_to_string(file).ok()).any(|text| {
                text.lines().any(|line| line.trim().trim_end_matches(';').ends_with(&format!("mod {module}")))
            });
            if !is_declared {
                breaches.push(format!("{} is not compiled: no module declares it", path.display()));
            }
        }
    }
    check(&breaches);
}

#[test]
fn the_emulator_shares_no_code() {
    let mut files = Vec::new();
    for package in ["emulator", "sink"] {
        let manifest = fs::read_to_string(root().join(package).join("Cargo.toml")).unwrap();
        assert!(
            !manifest.contains("epicloud =") && !manifest.contains("path = \"..\""),
            "{package} depends on the library"
        );
        files_below(&root().join(package).join("src"), &mut files);
    }
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            !text.contains("epicloud::") && !text.contains("include!(\"../"),
            "{} uses the library",
            path.display()
        );
    }
}
