//! The service's answers (spec 1 and 4): bare objects and lists, bodies that are empty, and errors.
//!
//! Pure. An error is classified by its HTTP status; its body only adds the text and the code, and may be anything.

use serde_json::Value;

use super::commands::RedisCommand;
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::next_step::{NextStep, Setting};
use crate::base::service_object::member;
use crate::http_api::dialect::{Answer, Dialect};
use crate::http_api::json;
use crate::transport::intermediary;

/// The code of a password that has expired.
const PASSWORD_EXPIRED: &str = "password_expired";

/// The answers of a cluster.
pub(super) struct ClusterAnswers;

impl Dialect for ClusterAnswers {
    /// The object or list of an answer; null where an answer of success has no body.
    ///
    /// # Errors
    /// The class of the HTTP status for an error status, `Protocol` for what the service would not write.
    fn read(&self, answer: &Answer<'_>, described: Error) -> Result<Value> {
        let read = Body::of(answer);
        if answer.is_success() { accepted(answer, read, described) } else { Err(refused(answer, &read, described)) }
    }

    fn is_own(&self, answer: &Answer<'_>) -> bool {
        let ok = answer.is_success();
        match Body::of(answer) {
            Body::Nothing => ok,
            Body::Json { value, .. } => ok || text_of(&value).is_some() || code_of(&value).is_some(),
            Body::Other => false,
        }
    }
}

/// What a body is.
enum Body {
    /// Nothing, or `null`.
    Nothing,
    /// An object or a list, and whether its end is missing.
    Json { value: Value, is_cut: bool },
    /// Something else.
    Other,
}

impl Body {
    fn of(answer: &Answer<'_>) -> Self {
        let text = json::text(answer.body, answer.content_type);
        match json::read_any(answer.body, answer.content_type) {
            Some(reading) => Self::Json { value: reading.value, is_cut: reading.is_cut },
            None if matches!(text.trim(), "" | "null") => Self::Nothing,
            None => Self::Other,
        }
    }
}

/// The body of an accepted action is not documented, and what is missing of it does not matter (spec 5.3).
fn accepted(answer: &Answer<'_>, body: Body, described: Error) -> Result<Value> {
    match body {
        Body::Nothing => Ok(Value::Null),
        Body::Json { value, is_cut } if !is_cut || answer.changes => Ok(value),
        Body::Json { .. } => {
            Err(described.with_message("the response of the service is incomplete").into_kind(Kind::Protocol))
        }
        Body::Other => {
            let message = format!("the service answered {} with {}", answer.status_in_words(), answer.excerpt(false));
            let step = intermediary::next_step("the service", NextStep::default().setting(Setting::Endpoint));
            Err(described.with_message(message).into_kind(Kind::Protocol).with_next_step(step))
        }
    }
}

fn refused(answer: &Answer<'_>, body: &Body, described: Error) -> Error {
    let value = if let Body::Json { value, .. } = body { Some(value) } else { None };
    let text = value.and_then(text_of);
    let code = value.and_then(code_of);
    let status = answer.status_in_words();
    let message = match (text, code) {
        (Some(text), _) => format!("the service answered {status}: {text}"),
        (None, Some(code)) => format!("the service answered {status}: {code}"),
        (None, None) => format!("the service answered {status} with {}", answer.excerpt(value.is_some())),
    };
    let error = described.with_message(message).with_texts(text.map(str::to_owned).into_iter().collect());
    let error = match code {
        Some(code) => error.with_code(code),
        None => error,
    };
    advised(classified(error, answer.status), answer.status, code)
}

/// The class of a status where this service means something else by it than others.
fn classified(error: Error, status: u16) -> Error {
    match status {
        406 => error.into_kind(Kind::Unsupported),
        // The database or the cluster, of which the caller knows nothing: repeating what reads may help.
        429 => error.into_kind(Kind::Unavailable),
        500 => error.into_kind(Kind::Protocol),
        // The version that a header asks for; this client sends none, so something else has.
        505 => error.into_kind(Kind::Rejected),
        // Only the master answers, and it was not where the first redirect has led.
        307 => error.into_kind(Kind::Unavailable).with_retry(Retry::Later, None),
        _ => error,
    }
}

fn advised(error: Error, status: u16, code: Option<&str>) -> Error {
    let step = match error.kind() {
        Kind::Unauthenticated if code == Some(PASSWORD_EXPIRED) => {
            "the user's password has expired: set a new one in the Cluster Manager UI, then use that".into()
        }
        Kind::Unauthenticated => NextStep::text("check ").member("user").and(" and the password"),
        Kind::Forbidden => "use a user whose role has this permission".into(),
        Kind::NotFound => NextStep::text("check ")
            .setting(Setting::Endpoint)
            .and(", and list the databases with: ")
            .command(RedisCommand::ListDatabases),
        Kind::Unsupported => "the service does not offer this here, and repeating it does not help".into(),
        Kind::Conflict | Kind::Unavailable => "try again later".into(),
        Kind::Network if status == 407 => intermediary::PROXY_CREDENTIALS.into(),
        _ => return error,
    };
    error.with_next_step(step)
}

