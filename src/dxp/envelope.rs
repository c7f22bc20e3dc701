//! The service's answers: the envelope `{success, errors, result}` of spec 1.4 and everything that is not one.
//!
//! Pure: takes status, headers and bytes, gives the `result` or an error that says what to do next. How the bytes become
//! JSON is `json.rs`. Names are read in any case, reasons wherever services put them.

use serde_json::{Map, Value};

use crate::base::error::{Error, Kind, Result};
use crate::base::next_step::{NextStep, Setting};
use crate::base::service_object::{member, texts_of};
use crate::base::time::in_words;
use crate::http_api::dialect::{Answer, Dialect};
use crate::http_api::json::{self, Reading};
use crate::transport::intermediary;

/// How far two clocks may be apart before it is named as a possible cause of a 401. The service's own window is not
/// known (spec 7, question 1).
const CLOCK_TOLERANCE: std::time::Duration = std::time::Duration::from_secs(120);

/// The answers of the deployment service.
pub(super) struct Envelope;

impl Dialect for Envelope {
    /// Reads the `result` out of an answer.
    ///
    /// # Errors
    /// `Rejected` or `Conflict` for `success:false`, the class of the HTTP status for an error status, `Protocol` for an
    /// answer that is no envelope.
    fn read(&self, answer: &Answer<'_>, described: Error) -> Result<Value> {
        read(answer, described)
    }

    fn is_own(&self, answer: &Answer<'_>) -> bool {
        json::read(answer.body, answer.content_type).is_some_and(|object| verdict(&object.value, false).is_some())
    }
}

fn read(answer: &Answer<'_>, described: Error) -> Result<Value> {
    let ok = (200..300).contains(&answer.status);
    let object = json::read(answer.body, answer.content_type);
    let texts = object.as_ref().map(|object| reasons(&object.value)).unwrap_or_default();
    let verdict = object.as_ref().and_then(|object| verdict(&object.value, ok));
    if ok
        && verdict == Some(true)
        && let Some(Reading { value, is_cut }) = object
    {
        let result = result(value);
        let result = if answer.changes { single(result) } else { result };
        // What is missing of a list cannot be told; but who started something has to follow it.
        if !is_cut || (answer.changes && has_id(&result)) {
            return Ok(result);
        }
        return Err(described.with_message("the response of the service is incomplete").into_kind(Kind::Protocol));
    }
    let known = verdict.is_some();
    if !known && (ok || texts.is_empty()) {
        let shown = answer.excerpt(object.is_some());
        let message = format!("the service answered {} with {shown}", answer.status_in_words());
        let error = described.with_message(message).with_texts(texts);
        let error = if ok { error.into_kind(Kind::Protocol) } else { error };
        return Err(advise(error, answer, true));
    }
    let said = if texts.is_empty() { "no reason given".to_owned() } else { texts.join(", ") };
    // Something may go on in the service in spite of its refusal, and without its id nobody finds it.
    let held = object.filter(|_| answer.changes).and_then(|object| id(&single(result(object.value))));
    let said = match held {
        Some(id) => format!("{said} (but the response contains the id {id})"),
        None => said,
    };
    let message = if ok {
        format!("the service refused the request: {said}")
    } else {
        format!("the service answered {}: {said}", answer.status_in_words())
    };
    let mut error = described.with_message(message).with_texts(texts.clone());
    if ok {
        error = error.into_kind(Kind::Rejected);
    }
    // The texts of a busy target or a second export are not published; clients look for these words (spec 1.5).
    let busy = texts.iter().any(|text| {
        let text = text.to_lowercase();
        text.contains("on-going") || text.contains("ongoing") || text.contains("already")
    });
    if busy && error.kind() == Kind::Rejected {
        error =
            error.into_kind(Kind::Conflict).with_next_step("wait until the running operation finishes, then try again");
    }
    Err(advise(error, answer, !known))
}

