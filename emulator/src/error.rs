//! The one error type of the library: one line, the field or file named, the cause kept as text.

use std::fmt;
use std::path::Path;

/// Why an emulator could not start or serve a request of its owner.
#[derive(Debug)]
pub enum Error {
    /// A value of the configuration cannot be used.
    Config {
        /// The field, in words.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A file or socket failed.
    Io {
        /// What was being done.
        doing: String,
        /// The failure.
        source: std::io::Error,
    },
    /// Something else failed.
    Failed {
        /// What was being done.
        doing: String,
        /// The failure, in words.
        reason: String,
    },
}

impl Error {
    pub(crate) fn config(field: &'static str, reason: &str) -> Self {
        Self::Config { field, reason: reason.to_owned() }
    }

    #[doc(hidden)]
    pub fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    pub(crate) fn file(doing: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        Self::io(format!("{doing} {}", path.display()))
    }

    #[doc(hidden)]
    pub fn failed<E: fmt::Display>(doing: impl Into<String>) -> impl FnOnce(E) -> Self {
        let doing = doing.into();
        move |reason| Self::Failed { doing, reason: reason.to_string() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config { field, reason } => write!(to, "{field}: {reason}"),
            Self::Io { doing, source } => write!(to, "{doing}: {source}"),
            Self::Failed { doing, reason } => write!(to, "{doing}: {reason}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Config { .. } | Self::Failed { .. } => None,
        }
    }
}
