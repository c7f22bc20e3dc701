//! The error every layer returns.
//!
//! An [`Error`] keeps what the service said as fields (HTTP status, code, texts, request id) all the way up, so
//! no layer has to read it out of a sentence again. It never holds a secret: links appear in it through
//! [`SafeUrl`](super::secret::SafeUrl) only. Its class is a row of the
//! [status table](super::status).

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::next_step::{NextStep, Phrase, Words};
use super::redaction::{one_line, plain, without_signatures};
pub use super::status::Kind;
use super::time::milliseconds;

/// The result type of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whether trying the same call again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Retry {
    /// No: the answer will be the same.
    #[default]
    Never,
    /// Yes, later.
    Later,
    /// It was tried again and kept failing.
    Exhausted,
}

#[derive(Debug, Clone, Default)]
struct Details {
    http_status: Option<u16>,
    code: Option<String>,
    texts: Vec<String>,
    request_id: Option<String>,
    field: Option<String>,
    next_step: Option<Said>,
    retry: Retry,
    retry_after: Option<Duration>,
    attempts: u32,
}

/// An error with everything a person or a program needs to act on it.
///
/// The message is one line in lower case without a full stop; [`Error::next_step`] says what to do where that is known.
#[derive(Debug, Clone)]
pub struct Error {
    kind: Kind,
    message: Said,
    details: Box<Details>,
}

/// A phrase, and how documents say it.
#[derive(Debug, Clone)]
struct Said {
    phrase: Phrase,
    text: String,
}

impl From<Phrase> for Said {
    fn from(phrase: Phrase) -> Self {
        let phrase = phrase.redacted(redacted);
        Self { text: redacted(&phrase.to_string()), phrase }
    }
}

impl Said {
    fn worded(&self, words: &dyn Words) -> Self {
        Phrase::text(redacted(&self.phrase.worded(words))).into()
    }
}

impl Error {
    /// An error of a class with its message.
    pub fn new(kind: Kind, message: impl Into<Phrase>) -> Self {
        Self { kind, message: message.into().into(), details: Box::default() }
    }

    /// A value that breaks a rule; `field` is its JSON path or option name.
    pub fn invalid(field: impl Into<String>, rule: impl Into<Phrase>) -> Self {
        let field = redacted(&field.into());
        let message = Phrase::default().member(field.clone()).and(": ").followed_by(rule.into());
        let mut error = Self::new(Kind::InvalidArgument, message);
        error.details.field = Some(field);
        error
    }

