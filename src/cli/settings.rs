//! The client's configuration from options and the environment, and secrets from where secrets may come from.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use zeroize::Zeroizing;

use super::args::{Account, Arguments, Form, Package, Verb};
use super::words::{CommandLine, VARIABLES, option_of};
use crate::base::error::{Error, Kind, Result};
use crate::base::given;
use crate::base::limits::CallTimeoutSeconds;
use crate::base::secret::Secret;
use crate::ops::client::ClientConfig;
use crate::ops::dxp::{Config, check_project_guid};

/// The longest secret or link that is read from a file or standard input.
const LONGEST_SECRET: u64 = 64 << 10;

/// The configuration and the secret, if one is given.
pub(super) fn client(account: &Account) -> Result<(ClientConfig, Option<Secret>)> {
    let secret = match (&account.client_secret_file, account.client_secret_stdin) {
        (Some(file), _) => Some(read_file("--client-secret-file", file)?),
        (None, true) => Some(read_stdin("--client-secret-stdin")?),
        (None, false) => variable("EPI_CLIENT_SECRET")?,
    };
    let project_id = named(account.project_id.as_ref());
    if let Some(project) = &project_id {
        check_project_guid("projectId", project)?;
    }
    let config = Config {
        endpoint: named(account.endpoint.as_ref()),
        client_key: named(account.client_key.as_ref()),
        project_id,
        ca_file: named_path(account.ca_file.as_ref()),
        state_dir: named_path(account.state_dir.as_ref()),
        call_timeout_seconds: named(account.call_timeout.as_ref()).map(|text| seconds(&text)).transpose()?,
    };
    Ok((config.into(), secret.map(|secret| Secret::from(secret.as_str()))))
}

/// How this run names what was given: by the option, or by the variable or file that the value came from.
pub(super) fn words(arguments: &Arguments) -> CommandLine {
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
            sources.push((member, variable));
        } else if let (Some(option), Ok(text)) = (option_of(member), value.into_string())
            && !text.is_empty()
        {
            // A value that is not text could not be printed.
            typed.push((option, Some(text)));
        }
    }
    if let Some(file) = &account.client_secret_file {
        sources.push(("clientSecret", "--client-secret-file"));
        typed.push(("--client-secret-file", Some(file.display().to_string())));
    } else if account.client_secret_stdin {
        sources.push(("clientSecret", "--client-secret-stdin"));
        typed.push(("--client-secret-stdin", None));
    }
    let files = match &arguments.verb {
        Verb::Deploy(deploy) => Some(&deploy.files),
        Verb::Package(Package::Upload { files, sas_url_file, sas_url_stdin }) => {
            if sas_url_file.is_some() {
                sources.push(("sasUrl", "--sas-url-file"));
            } else if *sas_url_stdin {
                sources.push(("sasUrl", "--sas-url-stdin"));
            }
            Some(files)
        }
        _ => None,
    };
    if files.is_some_and(|files| files.blob_name.is_none()) {
        sources.push(("files[].blobName", "FILE"));
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

fn read(option: &str, source: impl Read) -> Result<Zeroizing<String>> {
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
            let (config, _) = client(&Arguments::try_parse_from(line).unwrap().account).unwrap();
            let expected = expected.map(PathBuf::from);
            let ClientConfig::Dxp(config) = config else { panic!("a configuration of another service") };
            assert_eq!((&config.state_dir, &config.ca_file), (&expected, &expected), "'{given}'");
        }
    }
}
