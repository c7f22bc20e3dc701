//! Compilers and other programs of this machine.

use std::process::Command;

use super::program::{in_ci, tell};

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
    /// All that the header must suit.
    pub(super) fn all() -> Vec<Self> {
        let optional = [(Tool::Clang, Language::C), (Tool::Clangpp, Language::Cpp)];
        let found = optional.into_iter().filter_map(|(tool, language)| tool.find().map(|name| Self { name, language }));
        let gnu = [("gcc", Language::C), ("g++", Language::Cpp)];
        gnu.into_iter().map(|(name, language)| Self { name, language }).chain(found).collect()
    }
}
