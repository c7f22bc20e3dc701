//! The words of `epi` for what the library calls members and operations: options and commands.
//!
//! One table has the option of every member of a request or a configuration. What an error says passes through it
//! once, before it is shown.

use serde_json::{Map, Value};

use crate::base::error::{Error, Kind};
use crate::base::next_step::{Command, Setting, Words};
use crate::ops::client::Service;

/// The option behind a member.
struct Word {
    /// The path of the member in documents.
    member: &'static str,
    /// The operations that have it under this option; all that have the member when empty.
    operations: &'static [&'static str],
    /// The option, or the name of the argument.
    option: &'static str,
}

const fn word(member: &'static str, option: &'static str) -> Word {
    Word { member, operations: &[], option }
}

const fn word_of(operations: &'static [&'static str], member: &'static str, option: &'static str) -> Word {
    Word { member, operations, option }
}

/// Operations that wait only when they are asked to.
const MAY_WAIT: &[&str] = &[
    "deployment.start",
    "deployment.complete",
    "deployment.reset",
    "databaseExport.start",
    "guidewire.backup.create",
    "redisEnterprise.export.start",
];

/// Members and options. The members of the configuration stand first.
const WORDS: &[Word] = &[
    word("endpoint", "--endpoint"),
    word("clientKey", "--client-key"),
    word("projectId", "--project-id"),
    word("caFile", "--ca-file"),
    word("stateDir", "--state-dir"),
    word("callTimeoutSeconds", "--call-timeout"),
    word("files", "FILE"),
    word("files[].path", "FILE"),
    word("files[].blobName", "--blob-name"),
    word("sasUrl", "EPI_SAS_URL"),
    word("upload.streams", "--streams"),
    word("upload.blockSize", "--block-size"),
    word("upload.integrity", "--block-checksum"),
    word("upload.noContentMd5", "--content-md5"),
    word("download.streams", "--streams"),
    word("targetEnvironment", "--to"),
    word("packages", "--package"),
    word("sourceEnvironment", "--source-environment"),
    word("sourceApps", "--source-app"),
    word("includeBlob", "--include-blob"),
    word("includeDb", "--include-db"),
    word("maintenancePage", "--use-maintenance-page"),
    word("zeroDowntimeMode", "--zero-downtime-mode"),
    word("directDeploy", "--direct-deploy"),
    word_of(MAY_WAIT, "wait", "--wait"),
    word("wait.timeoutMinutes", "--wait-timeout"),
    word("wait.pollingIntervalSeconds", "--polling-interval"),
    word("strict", "--strict"),
    word("id", "--id"),
    word("until", "--until"),
    word("resetWithDbRollback", "--rollback-database"),
    word("validateBeforeSwap", "--validate-before-swap"),
    word("complete", "--complete"),
    word("environment", "--environment"),
    word("databaseName", "--database"),
    word("reuseUploaded", "--reuse-uploaded"),
    word("newExport", "--new"),
    word("retentionHours", "--retention-hours"),
    word("outputFile", "--output-file"),
    word("overwrite", "--force"),
    word("storageContainer", "--container"),
    word("writable", "--writable"),
    word("handle", "HANDLE"),
    word("tokenUrl", "--token-url"),
    word("clientId", "--client-id"),
    word("tenantId", "--tenant"),
    word("starSystemId", "--star-system"),
    word("scopes", "--scopes"),
    word("maxRetentionDays", "--max-retention-days"),
    word("planetId", "--planet"),
    word("planetClass", "--planet-class"),
    word("mechanism", "--mechanism"),
    word("permanent", "--permanent"),
    word("retentionDays", "--retention-days"),
    word("name", "--name"),
    word("description", "--description"),
    word("uniqueName", "--unique-name"),
    word("ifExists", "--if-exists"),
    word("user", "--user"),
    word("authentication", "--authentication"),
    word("certificateSha256", "--certificate-sha256"),
    word("uid", "--uid"),
    word("location", "--location-file"),
    word("emailNotification", "--email-notification"),
    word("reset", "--no-reset"),
    word("waitWhileBusyMinutes", "--wait-while-busy"),
    word("busyTimeoutSeconds", "--busy-timeout"),
];

/// A variable that stands for an option which is not given.
pub(super) struct Variable {
    /// The service whose account it is part of.
    service: Service,
    /// The member of the configuration.
    pub(super) member: &'static str,
    pub(super) name: &'static str,
}

const fn variable(service: Service, member: &'static str, name: &'static str) -> Variable {
    Variable { service, member, name }
}

