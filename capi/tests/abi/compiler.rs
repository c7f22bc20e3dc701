//! The compilers that the header must suit.

use super::program::find;

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
        let optional = [("clang", Language::C), ("clang++", Language::Cpp)];
        let found = optional.into_iter().filter_map(|(name, language)| find(name).map(|name| Self { name, language }));
        let gnu = [("gcc", Language::C), ("g++", Language::Cpp)];
        gnu.into_iter().map(|(name, language)| Self { name, language }).chain(found).collect()
    }
}
