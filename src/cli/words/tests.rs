//! Every member has its option, every option its member, and every command that is printed can be run.

use std::collections::BTreeSet;

use clap::Parser;
use serde_json::json;

use super::*;
use crate::base::error::Result;
use crate::base::next_step::Command as NextCommand;
use crate::cli::args::{Arguments, grammar};
use crate::guidewire::commands::tests as guidewire_commands;
use crate::ops::catalog::CATALOG;
use crate::ops::client::{ClientConfig, Service};
use crate::ops::dxp;
use crate::ops::dxp::commands::tests::one_of_each_command;

/// Options that are about this program alone, or say where a value comes from.
const OF_THE_PROGRAM: &[&str] = &[
    "--client-secret-file",
    "--client-secret-stdin",
    "--password-file",
    "--password-stdin",
    "--location-stdin",
    "--handle-file",
    "--profile",
    "--sas-url-file",
    "--sas-url-stdin",
    "--output",
    "--verbose",
    "--quiet",
    "--no-progress",
    "--show-link",
    "--help",
    "--version",
];

/// The document that has `inner` at a path such as `files[].`.
fn at(path: &str, inner: Value) -> Value {
    path.split_terminator('.').rev().fold(inner, |inner, name| match name.strip_suffix("[]") {
        Some(list) => json!({list: [inner]}),
        None => json!({name: inner}),
    })
}

/// The members that a document may have, by what is said about one that it may not have.
fn members(refusal: &dyn Fn(Value) -> Option<Error>) -> Vec<String> {
    let mut found = Vec::new();
    let mut places = vec![String::new()];
    while let Some(place) = places.pop() {
        let Some(error) = refusal(at(&place, json!({"?": 1}))) else { continue };
        if !error.field().is_some_and(|field| field.ends_with('?')) {
            continue;
        }
        for name in error.message().split('`').skip(1).step_by(2).filter(|name| *name != "?") {
            places.extend([format!("{place}{name}."), format!("{place}{name}[].")]);
            found.push(format!("{place}{name}"));
        }
    }
    found
}

fn all_members() -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for row in CATALOG.iter() {
        let refusal = |document: Value| row.prepare(document).err();
        all.extend(members(&refusal).into_iter().map(|member| (row.name, member)));
    }
    for (name, service) in Service::ALL {
        let config = |mut document: Value| {
            document["service"] = (*name).into();
            ClientConfig::from_document("config", document).err()
        };
        all.extend(members(&config).into_iter().map(|member| (verb_of(*service), member)));
    }
    all
}

/// The verb below which a service has its commands; the options of its account are there.
fn verb_of(service: Service) -> &'static str {
    match service {
        Service::Dxp => "",
        Service::Guidewire => "guidewire",
        Service::RedisEnterprise => "redis",
    }
}

/// Whether members are those of a configuration.
fn is_config(of: &str) -> bool {
    Service::ALL.iter().any(|(_, service)| verb_of(*service) == of)
}

/// The options of a verb, and the names of its arguments.
fn options(verb: &str) -> BTreeSet<String> {
    let root = grammar();
    let mut command = &root;
    for word in verb.split(' ').filter(|word| !word.is_empty()) {
        command = command.find_subcommand(word).unwrap_or_else(|| panic!("there is no {verb}"));
    }
    let name = |argument: &clap::Arg| match argument.get_long() {
        Some(long) => format!("--{long}"),
        None => argument.get_value_names().unwrap_or_default()[0].to_string(),
    };
    command.get_arguments().map(name).collect()
}

#[test]
fn every_member_has_its_option_and_every_option_its_member() {
    let all = all_members();
    assert!(all.contains(&("package.upload", "files[].blobName".to_owned())), "{all:?}");
    assert!(all.contains(&("databaseExport.save", "wait.timeoutMinutes".to_owned())), "{all:?}");
    for (operation, member) in &all {
        let verb = VERBS.iter().find(|(known, _)| known == operation).map_or(*operation, |(_, verb)| *verb);
        // A group of members has no option of its own, there is one service, and the habit of the cmdlets is theirs.
        let group = all.iter().any(|(other, inner)| other == operation && inner.starts_with(&format!("{member}.")));
        match option(Some(operation), member) {
            Some("EPI_SAS_URL") => assert_eq!(verb, "package upload"),
            Some(option) => assert!(options(verb).contains(option), "{operation}: {member}: {option}"),
            None => assert!(
                group || ["service", "allowFailed", "starSystemList"].contains(&member.as_str()),
                "{operation}: no option for {member}"
            ),
        }
    }
    for (operation, verb) in VERBS {
        assert!(CATALOG.iter().any(|row| row.name == *operation), "{operation}");
        for option in options(verb) {
            let known = |word: &Word| {
                word.option == option
                    && all.iter().any(|(of, member)| (of == operation || is_config(of)) && member == word.member)
            };
            assert!(
                OF_THE_PROGRAM.contains(&option.as_str()) || WORDS.iter().any(known),
                "{verb} {option} stands for no member of {operation}"
            );
        }
    }
    assert_eq!(VERBS.len(), CATALOG.len());
    for word in WORDS {
        assert!(all.iter().any(|(_, member)| member == word.member), "there is no member {}", word.member);
    }
}

