//! The client's configuration from options and the environment, and secrets from where secrets may come from.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use zeroize::Zeroizing;

use super::args::{Account, Arguments, Form, Handles, Package, Verb};
use super::profile::{Profile, snake_case};
use super::words::{CommandLine, VARIABLES, option_of};
use crate::base::error::{Error, Kind, Result};
use crate::base::given;
use crate::base::limits::CallTimeoutSeconds;
use crate::base::secret::Secret;
use crate::ops::client::{ClientConfig, Service};
use crate::ops::dxp::{Config, check_project_guid};

/// The longest secret or link that is read from a file or standard input.
const LONGEST_SECRET: u64 = 64 << 10;

/// A configuration and its secret, if there is one.
pub(super) type Settings = (ClientConfig, Option<Secret>);

/// What options and variables say of a client of this service, and for what they do not say, a profile.
pub(super) fn client(service: Service, account: &Account, profile: Option<&Profile>) -> Result<Settings> {
    if let Some(profile) = profile.filter(|profile| profile.service() != service) {
        let text = format!("profile '{}' is for the service '{}', not '{service}'", profile.name, profile.service());
        return Err(Error::new(Kind::InvalidArgument, text).with_next_step("use another profile with --profile"));
    }
    match service {
        Service::Dxp => dxp(account, profile),
    }
}

fn dxp(account: &Account, profile: Option<&Profile>) -> Result<Settings> {
    let secret = match (&account.client_secret_file, account.client_secret_stdin) {
        (Some(file), _) => Some(read_file("--client-secret-file", file)?),
        (None, true) => Some(read_stdin("--client-secret-stdin")?),
        (None, false) => variable("EPI_CLIENT_SECRET")?,
    };
    let base = match profile.map(|profile| &profile.config) {
        Some(ClientConfig::Dxp(config)) => config.clone(),
        _ => Config::default(),
    };
    let project_id = named(account.project_id.as_ref()).or(base.project_id);
    if let Some(project) = &project_id {
        check_project_guid("projectId", project)?;
    }
    let config = Config {
        endpoint: named(account.endpoint.as_ref()).or(base.endpoint),
        client_key: named(account.client_key.as_ref()).or(base.client_key),
        project_id,
        ca_file: named_path(account.ca_file.as_ref()).or(base.ca_file),
        state_dir: named_path(account.state_dir.as_ref()).or(base.state_dir),
        call_timeout_seconds: call_timeout(account.call_timeout.as_ref())?.or(base.call_timeout_seconds),
    };
    Ok((config.into(), secret_or(secret, profile)?))
}

/// Where the secret of a client of this service was given, if not in a profile.
pub(super) fn secret_source(service: Service, account: &Account) -> Option<String> {
    let variable = match service {
        Service::Dxp => "EPI_CLIENT_SECRET",
    };
    let is_set = || std::env::var(variable).is_ok_and(|value| !given::trimmed(&value).is_empty());
    match (&account.client_secret_file, account.client_secret_stdin) {
        (Some(_), _) => Some("--client-secret-file".to_owned()),
        (None, true) => Some("--client-secret-stdin".to_owned()),
        (None, false) => is_set().then(|| variable.to_owned()),
    }
}

/// A secret that was given, or else that of the profile.
fn secret_or(given: Option<Zeroizing<String>>, profile: Option<&Profile>) -> Result<Option<Secret>> {
    let secret = match (given, profile) {
        (None, Some(profile)) => profile.secret()?,
        (given, _) => given,
    };
    Ok(secret.map(|secret| Secret::from(secret.as_str())))
}

/// The profile that is asked for by its option or variable.
pub(super) fn profile(name: Option<&String>) -> Result<Option<Profile>> {
    named(name).map(|name| Profile::load(&name)).transpose()
}

fn call_timeout(text: Option<&String>) -> Result<Option<CallTimeoutSeconds>> {
    named(text).map(|text| seconds(&text)).transpose()
}

