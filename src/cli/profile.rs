//! Profiles: accounts by name in a file of the user's. They say where a secret is found, and never hold it.
//!
//! The file is `config.toml` in the user's configuration directory. A value of a profile counts where neither an option nor
//! a variable gives one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::settings::{read, read_file, variable};
use super::words::{CommandLine, separated, variables};
use crate::base::error::{Error, Kind, Result};
use crate::base::next_step::NextStep;
use crate::ops::client::{ClientConfig, Service, config_file};

/// One account.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) config: ClientConfig,
    pub(super) secret: Option<SecretSource>,
    /// The members of the configuration that it sets, by their names in documents, and what it says.
    pub(super) members: Map<String, Value>,
}

/// Where a secret is found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SecretSource {
    /// In a variable.
    Env(String),
    /// In a file.
    File(PathBuf),
    /// On the standard output of a program, by its name and arguments.
    Command(Vec<String>),
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Profiles {
    #[serde(default)]
    profile: BTreeMap<String, Map<String, Value>>,
}

/// The member of a profile that says where its secret is.
const SECRET: &str = "secret";

impl Profile {
    /// The profile of this name.
    ///
    /// # Errors
    /// `NotConfigured` without the file; `NotFound` without the profile; `InvalidArgument` for what it must not say.
    pub(super) fn load(name: &str) -> Result<Self> {
        let file = existing_file()?;
        let mut profiles = read_profiles(&file)?;
        match profiles.remove(name) {
            Some(members) => Self::read(name, members, &file),
            None => {
                let known: Vec<&str> = profiles.keys().map(String::as_str).collect();
                let step = match known[..] {
                    [] => format!("add [profile.{name}] to the file"),
                    _ => format!("use one of: {}", known.join(", ")),
                };
                let text = format!("there is no profile '{name}' in {}", file.display());
                Err(Error::new(Kind::NotFound, text).with_next_step(step))
            }
        }
    }

    /// All of them, each with what is wrong with it if something is.
    pub(super) fn all() -> Result<Vec<(String, Result<Self>)>> {
        let Some(file) = config_file().filter(|file| file.exists()) else { return Ok(Vec::new()) };
        let profiles = read_profiles(&file)?.into_iter();
        Ok(profiles.map(|(name, members)| (name.clone(), Self::read(&name, members, &file))).collect())
    }

    fn read(name: &str, members: Map<String, Value>, file: &Path) -> Result<Self> {
        let mut members: Map<String, Value> =
            members.into_iter().map(|(member, value)| (camel_case(&member), value)).collect();
        let secret = members.remove(SECRET).map(|secret| secret_source(name, secret, file)).transpose()?;
        let config = ClientConfig::from_document("profile", Value::Object(members.clone()))
            .map_err(|error| in_words_of_the_file(&error, name, file))?;
        Ok(Self { name: name.to_owned(), config, secret, members })
    }

    /// Which service it is for.
    pub(super) fn service(&self) -> Service {
        self.config.service()
    }

    /// The words for what the profile says, and for what it leaves out.
    pub(super) fn words(&self) -> CommandLine {
        let source = |member: &str| (member.to_owned(), self.name_of(member));
        let members = variables(self.service()).map(|variable| source(variable.member));
        CommandLine { service: self.service(), sources: members.collect(), account: Vec::new() }
    }

    /// The name for a member of it.
    pub(super) fn name_of(&self, member: &str) -> String {
        format!("{} of profile '{}'", snake_case(member), self.name)
    }

    /// The secret, from where the profile says.
    pub(super) fn secret(&self) -> Result<Option<Zeroizing<String>>> {
        let Some(source) = &self.secret else { return Ok(None) };
        let of_profile = || format!("the secret of profile '{}'", self.name);
        let missing = |text: String| Error::new(Kind::NotConfigured, format!("{}: {text}", of_profile()));
        let secret = match source {
            SecretSource::Env(name) => {
                let step = format!("set {name}, or change the profile");
                variable(name)?.ok_or_else(|| missing(format!("{name} is not set")).with_next_step(step))?
            }
            SecretSource::File(file) => read_file(&of_profile(), file)?,
            SecretSource::Command(words) => output_of(&of_profile(), words)?,
        };
        Ok(Some(secret))
    }
}

impl std::fmt::Display for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Env(name) => write!(f, "in the variable {name}"),
            Self::File(file) => write!(f, "in the file {}", file.display()),
            // The arguments may name what nobody else should know.
            Self::Command(words) => write!(f, "from the program {}", words.first().map_or("", String::as_str)),
        }
    }
}

fn existing_file() -> Result<PathBuf> {
    let missing = |text: String| Error::new(Kind::NotConfigured, text);
    let file = config_file().ok_or_else(|| {
        missing("profiles cannot be read: this user has no configuration directory".to_owned())
            .with_next_step("set HOME or XDG_CONFIG_HOME")
    })?;
    match file.exists() {
        true => Ok(file),
        false => Err(missing(format!("there are no profiles: {} does not exist", file.display()))
            .with_next_step("create the file, or leave out --profile (EPI_PROFILE)")),
    }
}

fn read_profiles(file: &Path) -> Result<BTreeMap<String, Map<String, Value>>> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Error::io(format!("cannot read '{}'", file.display()), &error))?;
    toml::from_str::<Profiles>(&text).map(|profiles| profiles.profile).map_err(|error| {
        // Its whole text repeats the line, in which somebody may have put a secret.
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].lines().count().max(1));
        let message = error.message().lines().next().unwrap_or_default().to_owned();
        Error::new(Kind::InvalidArgument, format!("'{}', line {line}: {message}", file.display()))
            .with_next_step("a profile is a table such as [profile.NAME]")
    })
}

