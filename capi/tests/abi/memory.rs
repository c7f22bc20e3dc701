//! The same C programs under tools that watch memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use epicloud_emulator::LinkScheme;

use super::examples;
use super::program::{LOADS_BY_NAME, Program, output, package, tell, valgrind};
use super::programs::Fixture;

const TESTS: &str = "tests/c";
const EXAMPLES: &str = "../bindings/c/examples";

/// The programs that are not among the others, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (PANICS, "needs hidden symbols, which only the library with the sanitizer has"),
    ("secrets", "reads all memory of its process"),
    ("thread_limit", "becomes another user, once for each limit"),
    ("stack", "has stacks that are too small for a checker"),
    ("twice", "holds nothing but the header"),
    ("second", "holds nothing but the header"),
    ("vectors", "is played by the behaviour suite, also under valgrind"),
    ("bench", "is measured by the benchmarks, and makes calls that others make too"),
];

/// The program that needs hidden symbols.
const PANICS: &str = "panic";

/// Rounds of the tests of reliability under a slow checker.
const ROUNDS: &str = "20";

/// Some programs wait for the service, others work: two of them at a time take little longer than the longest.
const PLAYERS: usize = 2;

/// A program and its place.
struct Source {
    name: String,
    file: PathBuf,
    is_example: bool,
}

/// All C programs that are watched: a new one is among them without being named here.
fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    for (folder, is_example) in [(TESTS, false), (EXAMPLES, true)] {
        for entry in fs::read_dir(package().join(folder)).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            if file.extension().is_some_and(|end| end == "c") {
                sources.push(Source { name, file, is_example });
            }
        }
    }
    for (name, _) in EXCEPTIONS {
        let before = sources.len();
        sources.retain(|source| source.is_example || source.name != *name);
        assert_eq!(sources.len() + 1, before, "{name} is no program");
    }
    sources.sort_by(|one, other| one.file.cmp(&other.file));
    sources
}

/// Plays a program that `command` starts in `folder`.
fn play(source: &Source, fixture: &Fixture, folder: &Path, mut command: Command) {
    command.current_dir(folder);
    if source.is_example {
        examples::play(&source.name, fixture, folder, command);
    } else {
        fixture.prepare(&source.name);
        fixture.run(&mut command);
    }
}

#[test]
fn valgrind_finds_nothing() {
    if valgrind().is_none() {
        return;
    }
    let sources = sources();
    let next = AtomicUsize::new(0);
    let player = || {
        while let Some(source) = sources.get(next.fetch_add(1, Relaxed)) {
            // Without TLS: valgrind takes what ring's assembly decrypts for uninitialised. The sanitizer looks at TLS.
            let fixture = Fixture::with_links(LinkScheme::Http);
            let program = if source.is_example { Program::of(&source.file) } else { Program::compile(&source.name) };
            let mut command = valgrind().unwrap();
            command.arg(&program.file).env("EPI_ROUNDS", ROUNDS);
            play(source, &fixture, program.folder.path(), command);
            fixture.close();
        }
    };
    std::thread::scope(|scope| (0..PLAYERS).map(|_| scope.spawn(player)).for_each(drop));
    tell(&format!("valgrind: {} programs, no error and no definite leak", sources.len()));
}

#[test]
#[ignore = "builds everything once more; cargo test --test abi -- --ignored"]
fn the_address_sanitizer_finds_nothing() {
    let library = instrumented();
    let mut sources = sources();
    // That loads the shared library, and the one with the sanitizer is static.
    sources.retain(|source| source.name != LOADS_BY_NAME);
    let file = package().join(TESTS).join(format!("{PANICS}.c"));
    sources.push(Source { name: PANICS.to_owned(), file, is_example: false });
    for source in &sources {
        let fixture = Fixture::new();
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join(&source.name);
        link(&source.file, &library, &program);
        let mut command = Command::new(&program);
        command.env("EPI_ROUNDS", "200");
        play(source, &fixture, folder.path(), command);
        fixture.close();
    }
    tell(&format!("AddressSanitizer: {} programs, no error and no leak", sources.len()));
}

/// The static library with the sanitizer and the hidden symbols, in a folder of its own below the usual one.
fn instrumented() -> PathBuf {
    let target = host();
    let deps = std::env::current_exe().unwrap();
    let folder = deps.ancestors().nth(3).unwrap().join("asan");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(package())
        .args(["build", "--lib", "--features", "test-abi", "--target", &target])
        // Speed is no matter here, and unoptimised dependencies build in half the time.
        .args(["--config", "profile.dev.package.\"*\".opt-level=0"])
        .arg("--target-dir")
        .arg(&folder)
        // The flag is unstable, but works in the stable compiler.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Zsanitizer=address");
    output(&mut cargo);
    folder.join(target).join("debug/libepicloud.a")
}

/// The name of this machine's target, as the compiler says it.
fn host() -> String {
    let text = output(Command::new("rustc").arg("-vV"));
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

fn link(source: &Path, library: &Path, program: &Path) {
    // gcc brings its own runtime of the sanitizer, which clang does not everywhere.
    let mut command = Command::new("gcc");
    command.args(["-std=c11", "-D_GNU_SOURCE", "-g", "-fsanitize=address", "-I"]).arg(package().join("include"));
    command.arg(source).arg(library).args(["-pthread", "-ldl", "-lm", "-o"]).arg(program);
    output(&mut command);
}
