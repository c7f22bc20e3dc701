//! The configuration of a client from options, variables and a profile, and secrets from where secrets may come from.
//!
//! An option counts before a variable, a variable before the profile, and the profile before the default. What is empty
//! counts as not given: pipelines set variables that have no value to nothing.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::ValueEnum;
use zeroize::Zeroizing;

use super::args::{Arguments, Form, Handles, Package, Redis, RedisExport, RedisVerb, Verb};
use super::profile::Profile;
use super::words::{CommandLine, SECRET, SecretWords, option_of, secret_words, variables, variables_of};
use crate::base::error::{Error, Kind, Result};
use crate::base::given;
use crate::base::limits::CallTimeoutSeconds;
use crate::base::secret::Secret;
use crate::ops::client::{ClientConfig, Service};
use crate::ops::dxp::check_project_guid;
use crate::ops::redis_enterprise::Authentication;
use crate::ops::redis_enterprise::request::Location;
use crate::ops::{document, dxp, guidewire, redis_enterprise};

/// The longest secret or link that is read from a file or standard input.
const LONGEST_SECRET: u64 = 64 << 10;

/// Where the values of one account come from.
pub(super) struct Sources<'a> {
    service: Service,
    arguments: &'a Arguments,
    profile: Option<&'a Profile>,
}