/// What an error says, by either name that the documentation has for it.
fn text_of(value: &Value) -> Option<&str> {
    let members = value.as_object()?;
    let text = |name: &str| member(members, name)?.as_str().map(str::trim).filter(|text| !text.is_empty());
    text("description").or_else(|| text("message"))
}

fn code_of(value: &Value) -> Option<&str> {
    member(value.as_object()?, "error_code")?.as_str().filter(|code| !code.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base::retry::classify_status;

    fn read(status: u16, body: &str, changes: bool) -> (Result<Value>, bool) {
        let answer = Answer {
            status,
            content_type: Some("application/json"),
            body: body.as_bytes(),
            changes,
            ..Answer::default()
        };
        let (kind, retry) = classify_status(status);
        let described = Error::new(kind, "").with_http_status(status).with_retry(retry, None);
        (ClusterAnswers.read(&answer, described), ClusterAnswers.is_own(&answer))
    }

    #[test]
    fn every_body_of_success_is_taken() {
        for (body, value) in [
            ("", Value::Null),
            (" \r\n", Value::Null),
            ("null\n", Value::Null),
            ("{}", json!({})),
            (r#"{"action_uid":"a"}"#, json!({"action_uid": "a"})),
            ("[]", json!([])),
        ] {
            let (read, own) = read(200, body, true);
            assert_eq!((read.unwrap(), own), (value, true), "{body}");
        }
        // What is cut is good enough to say that an action was accepted, and not to read a list.
        assert!(read(200, r#"{"action_uid":"a","#, true).0.is_ok());
        assert_eq!(read(200, r#"[{"uid":1},"#, false).0.unwrap_err().kind(), Kind::Protocol);
        let (page, own) = read(200, "<html><title>Sign in</title></html>", true);
        assert_eq!((page.unwrap_err().kind(), own), (Kind::Protocol, false));
    }

    #[test]
    fn an_error_is_classified_by_its_status_and_keeps_text_and_code() {
        for (status, kind, retry) in [
            (400, Kind::Rejected, Retry::Never),
            (401, Kind::Unauthenticated, Retry::Never),
            (403, Kind::Forbidden, Retry::Never),
            (404, Kind::NotFound, Retry::Never),
            (406, Kind::Unsupported, Retry::Never),
            (409, Kind::Conflict, Retry::Never),
            (429, Kind::Unavailable, Retry::Later),
            (500, Kind::Protocol, Retry::Later),
            (503, Kind::Unavailable, Retry::Later),
            (505, Kind::Rejected, Retry::Never),
            (307, Kind::Unavailable, Retry::Later),
        ] {
            for body in
                [r#"{"description":"Database is currently busy","error_code":"some_code"}"#, "", "<html>x</html>"]
            {
                let (error, own) = read(status, body, true);
                let error = error.unwrap_err();
                assert_eq!((error.kind(), error.retry()), (kind, retry), "{status} {body}");
                assert_eq!(own, body.starts_with('{'), "{status} {body}");
                assert_eq!(error.code(), own.then_some("some_code"));
            }
        }
    }

    #[test]
    fn the_text_is_found_by_both_names() {
        for (body, message) in [
            (r#"{"description":"a","message":"b","error_code":"c"}"#, "the service answered 409 (Conflict): a"),
            (r#"{"message":"b","error_code":"c"}"#, "the service answered 409 (Conflict): b"),
            (r#"{"error_code":"c"}"#, "the service answered 409 (Conflict): c"),
            ("", "the service answered 409 (Conflict) with an empty body"),
            ("busy", "the service answered 409 (Conflict) with application/json instead of JSON: \"busy\""),
        ] {
            assert_eq!(read(409, body, true).0.unwrap_err().message(), message, "{body}");
        }
    }

    #[test]
    fn an_expired_password_has_a_step_of_its_own() {
        let step = |code: &str| {
            let body = json!({"description": "no", "error_code": code}).to_string();
            read(401, &body, false).0.unwrap_err().next_step().unwrap_or_default().to_owned()
        };
        assert!(step(PASSWORD_EXPIRED).contains("has expired"), "{}", step(PASSWORD_EXPIRED));
        assert_eq!(step("other"), "check user and the password");
    }
}