/// How this run names what was given: by the option, or by the variable or file that the value came from.
pub(super) fn words(arguments: &Arguments, profile: Option<&Profile>) -> CommandLine {
    let account = &arguments.account;
    let text = |value: &Option<String>| value.as_ref().map(OsString::from);
    // The grammar does not say where a value came from; the same value in both places may be called by either name.
    let given = |member: &str| match member {
        "clientKey" => text(&account.client_key),
        "projectId" => text(&account.project_id),
        "endpoint" => text(&account.endpoint),
        "caFile" => account.ca_file.clone(),
        "stateDir" => account.state_dir.clone(),
        "callTimeoutSeconds" => text(&account.call_timeout),
        _ => None,
    };
    let (mut sources, mut typed) = (Vec::new(), Vec::new());
    for &(member, variable) in VARIABLES {
        let Some(value) = given(member) else { continue };
        if std::env::var_os(variable).as_ref() == Some(&value) {
            sources.push((member.to_owned(), variable.to_owned()));
        } else if let (Some(option), Ok(text)) = (option_of(member), value.into_string())
            && !text.is_empty()
        {
            // A value that is not text could not be printed.
            typed.push((option, Some(text)));
        }
    }
    if let Some(profile) = profile {
        let is_given = |member: &str| given(member).is_some_and(|value| !value.is_empty());
        for member in profile.members.keys().filter(|member| !is_given(member)) {
            sources.push((member.clone(), format!("{} of profile '{}'", snake_case(member), profile.name)));
        }
        typed.push(("--profile", Some(profile.name.clone())));
    }
    if let Some(file) = &account.client_secret_file {
        sources.push(("clientSecret".to_owned(), "--client-secret-file".to_owned()));
        typed.push(("--client-secret-file", Some(file.display().to_string())));
    } else if account.client_secret_stdin {
        sources.push(("clientSecret".to_owned(), "--client-secret-stdin".to_owned()));
        typed.push(("--client-secret-stdin", None));
    }
    let files = match &arguments.verb {
        Verb::Deploy(deploy) => Some(&deploy.files),
        Verb::Package(Package::Upload { files, sas_url_file, sas_url_stdin }) => {
            if sas_url_file.is_some() {
                sources.push(("sasUrl".to_owned(), "--sas-url-file".to_owned()));
            } else if *sas_url_stdin {
                sources.push(("sasUrl".to_owned(), "--sas-url-stdin".to_owned()));
            }
            Some(files)
        }
        _ => None,
    };
    if files.is_some_and(|files| files.blob_name.is_none()) {
        sources.push(("files[].blobName".to_owned(), "FILE".to_owned()));
    }
    CommandLine { sources, account: typed }
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

/// An empty value counts as not given: pipelines set variables that have no value to nothing.
fn named(value: Option<&String>) -> Option<String> {
    value.map(|value| given::trimmed(value)).filter(|value| !value.is_empty()).map(str::to_owned)
}

fn seconds(text: &str) -> Result<CallTimeoutSeconds> {
    let invalid = |rule: String| Error::invalid("callTimeoutSeconds", rule);
    let seconds = text.parse().map_err(|_| invalid(format!("'{text}' is not a whole number of seconds")))?;
    CallTimeoutSeconds::new(seconds).map_err(|error| invalid(error.to_string()))
}

/// A file's name may have spaces at its ends; line breaks are what a pipeline adds.
fn named_path(value: Option<&OsString>) -> Option<PathBuf> {
    let without_breaks = |value: &OsString| match value.to_str() {
        Some(text) => text.trim_matches(['\r', '\n']).into(),
        None => value.clone(),
    };
    value.map(without_breaks).filter(|value| !value.is_empty()).map(Into::into)
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

/// A secret in a file: its content without what surrounds it.
pub(super) fn read_file(option: &str, path: &Path) -> Result<Zeroizing<String>> {
    let doing = || format!("{option}: cannot read '{}'", path.display());
    let file = std::fs::File::open(path).map_err(|error| Error::io(doing(), &error))?;
    read(option, file).map_err(|error| match error.kind() {
        Kind::Io => error.context(doing()),
        _ => error,
    })
}

/// A secret on standard input.
pub(super) fn read_stdin(option: &str) -> Result<Zeroizing<String>> {
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

    #[test]
    fn paths_that_are_empty_count_as_not_given() {
        for (given, expected) in [("kept", Some("kept")), ("", None)] {
            let line = ["epi", "--state-dir", given, "--ca-file", given, "connect"];
            let (config, _) = client(Service::Dxp, &Arguments::try_parse_from(line).unwrap().account, None).unwrap();
            let expected = expected.map(PathBuf::from);
            let ClientConfig::Dxp(config) = config else { panic!("a configuration of another service") };
            assert_eq!((&config.state_dir, &config.ca_file), (&expected, &expected), "'{given}'");
        }
    }
}
