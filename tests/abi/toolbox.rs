//! Compilers and other programs of this machine, the built library, and C programs made of the two.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The package's folder.
pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The shared library that Cargo has built beside this test.
pub(super) fn library() -> PathBuf {
    let name = format!("{}epicloud{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    std::env::current_exe().unwrap().with_file_name(name)
}

/// Whether this is a CI run, in which whatever is missing is a failure.
fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// Tells figures and what is left out. Past the capture of the test runner, which hides what a passed test prints.
pub(super) fn tell(line: &str) {
    // A closed stream is no failure of a test.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Programs that some tests need.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tool {
    Nm,
    Valgrind,
    Cmake,
    PkgConfig,
    Clang,
    Clangpp,
}

impl Tool {
    /// Its name, if it is there; says why something is left out otherwise.
    pub(super) fn find(self) -> Option<&'static str> {
        let name = match self {
            Self::Nm => "nm",
            Self::Valgrind => "valgrind",
            Self::Cmake => "cmake",
            Self::PkgConfig => "pkg-config",
            Self::Clang => "clang",
            Self::Clangpp => "clang++",
        };
        if Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()) {
            return Some(name);
        }
        assert!(!in_ci(), "{name} is not installed");
        tell(&format!("{name} is not installed, so what needs it is left out"));
        None
    }
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    C,
    Cpp,
}

/// A compiler of this machine.
pub(super) struct Compiler {
    pub(super) name: &'static str,
    pub(super) language: Language,
}

impl Compiler {
    /// The compiler that programs are made with.
    pub(super) fn c() -> Self {
        Self { name: "cc", language: Language::C }
    }

    /// All that the header must suit.
    pub(super) fn all() -> Vec<Self> {
        let optional = [(Tool::Clang, Language::C), (Tool::Clangpp, Language::Cpp)];
        let found = optional.into_iter().filter_map(|(tool, language)| tool.find().map(|name| Self { name, language }));
        let gnu = [("gcc", Language::C), ("g++", Language::Cpp)];
        gnu.into_iter().map(|(name, language)| Self { name, language }).chain(found).collect()
    }

    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(self.name);
        command.arg("-I").arg(root().join("include"));
        command
    }

    /// Runs it, linking with the library.
    pub(super) fn link(&self, command: &mut Command, program: &Path) {
        let library = library();
        let folder = library.parent().unwrap();
        command.arg("-o").arg(program).arg(&library).arg(format!("-Wl,-rpath,{}", folder.display())).arg("-pthread");
        output(command);
    }
}

/// A C program that was compiled against the header and the library.
pub(super) struct Program {
    pub(super) folder: TempDir,
    pub(super) file: PathBuf,
}

impl Program {
    /// Compiles `tests/c/NAME.c`.
    pub(super) fn compile(name: &str) -> Self {
        Self::of(&root().join(format!("tests/c/{name}.c")))
    }

    /// Compiles a file.
    pub(super) fn of(source: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(source.file_stem().unwrap());
        let compiler = Compiler::c();
        let mut command = compiler.command();
        command.args(["-std=c11", "-D_GNU_SOURCE", "-g", "-Wall", "-Wextra", "-Werror"]).arg(source);
        compiler.link(&mut command, &file);
        Self { folder, file }
    }

    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.file);
        command.current_dir(self.folder.path());
        command
    }
}
