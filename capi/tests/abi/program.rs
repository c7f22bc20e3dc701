//! C programs made of a source and the built library, and the programs of this machine that they need.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

/// The folder of this package.
pub(super) fn package() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of the workspace.
pub(super) fn root() -> PathBuf {
    package().join("..")
}

/// The shared library: that of `EPI_TEST_LIBRARY`, which `cargo xtask test` sets, or one that is built now. Cargo builds no
/// library for the tests of a package whose library no Rust program can link.
pub(super) fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        let test = std::env::current_exe().unwrap();
        let folder = test.ancestors().nth(3).unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(package()).args(["build", "--lib", "--target-dir"]).arg(folder);
        output(&mut cargo);
        let name = format!("{}epicloud{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
        folder.join("debug").join(name)
    };
    LIBRARY.get_or_init(|| std::env::var_os("EPI_TEST_LIBRARY").map_or_else(build, PathBuf::from)).clone()
}

/// Whether this is a CI run, in which whatever is missing is a failure.
pub(super) fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// Tells figures and what is left out. Past the capture of the test runner, which hides what a passed test prints.
pub(super) fn tell(line: &str) {
    // A closed stream is no failure of a test.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A program that some tests need, if this machine has it; says why something is left out otherwise.
pub(super) fn find(name: &'static str) -> Option<&'static str> {
    if Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()) {
        return Some(name);
    }
    assert!(!in_ci(), "{name} is not installed");
    tell(&format!("{name} is not installed, so what needs it is left out"));
    None
}

/// Valgrind, ready to be given a program: an error or a definite leak is its exit code.
pub(super) fn valgrind() -> Option<Command> {
    let mut command = Command::new(find("valgrind")?);
    command.args(["-q", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]);
    // Without fairness one spinning thread starves all others.
    command.args(["--error-exitcode=9", "--fair-sched=yes"]);
    Some(command)
}

/// Runs a command that must succeed, and gives what it printed.
pub(super) fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// A compiler's command that finds the header.
pub(super) fn compiler(name: &str) -> Command {
    let mut command = Command::new(name);
    command.arg("-I").arg(package().join("include"));
    command
}

/// Runs a compiler, linking with the library.
pub(super) fn link(command: &mut Command, program: &Path) {
    let library = library();
    let folder = library.parent().unwrap();
    command.arg("-o").arg(program).arg(&library).arg(format!("-Wl,-rpath,{}", folder.display())).arg("-pthread");
    output(command);
}

/// The compiler of the test programs, with all warnings as errors.
pub(super) fn strict_c() -> Command {
    let mut command = compiler("cc");
    command.args(["-std=c11", "-D_GNU_SOURCE", "-g", "-Wall", "-Wextra", "-Werror"]);
    command
}

/// The program that is not linked with the library, which it finds in EPI_LIBRARY.
pub(super) const LOADS_BY_NAME: &str = "unload";

/// A C program that was compiled against the header and the library.
pub(super) struct Program {
    pub(super) folder: TempDir,
    pub(super) file: PathBuf,
}

impl Program {
    /// Compiles `tests/c/NAME.c`.
    pub(super) fn compile(name: &str) -> Self {
        let source = package().join(format!("tests/c/{name}.c"));
        if name != LOADS_BY_NAME {
            return Self::of(&source);
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        output(strict_c().arg(source).arg("-o").arg(&file).arg("-ldl"));
        Self { folder, file }
    }

    /// Compiles a file.
    pub(super) fn of(source: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(source.file_stem().unwrap());
        link(strict_c().arg(source), &file);
        Self { folder, file }
    }

    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.file);
        command.current_dir(self.folder.path());
        command
    }
}