#[test]
fn every_variable_is_the_one_that_the_grammar_reads() {
    let root = grammar();
    let help = |service: Service, option: &str| {
        let verb = verb_of(service);
        let command = if verb.is_empty() { &root } else { root.find_subcommand(verb).unwrap() };
        let is_it = |argument: &&clap::Arg| argument.get_long().is_some_and(|long| format!("--{long}") == option);
        command.get_arguments().find(is_it).and_then(clap::Arg::get_help).map(ToString::to_string).unwrap_or_default()
    };
    for Variable { service, member, .. } in VARIABLES {
        let help = help(*service, option(None, member).unwrap_or_default());
        let names: Vec<&str> = variables_of(*service, member).collect();
        assert!(help.contains(&format!("[env: {}]", names.join(", else "))), "{service}: {member}: {help}");
    }
    for (_, service) in Service::ALL {
        let SecretWords { variable, file, stdin } = secret_words(*service);
        assert!(help(*service, file).ends_with(&format!("instead of {variable}")), "{service}");
        assert!(help(*service, stdin).contains("standard input"), "{service}");
    }
    let is_read = |argument: &clap::Arg| argument.get_env().is_some();
    assert!(!root.get_arguments().any(is_read), "variables are read with all that a service needs");
}

#[test]
fn every_setting_is_a_member_and_has_its_option() {
    let all = all_members();
    for setting in Setting::ALL {
        let member = setting.member();
        assert!(
            *setting == Setting::ClientSecret || all.iter().any(|(_, known)| known == member),
            "there is no member {member}"
        );
        assert!(*setting == Setting::ClientSecret || option(None, member).is_some(), "no option for {member}");
    }
}

#[test]
fn every_command_parses_and_asks_for_what_it_says() -> Result<()> {
    let job = json!({"handle": "gw:eyJh", "wait": {"timeoutMinutes": 5}});
    let of_jobs = [NextCommand::new("job.wait", job.as_object().unwrap().clone())];
    for command in one_of_each_command().into_iter().chain(guidewire_commands::one_of_each_command()).chain(of_jobs) {
        let line = CommandLine::default().command(&command);
        // What stands between quotes is one word.
        let parts = line.split('\'').enumerate();
        let joined: String = parts
            .map(|(index, part)| if index % 2 == 1 { part.replace(' ', "\u{a0}") } else { part.to_owned() })
            .collect();
        let words: Vec<String> = joined.split(' ').map(|word| word.replace('\u{a0}', " ")).collect();
        let parsed = Arguments::try_parse_from(&words).unwrap_or_else(|error| panic!("{line}: {error}"));
        let (operation, request) = command.request();
        let (asked, document) = crate::cli::command::Command::of(parsed.verb)?.remove(0).document();
        assert_eq!(asked, operation, "{line}");
        for (member, value) in &request {
            assert_eq!(&document[member], value, "{line}");
        }
    }
    Ok(())
}

#[test]
fn members_are_said_as_they_were_typed() {
    let mut words = CommandLine::default();
    for (path, said) in [
        ("files[0].blobName", "--blob-name"),
        ("files[12].path", "FILE"),
        ("files", "FILE"),
        ("packages[3]", "--package"),
        ("storageContainer[0]", "--container"),
        ("wait.timeoutMinutes", "--wait-timeout"),
        ("--blob-name", "--blob-name"),
        ("EPI_OUTPUT", "EPI_OUTPUT"),
    ] {
        assert_eq!(words.member(path), said);
    }
    words.sources.extend(
        [("files[].blobName", "FILE"), ("caFile", "EPI_CA_FILE")]
            .map(|(member, from)| (member.to_owned(), from.to_owned())),
    );
    assert_eq!((words.member("files[1].blobName"), words.member("caFile")), ("FILE".into(), "EPI_CA_FILE".into()));
}

