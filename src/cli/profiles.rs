//! `epi profile`: what the configuration file says, and which account it amounts to with variables and options.

use serde::Serialize;
use serde_json::Value;

use super::args::{Arguments, ProfileVerb};
use super::display::{Page, Shown, Text};
use super::profile::{Profile, snake_case};
use super::settings::Sources;
use super::table::table;
use super::words::option_of;
use crate::base::error::{Error, Kind, Result};
use crate::base::redaction::one_line;
use crate::ops::client::{Client, Service};

/// Carries out a verb. Nothing is sent.
pub(super) fn run(verb: &ProfileVerb, arguments: &Arguments, chosen: Option<&Profile>) -> Result<Box<dyn Shown>> {
    let load = |name: &Option<String>| name.as_deref().map(Profile::load).transpose();
    Ok(match verb {
        ProfileVerb::List => Box::new(Listed::all()?),
        ProfileVerb::Show { name } => {
            let named = load(name)?;
            Box::new(Resolved::of(arguments, named.as_ref().or(chosen))?)
        }
        ProfileVerb::Check { name } => {
            let named = load(name)?;
            let profile = named.as_ref().or(chosen).ok_or_else(|| {
                Error::new(Kind::NotConfigured, "no profile is named")
                    .with_next_step("name one: epi profile check NAME; epi profile list lists them")
            })?;
            Box::new(Checked::of(profile)?)
        }
    })
}

/// A row of the list.
#[derive(Serialize)]
struct Listed {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<Service>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Listed {
    fn all() -> Result<Vec<Self>> {
        let row = |(name, profile): (String, Result<Profile>)| match profile {
            Ok(profile) => Self { name, service: Some(profile.service()), error: None },
            Err(error) => Self { name, service: None, error: Some(error.message().to_owned()) },
        };
        Ok(Profile::all()?.into_iter().map(row).collect())
    }
}

impl Text for Vec<Listed> {
    fn text(&self, page: &Page<'_>) -> String {
        if self.is_empty() {
            return "no profiles".to_owned();
        }
        let service = |row: &Listed| row.service.map_or_else(String::new, |service| service.to_string());
        let rows: Vec<[String; 3]> = self
            .iter()
            .map(|row| [one_line(&row.name), service(row), row.error.as_deref().map(one_line).unwrap_or_default()])
            .collect();
        table(&["NAME", "SERVICE", "ERROR"].map(str::to_owned), &rows, page.columns)
    }
}

/// An account with the source of each value.
#[derive(Serialize)]
struct Resolved {
    service: Service,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    values: Vec<Sourced>,
}

/// A value, and where it comes from.
#[derive(Serialize)]
struct Sourced {
    name: String,
    value: String,
    source: String,
}

impl Resolved {
    fn of(arguments: &Arguments, profile: Option<&Profile>) -> Result<Self> {
        let service = profile.map_or(Service::Dxp, Profile::service);
        let sources = Sources::new(service, arguments, profile)?;
        let words = sources.words();
        let source = |member: &str| {
            let known = words.sources.iter().find(|(known, _)| known == member);
            let option = option_of(member).filter(|_| sources.option(member).is_some());
            known.map_or_else(|| option.unwrap_or("default").to_owned(), |(_, source)| source.clone())
        };
        let document = serde_json::to_value(sources.config()?)
            .map_err(|error| Error::new(Kind::Internal, format!("cannot write the configuration: {error}")))?;
        let members = document.as_object().into_iter().flatten().filter(|(member, _)| *member != "service");
        let mut values: Vec<Sourced> = members
            .map(|(member, value)| Sourced {
                name: snake_case(member),
                value: value.as_str().map_or_else(|| value.to_string(), str::to_owned),
                source: source(member),
            })
            .collect();
        // It is not read: whoever shows an account need not be able to.
        let (value, source) = match sources.secret_source() {
            Some(source) => ("given", source),
            None => ("not given", String::new()),
        };
        values.push(Sourced { name: "secret".to_owned(), value: value.to_owned(), source });
        Ok(Self { service, profile: profile.map(|profile| profile.name.clone()), values })
    }
}

impl Text for Resolved {
    fn text(&self, page: &Page<'_>) -> String {
        let rows: Vec<[String; 3]> =
            self.values.iter().map(|row| [&row.name, &row.value, &row.source].map(|cell| one_line(cell))).collect();
        let rows = table(&["NAME", "VALUE", "SOURCE"].map(str::to_owned), &rows, page.columns);
        match &self.profile {
            Some(profile) => format!("profile {} ({})\n{rows}", one_line(profile), self.service),
            None => format!("no profile ({})\n{rows}", self.service),
        }
    }
}

/// A profile in which nothing is wrong.
#[derive(Serialize)]
struct Checked {
    name: String,
    service: Service,
    secret: Value,
}

impl Checked {
    fn of(profile: &Profile) -> Result<Self> {
        let secret = profile.secret()?;
        Client::new(profile.config.clone(), secret.map(|secret| secret.as_str().into()).as_ref())
            .map_err(|error| profile.words().say(error))?;
        let found = profile.secret.as_ref().map(ToString::to_string);
        Ok(Self { name: profile.name.clone(), service: profile.service(), secret: found.into() })
    }
}

impl Text for Checked {
    fn text(&self, _: &Page<'_>) -> String {
        let secret = self.secret.as_str().map_or_else(|| "no secret".to_owned(), |found| format!("secret {found}"));
        format!("profile {} is valid ({}, {})", one_line(&self.name), self.service, one_line(&secret))
    }
}