/// What an answer's `success` says (spec 1.4). Where it says nothing, an answer of success that holds something with an
/// id is one.
fn verdict(value: &Value, ok: bool) -> Option<bool> {
    let members = value.as_object()?;
    let said = match member(members, "success") {
        Some(Value::Bool(success)) => Some(*success),
        Some(Value::Number(number)) => number.as_i64().map(|number| number != 0),
        Some(Value::String(word)) if word.eq_ignore_ascii_case("true") => Some(true),
        Some(Value::String(word)) if word.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    };
    // Without an envelope around it, it must look more like something of the service.
    let bare = || has_id(value) && member(members, "status").is_some();
    let holds = || member(members, "result").is_some_and(has_id) || bare();
    said.or_else(|| (ok && reasons(value).is_empty() && holds()).then_some(true))
}

fn has_id(value: &Value) -> bool {
    id(value).is_some()
}

/// The id of what an answer holds, as a text.
fn id(value: &Value) -> Option<String> {
    match value.as_object().and_then(|members| member(members, "id"))? {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// What an answer holds: its `result`, or all of it where it is the thing itself.
fn result(value: Value) -> Value {
    let Value::Object(members) = value else { return Value::Null };
    match member(&members, "result").cloned() {
        Some(result) => result,
        None if member(&members, "success").is_none() => Value::Object(members),
        None => Value::Null,
    }
}

/// The one thing that a request which changes something gives, however it is wrapped: alone in a list, or as its id alone.
fn single(result: Value) -> Value {
    match result {
        Value::Array(mut items) if items.len() == 1 => single(items.remove(0)),
        Value::String(id) if uuid::Uuid::try_parse(&id).is_ok() => {
            Value::Object(Map::from_iter([("id".to_owned(), Value::String(id))]))
        }
        other => other,
    }
}

/// The reasons that an answer gives, as texts: `errors` of the envelope or of problem details (RFC 9457), by field or in
/// a row, else the sentences that other parts of a web service write. May be empty (spec 1.4).
fn reasons(value: &Value) -> Vec<String> {
    let Some(members) = value.as_object() else { return Vec::new() };
    let texts = |names: &[&str]| -> Vec<String> {
        names.iter().filter_map(|name| member(members, name)).flat_map(texts_of).collect()
    };
    let errors = texts(&["errors", "modelState"]);
    if !errors.is_empty() {
        return errors;
    }
    let problem = texts(&["title", "detail"]);
    if !problem.is_empty() {
        return problem;
    }
    let mut sentences = texts(&["error", "error_description", "message", "messageDetail", "exceptionMessage"]);
    sentences.dedup();
    sentences
}

fn advise(error: Error, answer: &Answer<'_>, no_envelope: bool) -> Error {
    if error.next_step().is_some() {
        return error;
    }
    match error.kind() {
        Kind::Unauthenticated => match answer.clock_difference.filter(|difference| *difference > CLOCK_TOLERANCE) {
            Some(difference) => error.with_next_step(format!(
                "set the clock of this machine: it differs from that of the service by {}, and signatures include the time",
                in_words(difference)
            )),
            None => error.with_next_step(
                "check the client key, the client secret and the project id, and that the credentials have access (the service answers 401 in all these cases)",
            ),
        },
        Kind::Network if answer.status == 407 => {
            error.with_next_step(intermediary::PROXY_CREDENTIALS)
        }
        Kind::Protocol if no_envelope => {
            error.with_next_step(intermediary::next_step("the service", NextStep::default().setting(Setting::Endpoint)))
        }
        Kind::NotFound if no_envelope => {
            error.with_next_step(NextStep::text("check ").setting(Setting::Endpoint).and(": it must end in /api/v1.0/"))
        }

        Kind::Throttled | Kind::Unavailable => error.with_next_step("try again later"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base::retry::classify_status;

    fn answer(status: u16, body: &str) -> Result<Value> {
        let answer = Answer {
            status,
            content_type: Some("text/html; charset=utf-8"),
            body: body.as_bytes(),
            changes: false,
            ..Answer::default()
        };
        let (kind, retry) = classify_status(status);
        Envelope.read(&answer, Error::new(kind, "").with_http_status(status).with_retry(retry, None))
    }

    #[test]
    fn a_good_envelope_gives_its_result_whatever_else_it_holds() {
        for (body, result) in [
            (r#"{"success":true,"errors":[],"result":{"a":1}}"#, json!({"a": 1})),
            (r#"{"success":true,"errors":null,"result":[]}"#, json!([])),
            (r#"{"result":null,"success":true}"#, json!(null)),
            (r#"{"success":true,"new":1}"#, json!(null)),
        ] {
            assert_eq!(answer(200, body).unwrap(), result, "{body}");
        }
    }

    #[test]
    fn two_hundred_with_success_false_is_an_error_with_the_texts() {
        let error =
            answer(200, r#"{"success":false,"errors":["first error","second error"],"result":null}"#).unwrap_err();
        assert_eq!(error.kind(), Kind::Rejected);
        assert_eq!(error.texts(), ["first error", "second error"]);
        assert_eq!(error.to_string(), "the service refused the request: first error, second error");
        let error = answer(200, r#"{"success":false,"errors":null,"result":null}"#).unwrap_err();
        assert!(error.to_string().contains("no reason given"));
    }

    #[test]
    fn a_refusal_does_not_lose_an_id() {
        let object = json!({"id": "d-1", "status": "InProgress"});
        for result in [object.clone(), json!([object]), json!({"Id": "d-1"})] {
            let body = json!({"success": false, "errors": null, "result": result}).to_string();
            for (changes, expected) in [
                (true, "the service refused the request: no reason given (but the response contains the id d-1)"),
                (false, "the service refused the request: no reason given"),
            ] {
                let answer =
                    Answer { status: 200, content_type: None, body: body.as_bytes(), changes, ..Answer::default() };
                let error = Envelope.read(&answer, Error::new(Kind::Internal, "")).unwrap_err();
                assert_eq!((error.kind(), error.to_string().as_str()), (Kind::Rejected, expected));
            }
        }
    }

    #[test]
    fn error_statuses_keep_the_services_texts() {
        let error =
            answer(401, r#"{"success":false,"errors":["Access is denied for project x."],"result":null}"#).unwrap_err();
        assert_eq!((error.kind(), error.http_status()), (Kind::Unauthenticated, Some(401)));
        assert_eq!(error.to_string(), "the service answered 401 (Unauthorized): Access is denied for project x.");
        assert!(error.next_step().unwrap().contains("client secret"));
        let error =
            answer(400, r#"{"success":false,"errors":["There is already an on-going deployment."],"result":null}"#)
                .unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict);
    }

    #[test]
    fn a_wrong_clock_is_named() {
        let answer = Answer {
            status: 401,
            content_type: None,
            body: b"{\"success\":false,\"errors\":[\"no\"]}",
            changes: false,
            clock_difference: Some(std::time::Duration::from_secs(3600)),
            ..Answer::default()
        };
        let error = Envelope.read(&answer, Error::new(Kind::Unauthenticated, "")).unwrap_err();
        assert!(error.next_step().unwrap().contains("differs from that of the service by 1 h 00 min"));
    }

    #[test]
    fn what_is_no_envelope_is_described() {
        let page = "<html><head><TITLE>Sign in  to\nthe proxy</TITLE></head><body>secret</body></html>";
        let error = answer(200, page).unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol);
        assert_eq!(
            error.to_string(),
            "the service answered 200 (OK) with text/html instead of JSON: \"Sign in to the proxy\""
        );
        assert!(error.next_step().unwrap().contains("proxy"));
        assert_eq!(answer(502, page).unwrap_err().kind(), Kind::Unavailable);
        assert!(answer(503, "").unwrap_err().to_string().contains("an empty body"));
        assert!(answer(200, "[1]").unwrap_err().to_string().contains("unexpected JSON"));
    }
}