#[test]
fn a_value_that_looks_like_an_option_is_tied_to_its_own() {
    assert_eq!(argument(Some("--package"), "-x.cms.app.1.nupkg"), ["--package=-x.cms.app.1.nupkg"]);
    assert_eq!(argument(Some("--id"), "a b"), ["--id", "'a b'"]);
}

#[test]
fn words_are_quoted_as_a_shell_needs_it() {
    for (word, expected) in [("a-1.b", "a-1.b"), ("", "''"), ("x; rm -rf ~", "'x; rm -rf ~'"), ("it's", r"'it'\''s'")] {
        assert_eq!(quoted(word), expected);
    }
}

/// Members that only the Rust API of the engine has, which checks again what requests have checked.
const OF_THE_ENGINE: &[&str] = &["streams", "partSize", "reservation", "link"];

/// The first text behind each of these words, in every source below the hosts.
fn fields_in_sources() -> Vec<(String, String)> {
    fn below(folder: &std::path::Path, found: &mut Vec<(String, String)>) {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.ends_with("cli") || path.ends_with("ffi") {
                continue;
            }
            if path.is_dir() {
                below(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let calls = [
                "Error::invalid(",
                ".member(",
                "SafeUrl::parse(",
                "check_no_stream(",
                "check_id(",
                "check_environment(",
                "check_database(",
                "check_container(",
                "check_package_name(",
                "check_blob_name(",
                "check_project_id(",
                "check_link(",
            ];
            for call in calls {
                for (at, _) in code.match_indices(call) {
                    let rest = code[at + call.len()..].trim_start().trim_start_matches('&');
                    let rest = rest.strip_prefix("format!(").unwrap_or(rest);
                    if let Some(field) = rest.strip_prefix('"').and_then(|rest| rest.split('"').next()) {
                        found.push((path.display().to_string(), field.to_owned()));
                    }
                }
            }
        }
    }
    let mut found = Vec::new();
    below(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

#[test]
fn every_field_that_an_error_names_is_a_member() {
    let all = all_members();
    let fields = fields_in_sources();
    assert!(fields.len() > 40, "{fields:?}");
    for (source, field) in fields {
        let member = without_indexes(&field);
        // What stands in front of a member of an item is named by the caller, and that by its own call.
        let inner = member.strip_prefix("{field}").map(|inner| match source.ends_with("location.rs") {
            // The destination of an export is one member, and what is in it has no name of ours.
            true => "location".to_owned(),
            false => format!("files[]{inner}"),
        });
        let member = inner.unwrap_or(member);
        assert!(
            OF_THE_ENGINE.contains(&member.as_str())
                || ["clientSecret", "operation"].contains(&member.as_str())
                || all.iter().any(|(_, known)| *known == member),
            "{source}: there is no member {field}"
        );
    }
}

/// PowerShell holds its words in a script, which cannot be run here; that it has one for everything can be seen.
#[test]
fn powershell_has_words_for_what_errors_name() {
    let script = include_str!("../../../powershell/EpiCloud.Native/Private/ConvertTo-EpiText.ps1");
    let keys: BTreeSet<&str> = script
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix('\'')?.split_once("' "))
        .filter(|(_, rest)| rest.trim_start().starts_with('='))
        .map(|(key, _)| key)
        .collect();
    let all = all_members();
    for key in &keys {
        assert!(
            *key == "clientSecret"
                || all.iter().any(|(_, member)| member == key)
                || CATALOG.iter().any(|row| row.name == *key),
            "there is no member and no operation {key}"
        );
    }
    for command in one_of_each_command() {
        assert!(keys.contains(command.request().0), "no cmdlet for {command:?}");
    }
    // The module leaves these to the library's defaults, or has no cmdlet for them.
    let unset = ["upload.integrity", "upload.blockSize", "reuseUploaded"];
    // Its cmdlets are those of one service: what only others have it cannot be asked for.
    let has_it = |setting: &&Setting| {
        let is_of_dxp = |of: &str| of == verb_of(Service::Dxp) || dxp::ROWS.iter().any(|row| row.name == of);
        **setting == Setting::ClientSecret || all.iter().any(|(of, member)| is_of_dxp(of) && member == setting.member())
    };
    let settings = Setting::ALL.iter().filter(has_it);
    for setting in settings.filter(|setting| !unset.contains(&setting.member())) {
        assert!(keys.contains(setting.member()), "no parameter for {}", setting.member());
    }
}
