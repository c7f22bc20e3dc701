//! What to do about an error: decided where the error is made, worded by each host.
//!
//! A document has members, `epi` has options and commands, PowerShell has parameters and cmdlets. So a step never
//! names any of them in its text; it holds a [`Setting`] or a [`Command`], for which each host has its own word.
//! [`NextStep::to_string`] gives the words of documents.

use std::fmt;

/// Something that the caller can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Setting {
    /// Whether an existing file is replaced.
    Overwrite,
    /// A PEM file of certificate authorities.
    CaFile,
}

impl Setting {
    /// All of them, for the tests of each host's words.
    pub const ALL: &[Self] = &[Self::Overwrite, Self::CaFile];

    /// The member of a request or a configuration.
    #[must_use]
    pub fn member(self) -> &'static str {
        match self {
            Self::Overwrite => "overwrite",
            Self::CaFile => "caFile",
        }
    }
}

/// An operation that goes on from here, with what it needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Waits for a deployment: `deployment.wait`.
    WaitForDeployment {
        /// Its id.
        id: String,
    },
}

impl Command {
    /// The row of the catalog, and the members of its request.
    #[must_use]
    pub fn request(&self) -> (&'static str, Vec<(&'static str, String)>) {
        match self {
            Self::WaitForDeployment { id } => ("deployment.wait", vec![("id", id.clone())]),
        }
    }
}

/// A part of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Words that every host says alike.
    Text(String),
    /// A setting, by the host's name for it.
    Setting(Setting),
    /// An operation, as the host runs it.
    Command(Command),
}

/// What to do next: one line in lower case, without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NextStep(Vec<Part>);

impl NextStep {
    /// A step that begins with these words.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::default().and(text)
    }

    /// Adds words.
    #[must_use]
    pub fn and(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Text(text.into()));
        self
    }

    /// Adds the name of a setting.
    #[must_use]
    pub fn setting(mut self, setting: Setting) -> Self {
        self.0.push(Part::Setting(setting));
        self
    }

    /// Adds an operation.
    #[must_use]
    pub fn command(mut self, command: Command) -> Self {
        self.0.push(Part::Command(command));
        self
    }

    /// Its parts, in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The step in the words of a host.
    #[must_use]
    pub fn worded(&self, setting: impl Fn(Setting) -> String, command: impl Fn(&Command) -> String) -> String {
        let word = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Setting(which) => setting(*which),
            Part::Command(which) => command(which),
        };
        self.0.iter().map(word).collect()
    }
}

impl<T: Into<String>> From<T> for NextStep {
    fn from(text: T) -> Self {
        Self::text(text)
    }
}

impl fmt::Display for NextStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = |command: &Command| {
            let (operation, members) = command.request();
            let members: Vec<String> = members.iter().map(|(name, value)| format!("{name} {value}")).collect();
            format!("{operation} with {}", members.join(", "))
        };
        f.write_str(&self.worded(|setting| setting.member().to_owned(), command))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_its_own_words() {
        let step = NextStep::text("wait with ")
            .command(Command::WaitForDeployment { id: "7".into() })
            .and(", or set ")
            .setting(Setting::Overwrite);
        assert_eq!(step.to_string(), "wait with deployment.wait with id 7, or set overwrite");
        let worded = step.worded(|_| "--force".into(), |_| "epi deployment wait --id 7".into());
        assert_eq!(worded, "wait with epi deployment wait --id 7, or set --force");
    }
}