    /// The error of a cancelled operation.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::new(Kind::Cancelled, "the operation was cancelled")
    }

    /// The error of a file operation: `doing` names it and the file, such as `cannot read 'a.nupkg'`.
    #[must_use]
    pub fn io(doing: impl Into<Phrase>, source: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let kind = match source.kind() {
            ErrorKind::NotFound => Kind::NotFound,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Kind::NoSpace,
            ErrorKind::AlreadyExists => Kind::Conflict,
            _ => Kind::Io,
        };
        let error = Self::new(kind, doing.into().and(format!(": {}", lower_first(&plain(source)))));
        match (kind, source.kind()) {
            (Kind::NoSpace, _) => {
                error.with_next_step("free some disk space or use another disk, then run the command again")
            }
            (Kind::NotFound, _) => error.with_next_step("check the path"),
            (_, ErrorKind::PermissionDenied) => error.with_next_step("check the permissions"),
            _ => error,
        }
    }

    /// Adds the HTTP status of the answer.
    #[must_use]
    pub fn with_http_status(mut self, status: u16) -> Self {
        self.details.http_status = Some(status);
        self
    }

    /// Adds the service's error code, such as `LeaseIdMissing`.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.details.code = Some(code.into());
        self
    }

    /// Adds the service's own texts, unchanged but for the signatures of links.
    #[must_use]
    pub fn with_texts(mut self, texts: Vec<String>) -> Self {
        self.details.texts = texts.into_iter().map(|text| without_signatures(&text)).collect();
        self
    }

    /// Adds the service's request id, if it gave one.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.details.request_id = request_id;
        self
    }

    /// Adds what the user can do next.
    #[must_use]
    pub fn with_next_step(mut self, step: impl Into<NextStep>) -> Self {
        self.details.next_step = Some(step.into().into());
        self
    }

    /// Adds what helps after the step that is there, if there is one.
    #[must_use]
    pub fn with_then(self, step: impl Into<NextStep>) -> Self {
        let step = match self.advice() {
            Some(first) => first.clone().and("; ").followed_by(step.into()),
            None => step.into(),
        };
        self.with_next_step(step)
    }

    /// Adds whether trying again can help, and how long the service asked to wait.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry, after: Option<Duration>) -> Self {
        self.details.retry = retry;
        self.details.retry_after = after;
        self
    }

    /// Marks the error as the last of several attempts.
    #[must_use]
    pub fn after_attempts(mut self, attempts: u32) -> Self {
        self.details.attempts = attempts;
        if attempts > 1 && self.details.retry == Retry::Later {
            self.details.retry = Retry::Exhausted;
        }
        self
    }

    /// Puts what was being done in front of the message.
    #[must_use]
    pub fn context(mut self, doing: impl fmt::Display) -> Self {
        self.message = Phrase::text(format!("{doing}: ")).followed_by(self.message.phrase).into();
        self
    }

    /// The same error with another message.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<Phrase>) -> Self {
        self.message = message.into().into();
        self
    }

    /// The same error in the words of a host: message, field and next step are plain texts.
    #[must_use]
    pub fn worded(&self, words: &dyn Words) -> Self {
        let mut worded = self.clone();
        worded.message = self.message.worded(words);
        worded.details.next_step = self.details.next_step.as_ref().map(|step| step.worded(words));
        worded.details.field = self.details.field.as_deref().map(|path| words.member(path));
        worded
    }

    /// The same error as another class, such as a failed send that turns out to be ambiguous.
    #[must_use]
    pub fn into_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// The class.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The message, one line, in the words of documents.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message.text
    }

    /// The message, for a host or an error that has words of its own.
    #[must_use]
    pub fn phrase(&self) -> &Phrase {
        &self.message.phrase
    }

    /// The HTTP status of the answer, if there was one.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        self.details.http_status
    }

    /// The service's error code.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.details.code.as_deref()
    }

    /// The service's own texts.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        &self.details.texts
    }

    /// The service's request id.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.details.request_id.as_deref()
    }

    /// The JSON path or option that broke a rule.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.details.field.as_deref()
    }

    /// What the user can do next, in the words of documents.
    #[must_use]
    pub fn next_step(&self) -> Option<&str> {
        self.details.next_step.as_ref().map(|step| step.text.as_str())
    }

    /// What the user can do next, for a host that has words of its own.
    #[must_use]
    pub fn advice(&self) -> Option<&NextStep> {
        self.details.next_step.as_ref().map(|step| &step.phrase)
    }

    /// Whether trying again can help.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.details.retry
    }

    /// How long the service asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.details.retry_after
    }

    /// How often the call was tried (0 when it was not counted).
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.details.attempts
    }

    /// Everything in one JSON document with the parts of message and next step, for a host behind the C ABI that has
    /// words of its own for settings and operations.
    #[must_use]
    pub fn to_json_with_parts(&self) -> Value {
        let mut document = self.to_json();
        document["messageParts"] = self.message.phrase.to_json(redacted);
        document["nextStepParts"] = self.advice().map_or(Value::Null, |step| step.to_json(redacted));
        document
    }

    /// Everything in one JSON document, the shape that the command line and the bindings show.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let row = self.kind.row();
        json!({
            "status": row.name,
            "exitCode": row.exit_code,
            "message": self.message.text,
            "httpStatus": self.details.http_status,
            "code": self.details.code,
            "errors": self.details.texts,
            "requestId": self.details.request_id,
            "field": self.details.field,
            "nextStep": self.next_step(),
            "retry": self.details.retry,
            "retryAfterMs": self.details.retry_after.map(milliseconds),
            "attempts": self.details.attempts,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message.text)
    }
}

impl std::error::Error for Error {}

/// What an error may tell: messages repeat what was given, and links are given in wrong places.
fn redacted(text: &str) -> String {
    one_line(&without_signatures(text))
}

/// Messages are in lower case unless the first word is a name: `Permission denied` but not `HTTP`.
fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_io_error_keeps_its_class_and_names_the_file() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let error = Error::io("cannot write 'x.partial'", &full);
        assert_eq!(error.kind(), Kind::NoSpace);
        assert!(error.message().starts_with("cannot write 'x.partial': "));
        assert!(error.next_step().is_some());
        let missing = Error::io("cannot read 'x'", &std::io::Error::from_raw_os_error(2));
        assert_eq!(missing.kind(), Kind::NotFound);
        assert!(!missing.message().contains("os error"), "{missing}");
    }

    #[test]
    fn the_json_form_names_the_field() {
        let json = Error::invalid("retentionHours", "must be at least 1").to_json();
        assert_eq!(json["field"], "retentionHours");
        assert_eq!(json["status"], "INVALID_ARGUMENT");
        assert_eq!(json["message"], "retentionHours: must be at least 1");
    }

    #[test]
    fn a_message_is_one_line_whatever_it_repeats() {
        let given = "a\r\nb\u{0}\u{1b}[31m\u{2028}\u{85}ü";
        let shown = "a  b  [31m  ü";
        let error = Error::invalid("id", format!("'{given}' is not an id"));
        assert_eq!(error.message(), format!("id: '{shown}' is not an id"));
        assert_eq!(error.to_json()["message"], error.message());
        assert_eq!(error.clone().context(given).message(), format!("{shown}: {}", error.message()));
        assert_eq!(error.with_message(given).message(), shown);
    }

    #[test]
    fn attempts_turn_later_into_exhausted() {
        let error = Error::new(Kind::Unavailable, "busy").with_retry(Retry::Later, None);
        assert_eq!(error.clone().after_attempts(1).retry(), Retry::Later);
        assert_eq!(error.after_attempts(5).retry(), Retry::Exhausted);
    }
}
