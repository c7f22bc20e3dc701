//! The same C programs under tools that watch memory.

use std::path::{Path, PathBuf};
use std::process::Command;

use epicloud_emulator::LinkScheme;

use super::program::{Program, output, root, tell, valgrind};
use super::programs::Stage;

/// All programs but these: `panic` needs hidden symbols, `unload` has its own way of loading, `secrets` reads memory that
/// is not its own, and `vectors` is played by the behaviour suite, also under valgrind.
const PROGRAMS: &[&str] =
    &["version", "client", "operation", "errors", "cancel", "callbacks", "threads", "lifetime", "fork", "broken"];

/// Rounds of the tests of reliability under a slow checker.
const ROUNDS: &str = "20";

#[test]
fn valgrind_finds_nothing() {
    for name in PROGRAMS {
        let Some(mut command) = valgrind() else { return };
        // Without TLS: valgrind takes what ring's assembly decrypts for uninitialised. The sanitizer looks at TLS.
        let stage = Stage::with_links(LinkScheme::Http);
        stage.prepare(name);
        let program = Program::compile(name);
        command.arg(&program.file).current_dir(program.folder.path()).env("EPI_ROUNDS", ROUNDS);
        stage.run(&mut command);
        stage.close();
    }
    tell(&format!("valgrind: {} programs, no error and no definite leak", PROGRAMS.len()));
}

#[test]
#[ignore = "builds everything once more; cargo test --test abi -- --ignored"]
fn the_address_sanitizer_finds_nothing() {
    let library = instrumented();
    for name in PROGRAMS.iter().chain(&["panic"]) {
        let stage = Stage::new();
        stage.prepare(name);
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join(name);
        link(&root().join(format!("tests/c/{name}.c")), &library, &program);
        let mut command = Command::new(&program);
        command.current_dir(folder.path()).env("EPI_ROUNDS", "200");
        stage.run(&mut command);
        stage.close();
    }
    tell(&format!("AddressSanitizer: {} programs, no error and no leak", PROGRAMS.len() + 1));
}

/// The static library with the sanitizer and the hidden symbols, in a folder of its own below the usual one.
fn instrumented() -> PathBuf {
    let target = host();
    let deps = std::env::current_exe().unwrap();
    let folder = deps.ancestors().nth(3).unwrap().join("asan");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(root())
        .args(["build", "--lib", "--no-default-features", "--features", "test-abi", "--target", &target])
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
    command.args(["-std=c11", "-D_GNU_SOURCE", "-g", "-fsanitize=address", "-I"]).arg(root().join("include"));
    command.arg(source).arg(library).args(["-pthread", "-ldl", "-lm", "-o"]).arg(program);
    output(&mut command);
}