/// Where a secret is given.
enum SecretFrom<'a> {
    File(&'static str, &'a Path),
    Stdin(&'static str),
    Variable(&'static str),
}

impl<'a> Sources<'a> {
    /// The sources for a client of this service.
    ///
    /// # Errors
    /// `InvalidArgument` when the profile or an option is for another service.
    pub(super) fn new(service: Service, arguments: &'a Arguments, profile: Option<&'a Profile>) -> Result<Self> {
        if let Some(profile) = profile.filter(|profile| profile.service() != service) {
            let text =
                format!("profile '{}' is for the service '{}', not '{service}'", profile.name, profile.service());
            return Err(Error::new(Kind::InvalidArgument, text).with_next_step("use another profile with --profile"));
        }
        let sources = Self { service, arguments, profile };
        let has_it = |member: &str| variables(service).any(|variable| variable.member == member);
        let own = secret_words(service);
        let is_foreign = |(member, value): &(&str, Option<OsString>)| value.is_some() && !has_it(member);
        let members =
            sources.options().into_iter().filter(is_foreign).map(|(member, _)| option_of(member).unwrap_or(member));
        let secrets = arguments.account.secret_options().filter(|option| ![own.file, own.stdin].contains(option));
        match members.chain(secrets).next() {
            Some(option) => Err(Error::invalid(option, format!("is not an option of the service '{service}'"))),
            None => Ok(sources),
        }
    }

    /// What the options say, by the members that they stand for.
    fn options(&self) -> Vec<(&'static str, Option<OsString>)> {
        let account = &self.arguments.account;
        let text = |value: &Option<String>| value.as_ref().map(OsString::from).filter(|value| !value.is_empty());
        let path = |value: &Option<OsString>| value.clone().filter(|value| !value.is_empty());
        let mut options = vec![
            ("endpoint", text(&account.endpoint)),
            ("clientKey", text(&account.client_key)),
            ("projectId", text(&account.project_id)),
            ("caFile", path(&account.ca_file)),
            ("stateDir", path(&account.state_dir)),
            ("callTimeoutSeconds", text(&account.call_timeout)),
        ];
        match &self.arguments.verb {
            Verb::Guidewire(service) => {
                options.extend(service.account.members().map(|(member, value)| (member, text(value))));
            }
            Verb::Redis(service) => {
                options.extend(service.account.members().map(|(member, value)| (member, text(value))));
            }
            _ => {}
        }
        options
    }

    pub(super) fn option(&self, member: &str) -> Option<OsString> {
        self.options().into_iter().find(|(known, _)| *known == member).and_then(|(_, value)| value)
    }

    /// A value of an option or a variable.
    fn given(&self, member: &str) -> Option<OsString> {
        self.option(member).or_else(|| Some(self.of_variable(member)?.1))
    }

    /// The first variable that gives a value, and that value.
    fn of_variable(&self, member: &str) -> Option<(&'static str, OsString)> {
        // A certificate that is pinned needs no authority; that of other services would contradict it.
        let is_pinned = member == "caFile" && {
            let in_profile = self.profile.is_some_and(|profile| profile.members.contains_key("certificateSha256"));
            in_profile || self.given("certificateSha256").is_some()
        };
        variables_of(self.service, member)
            .take(if is_pinned { 1 } else { usize::MAX })
            .filter_map(|name| Some((name, std::env::var_os(name)?)))
            .find(|(_, value)| !given::trimmed(&value.to_string_lossy()).is_empty())
    }

    fn text(&self, member: &str) -> Result<Option<String>> {
        let Some(value) = self.given(member) else { return Ok(None) };
        let value = value.into_string().map_err(|_| Error::invalid(member, "is not valid Unicode text"))?;
        let text = given::trimmed(&value);
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    /// A file's name may have spaces at its ends; line breaks are what a pipeline adds.
    fn path(&self, member: &str) -> Option<PathBuf> {
        let value = self.given(member)?;
        let without_breaks = match value.to_str() {
            Some(text) => text.trim_matches(['\r', '\n']).into(),
            None => value,
        };
        (!without_breaks.is_empty()).then(|| without_breaks.into())
    }

    fn number<T: std::str::FromStr<Err: std::fmt::Display>>(&self, member: &str) -> Result<Option<T>> {
        let read = |text: String| text.parse().map_err(|error: T::Err| Error::invalid(member, error.to_string()));
        self.text(member)?.map(read).transpose()
    }

    /// Where the secret is given, if not in the profile.
    fn secret_from(&self) -> Option<SecretFrom<'a>> {
        let account = &self.arguments.account;
        let SecretWords { variable, file, stdin } = secret_words(self.service);
        let (given_file, given_stdin) = match &self.arguments.verb {
            Verb::Redis(Redis { account, .. }) => (&account.password_file, account.password_stdin),
            // Commands of every service have no option for a password.
            _ if self.service == Service::RedisEnterprise => (&None, false),
            _ => (&account.client_secret_file, account.client_secret_stdin),
        };
        let is_set =
            || std::env::var_os(variable).is_some_and(|value| !given::trimmed(&value.to_string_lossy()).is_empty());
        match (given_file, given_stdin) {
            (Some(path), _) => Some(SecretFrom::File(file, path)),
            (None, true) => Some(SecretFrom::Stdin(stdin)),
            (None, false) => is_set().then_some(SecretFrom::Variable(variable)),
        }
    }

    /// Where the secret comes from, in a few words; `None` without one.
    pub(super) fn secret_source(&self) -> Option<String> {
        match self.secret_from() {
            Some(SecretFrom::File(name, _) | SecretFrom::Stdin(name) | SecretFrom::Variable(name)) => {
                Some(name.to_owned())
            }
            None => self.profile?.secret.as_ref().map(ToString::to_string),
        }
    }

    fn secret(&self) -> Result<Option<Secret>> {
        let secret = match (self.secret_from(), self.profile) {
            (Some(SecretFrom::File(option, file)), _) => Some(read_file(option, file)?),
            (Some(SecretFrom::Stdin(option)), _) => Some(read_stdin(option)?),
            (Some(SecretFrom::Variable(name)), _) => variable(name)?,
            (None, Some(profile)) => profile.secret()?,
            (None, None) => None,
        };
        Ok(secret.map(|secret| Secret::from(secret.as_str())))
    }

    /// The configuration.
    pub(super) fn config(&self) -> Result<ClientConfig> {
        let base = self.profile.map(|profile| &profile.config);
        Ok(match self.service {
            Service::Dxp => {
                let base = if let Some(ClientConfig::Dxp(config)) = base { config.clone() } else { Default::default() };
                let project_id = self.text("projectId")?.or(base.project_id);
                if let Some(project) = &project_id {
                    check_project_guid("projectId", project)?;
                }
                let config = dxp::Config {
                    endpoint: self.text("endpoint")?.or(base.endpoint),
                    client_key: self.text("clientKey")?.or(base.client_key),
                    project_id,
                    ca_file: self.path("caFile").or(base.ca_file),
                    state_dir: self.path("stateDir").or(base.state_dir),
                    call_timeout_seconds: self.call_timeout()?.or(base.call_timeout_seconds),
                };
                config.into()
            }
            Service::Guidewire => {
                let base =
                    if let Some(ClientConfig::Guidewire(config)) = base { config.clone() } else { Default::default() };
                let config = guidewire::Config {
                    endpoint: self.text("endpoint")?.or(base.endpoint),
                    token_url: self.text("tokenUrl")?.or(base.token_url),
                    client_id: self.text("clientId")?.or(base.client_id),
                    tenant_id: self.text("tenantId")?.or(base.tenant_id),
                    star_system_id: self.text("starSystemId")?.or(base.star_system_id),
                    scopes: self.text("scopes")?.or(base.scopes),
                    max_retention_days: self.number("maxRetentionDays")?.or(base.max_retention_days),
                    star_system_list: base.star_system_list,
                    ca_file: self.path("caFile").or(base.ca_file),
                    call_timeout_seconds: self.call_timeout()?.or(base.call_timeout_seconds),
                };
                config.into()
            }
            Service::RedisEnterprise => {
                let base = match base {
                    Some(ClientConfig::RedisEnterprise(config)) => config.clone(),
                    _ => Default::default(),
                };
                let authentication = match self.text("authentication")?.as_deref() {
                    Some("basic") => Authentication::Basic,
                    Some("jwt") => Authentication::Jwt,
                    Some(_) => return Err(Error::invalid("authentication", "must be basic or jwt")),
                    None => base.authentication,
                };
                let config = redis_enterprise::Config {
                    endpoint: self.text("endpoint")?.or(base.endpoint),
                    user: self.text("user")?.or(base.user),
                    authentication,
                    ca_file: self.path("caFile").or(base.ca_file),
                    certificate_sha256: self.text("certificateSha256")?.or(base.certificate_sha256),
                    call_timeout_seconds: self.call_timeout()?.or(base.call_timeout_seconds),
                };
                config.into()
            }
        })
    }

    fn call_timeout(&self) -> Result<Option<CallTimeoutSeconds>> {
        self.text("callTimeoutSeconds")?.map(|text| seconds(&text)).transpose()
    }

    /// The configuration and its secret, if there is one.
    pub(super) fn client(&self) -> Result<(ClientConfig, Option<Secret>)> {
        let secret = self.secret()?;
        Ok((self.config()?, secret))
    }

    /// How this run names what was given: by the option, or by the variable, profile or file that the value came from.
    pub(super) fn words(&self) -> CommandLine {
        let (mut sources, mut typed) = (Vec::new(), Vec::new());
        let mut comes_from = |member: &str, source: &str| sources.push((member.to_owned(), source.to_owned()));
        let members: BTreeSet<&str> = variables(self.service).map(|variable| variable.member).collect();
        for member in members {
            match self.option(member).map(OsString::into_string) {
                // A value that is not text could not be printed.
                Some(value) => {
                    typed.extend(option_of(member).zip(value.ok()).map(|(option, text)| (option, Some(text))));
                }
                None => {
                    if let Some((name, _)) = self.of_variable(member) {
                        comes_from(member, name);
                    }
                }
            }
        }
        if let Some(profile) = self.profile {
            for member in profile.members.keys().filter(|member| self.given(member).is_none()) {
                comes_from(member, &profile.name_of(member));
            }
            typed.push(("--profile", Some(profile.name.clone())));
        }
        match self.secret_from() {
            Some(SecretFrom::File(option, file)) => {
                comes_from(SECRET, option);
                typed.push((option, Some(file.display().to_string())));
            }
            Some(SecretFrom::Stdin(option)) => {
                comes_from(SECRET, option);
                typed.push((option, None));
            }
            Some(SecretFrom::Variable(name)) => comes_from(SECRET, name),
            None => {}
        }
        let files = match &self.arguments.verb {
            Verb::Deploy(deploy) => Some(&deploy.files),
            Verb::Package(Package::Upload { files, sas_url_file, sas_url_stdin }) => {
                if sas_url_file.is_some() {
                    comes_from("sasUrl", "--sas-url-file");
                } else if *sas_url_stdin {
                    comes_from("sasUrl", "--sas-url-stdin");
                }
                Some(files)
            }
            _ => None,
        };
        if let Verb::Redis(Redis {
            verb: RedisVerb::Export(RedisExport::Start { location_file, location_stdin, .. }),
            ..
        }) = &self.arguments.verb
        {
            comes_from("location", location_source(location_file.as_deref(), *location_stdin));
        }
        if files.is_some_and(|files| files.blob_name.is_none()) {
            comes_from("files[].blobName", "FILE");
        }
        CommandLine { service: self.service, sources, account: typed }
    }
}

/// The profile that is asked for by its option or variable.
pub(super) fn profile(option: Option<&String>) -> Result<Option<Profile>> {
    let name = match option {
        Some(name) => Some(given::trimmed(name).to_owned()),
        None => std::env::var("EPI_PROFILE").ok().map(|name| given::trimmed(&name).to_owned()),
    };
    name.filter(|name| !name.is_empty()).map(|name| Profile::load(&name)).transpose()
}

/// The form of the result: the option, else `EPI_OUTPUT`, else text.
pub(super) fn form(option: Option<Form>) -> Result<Form> {
    match (option, std::env::var("EPI_OUTPUT")) {
        (Some(form), _) => Ok(form),
        (None, Ok(name)) if !given::trimmed(&name).is_empty() => {
            Form::from_str(given::trimmed(&name), true).map_err(|_| {
                Error::invalid("EPI_OUTPUT", format!("'{name}' is not an output format; use text, json or jsonl"))
            })
        }
        _ => Ok(Form::Text),
    }
}

fn seconds(text: &str) -> Result<CallTimeoutSeconds> {
    let invalid = |rule: String| Error::invalid("callTimeoutSeconds", rule);
    let seconds = text.parse().map_err(|_| invalid(format!("'{text}' is not a whole number of seconds")))?;
    CallTimeoutSeconds::new(seconds).map_err(|error| invalid(error.to_string()))
}

/// A secret in an environment variable; an empty one counts as not given.
pub(super) fn variable(name: &str) -> Result<Option<Zeroizing<String>>> {
    let Some(value) = std::env::var_os(name) else { return Ok(None) };
    let value =
        value.into_string().map(Zeroizing::new).map_err(|_| Error::invalid(name, "is not valid Unicode text"))?;
    let text = given::trimmed(&value);
    Ok((!text.is_empty()).then(|| Zeroizing::new(text.to_owned())))
}

/// The handles of jobs, from where they are given.
pub(super) fn handles(given: Handles) -> Result<Vec<String>> {
    let lines = |text: &str| -> Vec<String> {
        text.lines().map(given::trimmed).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    if let Some(file) = given.handle_file {
        return Ok(lines(&read_file("--handle-file", &file)?));
    }
    let mut handles = Vec::new();
    for handle in given.handle {
        match handle.as_str() {
            "-" => handles.extend(lines(&read_stdin("HANDLE")?)),
            _ => handles.push(handle),
        }
    }
    Ok(handles)
}

/// Where the destination of an export is given.
fn location_source(file: Option<&Path>, stdin: bool) -> &'static str {
    match (file, stdin) {
        (Some(_), _) => "--location-file",
        (None, true) => "--location-stdin",
        (None, false) => "EPI_REDIS_LOCATION",
    }
}

/// The destination of an export, from a file, standard input or a variable: it can hold secrets.
pub(super) fn location(file: Option<&Path>, stdin: bool) -> Result<Location> {
    let source = location_source(file, stdin);
    let text = match (file, stdin) {
        (Some(file), _) => Some(read_file(source, file)?),
        (None, true) => Some(read_stdin(source)?),
        (None, false) => variable(source)?,
    };
    let text = text.ok_or_else(|| {
        Error::new(Kind::NotConfigured, "the destination of the export is missing")
            .with_next_step(format!("put it into a file and use --location-file, or set {source}"))
    })?;
    document::parse(source, &text).map(Location::from)
}

/// A secret in a file: its content without what surrounds it.
pub(super) fn read_file(option: &str, path: &Path) -> Result<Zeroizing<String>> {
    let doing = || format!("{option}: cannot read '{}'", path.display());
    let file = std::fs::File::open(path).map_err(|error| Error::io(doing(), &error))?;
    read(option, file).map_err(|error| match error.kind() {
        Kind::Io => error.context(doing()),
        _ => error,
    })
}

/// A secret on standard input, which one option can read.
pub(super) fn read_stdin(option: &'static str) -> Result<Zeroizing<String>> {
    static READER: OnceLock<&str> = OnceLock::new();
    if READER.set(option).is_err() {
        let reader = READER.get().copied().unwrap_or_default();
        return Err(Error::invalid(option, format!("cannot read standard input, because {reader} has read it")));
    }
    read(option, std::io::stdin().lock())
}

pub(super) fn read(option: &str, source: impl Read) -> Result<Zeroizing<String>> {
    // With room for all of it, so that it never moves and leaves a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_SECRET as usize + 64));
    source.take(LONGEST_SECRET + 1).read_to_end(&mut bytes).map_err(|error| Error::io("cannot read", &error))?;
    if bytes.len() as u64 > LONGEST_SECRET {
        return Err(Error::invalid(option, "is too long to be a secret"));
    }
    let text = given::text(&bytes).map_err(|why| Error::invalid(option, why))?;
    if text.is_empty() {
        return Err(Error::invalid(option, "is empty"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::args::Arguments;
    use super::*;

    fn sources<'a>(service: Service, arguments: &'a Arguments) -> Result<Sources<'a>> {
        Sources::new(service, arguments, None)
    }

    #[test]
    fn paths_that_are_empty_count_as_not_given() {
        for (given, expected) in [("kept", Some("kept")), ("", None)] {
            let line = ["epi", "--state-dir", given, "--ca-file", given, "connect"];
            let arguments = Arguments::try_parse_from(line).unwrap();
            let config = sources(Service::Dxp, &arguments).unwrap().config().unwrap();
            let ClientConfig::Dxp(config) = config else { panic!("a configuration of another service") };
            let expected = expected.map(PathBuf::from);
            assert_eq!((&config.state_dir, &config.ca_file), (&expected, &expected), "'{given}'");
        }
    }

    #[test]
    fn an_option_of_another_service_is_refused() {
        let arguments = Arguments::try_parse_from(["epi", "--project-id", "x", "guidewire", "connect"]).unwrap();
        let error = sources(Service::Guidewire, &arguments).err().unwrap();
        assert_eq!(error.message(), "--project-id: is not an option of the service 'guidewire'");
        let arguments =
            Arguments::try_parse_from(["epi", "--endpoint", "https://h/", "guidewire", "connect", "--tenant", "acme"]);
        let config = sources(Service::Guidewire, &arguments.unwrap()).unwrap().config().unwrap();
        let ClientConfig::Guidewire(config) = config else { panic!("a configuration of another service") };
        assert_eq!((config.endpoint.as_deref(), config.tenant_id.as_deref()), (Some("https://h/"), Some("acme")));
    }
}