fn secret_source(name: &str, secret: Value, file: &Path) -> Result<SecretSource> {
    let source = serde_json::from_value(secret).map_err(|_| {
        let text = format!("'{}': profile '{name}' must say where its secret is, not what it is", file.display());
        Error::new(Kind::InvalidArgument, text).with_next_step(
            "use secret = { env = \"NAME\" }, { file = \"PATH\" } or { command = [\"PROGRAM\", \"ARGUMENT\"] }",
        )
    })?;
    Ok(match source {
        SecretSource::File(path) => SecretSource::File(file.parent().unwrap_or(Path::new("")).join(path)),
        other => other,
    })
}

/// What is wrong with a profile, by the names in the file.
fn in_words_of_the_file(error: &Error, name: &str, file: &Path) -> Error {
    let field = error.field().unwrap_or_default();
    let rule = error.message().strip_prefix(field).unwrap_or(error.message()).trim_start_matches(": ");
    // The names of what may stand there are between these marks.
    let rule: String = rule
        .split('`')
        .enumerate()
        .map(|(index, part)| if index % 2 == 1 { snake_case(part) } else { part.to_owned() })
        .collect();
    let text = format!("'{}': profile '{name}': {}: {rule}", file.display(), snake_case(field));
    let explained = Error::new(Kind::InvalidArgument, text);
    match field {
        "clientSecret" | "password" => {
            explained.with_next_step(NextStep::text("a profile holds no secret; say where it is with secret = { ... }"))
        }
        _ => explained,
    }
}

/// The secret on the standard output of a program.
fn output_of(what: &str, words: &[String]) -> Result<Zeroizing<String>> {
    let failed = |text: String| Error::new(Kind::NotConfigured, format!("{what}: {text}"));
    let Some((program, arguments)) = words.split_first() else {
        return Err(failed("its command is empty".to_owned()));
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| Error::io(format!("{what}: cannot run '{program}'"), &error))?;
    let output = child.stdout.take().map(|output| read(what, output));
    let status = child.wait().map_err(|error| Error::io(format!("{what}: cannot run '{program}'"), &error))?;
    match output {
        Some(secret) if status.success() => secret,
        _ => Err(failed(format!("'{program}' failed ({status})")).with_next_step("run it to see why")),
    }
}

/// A name of the file as documents have it: `client_key` is `clientKey`.
fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut whole, part| {
        let mut letters = part.chars();
        whole.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        whole.push_str(letters.as_str());
        whole
    })
}

/// A name of documents as the file has it.
pub(super) fn snake_case(name: &str) -> String {
    separated(name, '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Profile> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(&file, text).unwrap();
        let (name, members) = read_profiles(&file)?.pop_first().unwrap();
        Profile::read(&name, members, Path::new("/etc/config.toml"))
    }

    #[test]
    fn a_profile_names_an_account_and_where_its_secret_is() {
        let profile =
            read("[profile.shop]\nclient_key = \"K\"\nca_file = \"/ca.pem\"\nsecret = { env = \"SHOP\" }\n").unwrap();
        let ClientConfig::Dxp(config) = &profile.config else { panic!("another service") };
        assert_eq!((profile.name.as_str(), config.client_key.as_deref()), ("shop", Some("K")));
        assert_eq!(profile.secret, Some(SecretSource::Env("SHOP".into())));
        let file = read("[profile.a]\nsecret = { file = \"gw\" }").unwrap();
        assert_eq!(file.secret, Some(SecretSource::File("/etc/gw".into())));
    }

    #[test]
    fn what_a_profile_must_not_say_is_refused_and_not_repeated() {
        for (text, rule) in [
            ("[profile.a]\nsecret = \"CANARY\"", "must say where its secret is"),
            ("[profile.a]\nsecret = { value = \"CANARY\" }", "must say where its secret is"),
            ("[profile.a]\nclient_secret = \"CANARY\"", "client_secret: unknown field, expected one of"),
            ("[profile.a]\ncall_timeout_seconds = \"CANARY\"", "call_timeout_seconds: expected"),
            ("[profile.a]\nservice = \"CANARY\"", "service: unknown value"),
            ("[profile.a]\nclient_key = CANARY\n", "line 2"),
            ("client_key = \"CANARY\"\n[profile.a]", "unknown field"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidArgument, "{text}");
            assert!(error.message().contains(rule), "{text}: {error}");
            assert!(!error.to_json().to_string().contains("CANARY"), "{text}: {error}");
        }
        let error = read("[profile.a]\nclientkey = \"x\"").unwrap_err();
        assert!(error.message().contains("expected one of endpoint, client_key,"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_comes_from_a_program() {
        let secret =
            |command: &[&str]| output_of("x", &command.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(secret(&["printf", "%s\\n", "abc"]).unwrap().as_str(), "abc");
        for (command, kind) in [
            (&["false"][..], Kind::NotConfigured),
            (&[], Kind::NotConfigured),
            (&["true"], Kind::InvalidArgument),
            (&["/nowhere/program"], Kind::NotFound),
        ] {
            assert_eq!(secret(command).unwrap_err().kind(), kind, "{command:?}");
        }
    }
}