/// Of several for one member the first that is set counts.
const VARIABLES: &[Variable] = &[
    variable(Service::Dxp, "endpoint", "EPI_ENDPOINT"),
    variable(Service::Dxp, "clientKey", "EPI_CLIENT_KEY"),
    variable(Service::Dxp, "projectId", "EPI_PROJECT_ID"),
    variable(Service::Dxp, "caFile", "EPI_CA_FILE"),
    variable(Service::Dxp, "stateDir", "EPI_STATE_DIR"),
    variable(Service::Dxp, "callTimeoutSeconds", "EPI_CALL_TIMEOUT"),
    variable(Service::Guidewire, "endpoint", "EPI_GUIDEWIRE_ENDPOINT"),
    variable(Service::Guidewire, "tokenUrl", "EPI_GUIDEWIRE_TOKEN_URL"),
    variable(Service::Guidewire, "clientId", "EPI_GUIDEWIRE_CLIENT_ID"),
    variable(Service::Guidewire, "tenantId", "EPI_GUIDEWIRE_TENANT"),
    variable(Service::Guidewire, "starSystemId", "EPI_GUIDEWIRE_STAR_SYSTEM"),
    variable(Service::Guidewire, "scopes", "EPI_GUIDEWIRE_SCOPES"),
    variable(Service::Guidewire, "maxRetentionDays", "EPI_GUIDEWIRE_MAX_RETENTION_DAYS"),
    variable(Service::Guidewire, "caFile", "EPI_CA_FILE"),
    variable(Service::Guidewire, "callTimeoutSeconds", "EPI_CALL_TIMEOUT"),
    variable(Service::RedisEnterprise, "endpoint", "EPI_REDIS_ENDPOINT"),
    variable(Service::RedisEnterprise, "user", "EPI_REDIS_USER"),
    variable(Service::RedisEnterprise, "authentication", "EPI_REDIS_AUTHENTICATION"),
    variable(Service::RedisEnterprise, "caFile", "EPI_REDIS_CA_FILE"),
    variable(Service::RedisEnterprise, "caFile", "EPI_CA_FILE"),
    variable(Service::RedisEnterprise, "certificateSha256", "EPI_REDIS_CERTIFICATE_SHA256"),
    variable(Service::RedisEnterprise, "callTimeoutSeconds", "EPI_CALL_TIMEOUT"),
];

/// The variables of a service.
pub(super) fn variables(service: Service) -> impl Iterator<Item = &'static Variable> {
    VARIABLES.iter().filter(move |variable| variable.service == service)
}

/// The variables of a member of a service's configuration; the first that is set counts.
pub(super) fn variables_of(service: Service, member: &str) -> impl Iterator<Item = &'static str> {
    variables(service).filter(move |variable| variable.member == member).map(|variable| variable.name)
}

/// The member of the secret, which is the same for each service and has no option.
pub(super) const SECRET: &str = "clientSecret";

/// Where the secret of a service is given.
pub(super) struct SecretWords {
    pub(super) variable: &'static str,
    /// The option that names a file.
    pub(super) file: &'static str,
    /// The option that reads standard input.
    pub(super) stdin: &'static str,
}

/// Where the secret of a service is given.
pub(super) fn secret_words(service: Service) -> SecretWords {
    let of_client = |variable| SecretWords { variable, file: "--client-secret-file", stdin: "--client-secret-stdin" };
    match service {
        Service::Dxp => of_client("EPI_CLIENT_SECRET"),
        Service::Guidewire => of_client("EPI_GUIDEWIRE_CLIENT_SECRET"),
        Service::RedisEnterprise => {
            SecretWords { variable: "EPI_REDIS_PASSWORD", file: "--password-file", stdin: "--password-stdin" }
        }
    }
}

/// The verb of each operation.
const VERBS: &[(&str, &str)] = &[
    ("connect", "connect"),
    ("package.deploy", "deploy"),
    ("packageLocation.get", "package location"),
    ("package.upload", "package upload"),
    ("deployment.start", "deployment start"),
    ("deployment.list", "deployment list"),
    ("deployment.get", "deployment show"),
    ("deployment.wait", "deployment wait"),
    ("deployment.complete", "deployment complete"),
    ("deployment.reset", "deployment reset"),
    ("databaseExport.start", "export start"),
    ("databaseExport.get", "export show"),
    ("databaseExport.wait", "export wait"),
    ("databaseExport.save", "export save"),
    ("storageContainer.list", "storage containers"),
    ("storageSas.get", "storage sas"),
    ("edgeLogLocation.get", "edge-logs"),
    ("guidewire.connect", "guidewire connect"),
    ("guidewire.backup.create", "guidewire backup create"),
    ("guidewire.backup.get", "guidewire backup show"),
    ("guidewire.backup.list", "guidewire backup list"),
    ("guidewire.backup.wait", "guidewire backup wait"),
    ("guidewire.backup.delete", "guidewire backup delete"),
    ("redisEnterprise.connect", "redis connect"),
    ("redisEnterprise.export.start", "redis export start"),
    ("redisEnterprise.export.get", "redis export show"),
    ("redisEnterprise.export.wait", "redis export wait"),
    ("redisEnterprise.export.reset", "redis export reset"),
    ("redisEnterprise.database.list", "redis database list"),
    ("redisEnterprise.database.get", "redis database show"),
    ("job.get", "job show"),
    ("job.wait", "job wait"),
];

/// The words of one run of `epi`.
#[derive(Debug, Clone, Default)]
pub(super) struct CommandLine {
    /// The service whose variables are named.
    pub(super) service: Service,
    /// The members whose values came from elsewhere than their option, and from where: a variable, a profile, or the option
    /// that names a file.
    pub(super) sources: Vec<(String, String)>,
    /// The options that said whose project it is, and where: a command that is printed needs them too.
    pub(super) account: Vec<(&'static str, Option<String>)>,
}

impl CommandLine {
    /// An error as this run says it, with the hint of its class where the error brings no step of its own.
    pub(super) fn say(&self, error: Error) -> Error {
        hinted(error).worded(self)
    }
}

impl Words for CommandLine {
    fn member(&self, path: &str) -> String {
        let member = without_indexes(path);
        if let Some((_, source)) = self.sources.iter().find(|(known, _)| *known == member) {
            return source.clone();
        }
        // What stands in the destination of an export is named as it is there.
        if let Some(inner) = member.strip_prefix("location.") {
            return format!("{inner} in {}", self.member("location"));
        }
        if member == SECRET {
            return secret_words(self.service).variable.to_owned();
        }
        // What is no member is the option or variable already.
        option(None, &member).map_or_else(|| path.to_owned(), str::to_owned)
    }

    fn setting(&self, setting: Setting) -> String {
        let member = setting.member();
        if member == SECRET {
            let SecretWords { variable, file, .. } = secret_words(self.service);
            return format!("{variable} (or {file})");
        }
        let option = option(None, member).unwrap_or(member);
        match variables_of(self.service, member).next() {
            Some(variable) => format!("{option} ({variable})"),
            None => option.to_owned(),
        }
    }

    fn command(&self, command: &Command) -> String {
        let (operation, request) = command.request();
        let verb = VERBS.iter().find(|(known, _)| *known == operation).map_or(operation, |(_, verb)| *verb);
        let mut words = vec!["epi".to_owned(), verb.to_owned()];
        add_arguments(&mut words, operation, "", &request);
        for (option, value) in &self.account {
            words.push((*option).to_owned());
            words.extend(value.as_deref().map(quoted));
        }
        words.join(" ")
    }
}

/// The arguments that stand for the members of a request.
fn add_arguments(words: &mut Vec<String>, operation: &str, parent: &str, members: &Map<String, Value>) {
    for (name, value) in members {
        let path = format!("{parent}{name}");
        let option = option(Some(operation), &path);
        match value {
            Value::Object(members) => {
                words.extend(option.map(str::to_owned));
                add_arguments(words, operation, &format!("{path}."), members);
            }
            Value::Bool(true) => words.extend(option.map(str::to_owned)),
            Value::String(text) => {
                let text = if path == "until" { separated(text, '-') } else { text.clone() };
                words.extend(argument(option, &text));
            }
            Value::Number(number) => words.extend(argument(option, &number.to_string())),
            Value::Array(items) => {
                words.extend(items.iter().filter_map(Value::as_str).flat_map(|item| argument(option, item)));
            }
            Value::Null | Value::Bool(false) => {}
        }
    }
}

/// A value behind its option. One that looks like an option itself is tied to it.
fn argument(option: Option<&str>, value: &str) -> Vec<String> {
    // What is no option is the name of an argument, of which only the value is typed.
    match option.filter(|option| option.starts_with('-')) {
        Some(option) if value.starts_with('-') => vec![format!("{option}={}", quoted(value))],
        Some(option) => vec![option.to_owned(), quoted(value)],
        None => vec![quoted(value)],
    }
}

/// The option of a member of the configuration.
pub(super) fn option_of(member: &str) -> Option<&'static str> {
    option(None, member)
}

fn option(operation: Option<&str>, member: &str) -> Option<&'static str> {
    let has_it = |word: &&Word| {
        word.member == member
            && operation.is_none_or(|operation| word.operations.is_empty() || word.operations.contains(&operation))
    };
    WORDS.iter().find(has_it).map(|word| word.option)
}

/// A path with `[]` behind each list, whatever the place in it.
fn without_indexes(path: &str) -> String {
    let mut member = String::new();
    let mut inside = false;
    for letter in path.chars() {
        match letter {
            '[' => inside = true,
            ']' => inside = false,
            _ if inside => continue,
            _ => {}
        }
        member.push(letter);
    }
    // An item of a list of plain values is given by the list's option.
    member.strip_suffix("[]").map(str::to_owned).unwrap_or(member)
}

/// A name of documents in lower case with this between its words: the grammar has hyphens, the file of profiles underscores.
pub(super) fn separated(name: &str, separator: char) -> String {
    name.chars().fold(String::new(), |mut text, letter| {
        if letter.is_ascii_uppercase() {
            text.push(separator);
        }
        text.push(letter.to_ascii_lowercase());
        text
    })
}

/// The hint of an error's class, for an error that brings none of its own. Where the message says all, there is none.
fn hinted(error: Error) -> Error {
    if error.next_step().is_some() {
        return error;
    }
    let hint = match error.kind() {
        Kind::Network | Kind::Unavailable | Kind::Throttled => "try again later",
        Kind::Integrity => "run the command again; if it fails again, the file is corrupt or the network alters data",
        Kind::Cancelled => "run the command again",
        Kind::Internal | Kind::Panic => "this is a bug: please report it with the output of -vv",
        _ => return error,
    };
    error.with_next_step(hint)
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests;
