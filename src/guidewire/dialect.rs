//! The service's answers: bare objects and lists, and refusals in a form that the vendor does not show.
//!
//! Pure. What a request that changes something gives is its status and `Location` as well: an answer may have no body.

use serde_json::{Map, Value, json};

use super::contract::{ERROR_TEXTS, LONGEST_ERROR};
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::next_step::{NextStep, Setting};
use crate::base::redaction::{cut, one_line};
use crate::base::service_object::member;
use crate::http_api::dialect::{Answer, Dialect};
use crate::http_api::json;
use crate::transport::intermediary;

/// What the body of an answer is.
pub(super) enum Found {
    /// An object or a list.
    Json(Value),
    /// One whose end is missing.
    Cut(Value),
    /// Nothing.
    Empty,
    /// Something else, such as a page.
    Other,
}

/// Reads the body of an answer.
pub(super) fn found(answer: &Answer<'_>) -> Found {
    match json::read_any(answer.body, answer.content_type) {
        Some(reading) if reading.is_cut => Found::Cut(reading.value),
        Some(reading) => Found::Json(reading.value),
        None if answer.body.trim_ascii().is_empty() => Found::Empty,
        None => Found::Other,
    }
}

/// What the service says to a request that changes something.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Accepted {
    /// Whether it is still at it (202).
    pub(super) is_pending: bool,
    /// The last segment of `Location`.
    pub(super) id: Option<String>,
    /// The body; null without one.
    pub(super) body: Value,
}

impl Accepted {
    fn of(answer: &Answer<'_>, body: &Value) -> Value {
        let id = answer.location.and_then(last_segment);
        json!({"isPending": answer.status == 202, "id": id, "body": body})
    }

    /// Takes apart what [`Bare`] has put together.
    pub(super) fn from_value(mut value: Value) -> Self {
        Self {
            is_pending: value["isPending"] == true,
            id: value["id"].as_str().map(str::to_owned),
            body: value["body"].take(),
        }
    }
}

/// The last segment of a `Location`, decoded; nothing where it ends in none.
fn last_segment(location: &str) -> Option<String> {
    let path = location.split(['?', '#']).next().unwrap_or_default();
    let segment = path.trim_end_matches('/').rsplit('/').next().filter(|segment| !segment.is_empty())?;
    Some(percent_encoding::percent_decode_str(segment).decode_utf8().ok()?.into_owned())
}

/// The answers of the Database API.
pub(super) struct Bare;

impl Dialect for Bare {
    fn read(&self, answer: &Answer<'_>, described: Error) -> Result<Value> {
        match (answer.is_success(), answer.changes, found(answer)) {
            (true, false, Found::Json(value)) => Ok(value),
            (true, false, Found::Cut(_)) => {
                Err(described.with_message("the response of the service is incomplete").into_kind(Kind::Protocol))
            }
            // An id that came is worth more than an end that did not.
            (true, true, Found::Json(body) | Found::Cut(body)) => Ok(Accepted::of(answer, &body)),
            (true, true, Found::Empty) => Ok(Accepted::of(answer, &Value::Null)),
            (_, _, found) => Err(refusal(answer, described, &found)),
        }
    }

    fn is_own(&self, answer: &Answer<'_>) -> bool {
        match found(answer) {
            Found::Json(_) | Found::Cut(_) => true,
            Found::Empty => answer.is_success(),
            Found::Other => false,
        }
    }

    fn warning(&self, answer: &Answer<'_>, value: &Value) -> Option<String> {
        let is_partial = !answer.changes && (has_next(answer) || is_page(value));
        is_partial.then(|| {
            "the service returned a part of the list only, and how to get the rest is not documented; backups are missing \
             from this result"
                .to_owned()
        })
    }
}

/// Whether a `Link` leads to more (RFC 8288).
fn has_next(answer: &Answer<'_>) -> bool {
    let links = answer.link.unwrap_or_default().to_ascii_lowercase();
    links.split(',').flat_map(|link| link.split(';').skip(1)).any(|parameter| {
        let Some((name, value)) = parameter.split_once('=') else { return false };
        name.trim() == "rel" && value.trim().trim_matches('"').split_whitespace().any(|relation| relation == "next")
    })
}

/// Whether an object around a list says that there are others, or does not say that there are none.
fn is_page(value: &Value) -> bool {
    let Some(members) = value.as_object().filter(|members| member(members, "id").is_none()) else { return false };
    let [page, pages, last] = ["page", "totalPages", "last"].map(|name| member(members, name));
    let is_whole = pages.and_then(Value::as_f64).is_some_and(|pages| pages <= 1.0)
        || (pages.is_none() && last == Some(&Value::Bool(true)) && page.is_none_or(|page| *page == 0));
    !is_whole && [page, pages, last].iter().any(Option::is_some)
}

/// The error of an answer that is not what was asked for.
fn refusal(answer: &Answer<'_>, described: Error, found: &Found) -> Error {
    let is_foreign = matches!(found, Found::Other) || (matches!(found, Found::Empty) && answer.is_success());
    let text = match found {
        Found::Json(Value::Object(members)) | Found::Cut(Value::Object(members)) => error_text(members),
        _ => None,
    };
    let said = match &text {
        Some(text) => text.clone(),
        None if matches!(found, Found::Empty) && !answer.is_success() => "no reason given".to_owned(),
        None => raw_text(answer, found),
    };
    let separator = if text.is_some() || said == "no reason given" { ":" } else { " with" };
    let message = format!("the service answered {}{separator} {said}", answer.status_in_words());
    let error = described.with_message(message).with_texts(text.into_iter().collect());
    advise(classified(error, answer), answer, is_foreign)
}

/// What an error says, in its first member that is a text.
fn error_text(members: &Map<String, Value>) -> Option<String> {
    let text = |name: &&str| member(members, name)?.as_str().map(str::trim).filter(|text| !text.is_empty());
    ERROR_TEXTS.iter().find_map(text).map(|text| cut(&one_line(text), LONGEST_ERROR, "..."))
}

/// What an answer says that is in no known form.
fn raw_text(answer: &Answer<'_>, found: &Found) -> String {
    let is_json = matches!(found, Found::Json(_) | Found::Cut(_));
    let text = json::text(answer.body, answer.content_type);
    let is_plain = answer.content_type.is_some_and(|kind| intermediary::media_type(kind) == "text/plain");
    if (is_json || is_plain) && intermediary::excerpt(&text).is_some() && !text.trim().is_empty() {
        return format!("\"{}\"", cut(one_line(&text).trim(), LONGEST_ERROR, "..."));
    }
    answer.excerpt(is_json)
}

/// The class of an error by its HTTP status, where the service's list differs from what is usual.
fn classified(error: Error, answer: &Answer<'_>) -> Error {
    let after = error.retry_after();
    match answer.status {
        // "An upstream request failed; try again."
        424 => error.into_kind(Kind::Unavailable).with_retry(Retry::Later, after),
        429 => error.into_kind(Kind::Unavailable),
        // Only reading is safe to repeat after something unexpected.
        500 if answer.changes => error.into_kind(Kind::Protocol).with_retry(Retry::Never, None),
        500 => error.into_kind(Kind::Protocol),
        _ => error,
    }
}

fn advise(error: Error, answer: &Answer<'_>, is_foreign: bool) -> Error {
    match error.kind() {
        Kind::Network if answer.status == 407 => error.with_next_step(intermediary::PROXY_CREDENTIALS),
        Kind::Unavailable => error.with_next_step("try again later"),
        _ if is_foreign => {
            error.with_next_step(intermediary::next_step("the service", NextStep::default().setting(Setting::Endpoint)))
        }
        Kind::Unauthenticated => error.with_next_step(
            NextStep::text("the service refuses the access token: check that ")
                .setting(Setting::TokenUrl)
                .and(" and ")
                .setting(Setting::Endpoint)
                .and(" are of the same region"),
        ),
        Kind::Forbidden => error.with_next_step(
            NextStep::text("check ")
                .setting(Setting::TenantId)
                .and(", ")
                .setting(Setting::StarSystemId)
                .and(" and ")
                .setting(Setting::Scopes)
                .and("; the service may also answer 403 for an id that does not exist"),
        ),
        Kind::Protocol => error.with_next_step("try again later; if it fails again, contact Guidewire Support"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::retry::classify_status;

    fn answer<'a>(status: u16, content_type: &'a str, body: &'a str, changes: bool) -> Answer<'a> {
        Answer { status, content_type: Some(content_type), body: body.as_bytes(), changes, ..Answer::default() }
    }

    fn read(answer: &Answer<'_>) -> Result<Value> {
        let (kind, retry) = classify_status(answer.status);
        Bare.read(answer, Error::new(kind, "").with_http_status(answer.status).with_retry(retry, None))
    }

    /// G11: each status of the published list, and the others that are to be expected, in its class.
    #[test]
    fn each_status_lands_in_its_class() {
        let body = r#"{"timestamp":"x","status":1,"error":"Reason","message":"the text","path":"/p"}"#;
        for (status, kind, on_get, on_change) in [
            (400, Kind::Rejected, Retry::Never, Retry::Never),
            (401, Kind::Unauthenticated, Retry::Never, Retry::Never),
            (403, Kind::Forbidden, Retry::Never, Retry::Never),
            (404, Kind::NotFound, Retry::Never, Retry::Never),
            (405, Kind::Rejected, Retry::Never, Retry::Never),
            (408, Kind::Unavailable, Retry::Later, Retry::Later),
            (409, Kind::Conflict, Retry::Never, Retry::Never),
            (422, Kind::Rejected, Retry::Never, Retry::Never),
            (424, Kind::Unavailable, Retry::Later, Retry::Later),
            (429, Kind::Unavailable, Retry::Later, Retry::Later),
            (500, Kind::Protocol, Retry::Later, Retry::Never),
            (502, Kind::Unavailable, Retry::Later, Retry::Later),
            (503, Kind::Unavailable, Retry::Later, Retry::Later),
            (504, Kind::Unavailable, Retry::Later, Retry::Later),
        ] {
            for (changes, retry) in [(false, on_get), (true, on_change)] {
                let answer = answer(status, "application/json", body, changes);
                let error = read(&answer).unwrap_err();
                assert_eq!((error.kind(), error.retry()), (kind, retry), "{status} {changes}");
                assert_eq!(error.texts(), ["the text"], "{status}");
                assert!(error.message().starts_with(&format!("the service answered {status} (")), "{error}");
                assert!(error.message().ends_with("): the text"), "{error}");
                assert!(Bare.is_own(&answer));
            }
        }
    }

    #[test]
    fn the_first_text_of_an_error_is_shown_and_otherwise_the_body() {
        let long = "x".repeat(3_000);
        for (content_type, body, shown) in [
            ("application/json", r#"{"error":"e","title":"t","detail":"d"}"#, "): d"),
            ("application/json", r#"{"message":" ","errorMessage":"m"}"#, "): m"),
            ("application/json", r#"{"error_description":"a\nb","error":"c"}"#, "): a b"),
            ("application/json", r#"{"code":7}"#, r#") with "{"code":7}""#),
            ("text/plain", "no\nway", ") with \"no way\""),
            ("text/plain", &long, "...\""),
            ("text/html", "<html><title>Sign in</title>", ") with text/html instead of JSON: \"Sign in\""),
            ("application/json", "", "): no reason given"),
        ] {
            let error = read(&answer(400, content_type, body, false)).unwrap_err();
            assert!(error.message().ends_with(shown), "{error}");
            assert!(error.message().len() < 2_200);
        }
    }

    #[test]
    fn what_changes_something_gives_status_and_location() {
        let accepted = |status, location: Option<&str>, body: &str| {
            let answer = Answer { location, ..answer(status, "application/json", body, true) };
            Accepted::from_value(read(&answer).unwrap())
        };
        let plain = Accepted { is_pending: false, id: None, body: json!({"id": 1}) };
        assert_eq!(accepted(201, None, r#"{"id":1}"#), plain);
        assert_eq!(accepted(201, None, r#"{"id":1,"x":"#), plain, "a missing end costs no id");
        for location in ["/a/backups/36%202", "https://h/a/backups/36%202/?x=/y"] {
            let expected = Accepted { is_pending: true, id: Some("36 2".into()), body: Value::Null };
            assert_eq!(accepted(202, Some(location), ""), expected);
        }
        assert_eq!(accepted(204, Some("/"), "").id, None);
        let page = answer(200, "text/html", "<html>", true);
        assert_eq!((read(&page).unwrap_err().kind(), Bare.is_own(&page)), (Kind::Protocol, false));
    }

    #[test]
    fn what_is_no_json_is_a_protocol_error() {
        for body in ["<html><title>Sign in</title>", "", "null", "[{\"id\":1},{"] {
            let error = read(&answer(200, "text/html", body, false)).unwrap_err();
            assert_eq!(error.kind(), Kind::Protocol, "{body}");
        }
        assert!(!Bare.is_own(&answer(503, "text/html", "", true)), "a gateway does not know what the service did");
    }

    #[test]
    fn a_part_of_a_list_is_told() {
        let warns = |link: Option<&str>, body: &str| {
            let answer = Answer { link, ..answer(200, "application/json", body, false) };
            Bare.warning(&answer, &read(&answer).unwrap()).is_some()
        };
        for (link, body, expected) in [
            (None, "[]", false),
            (None, r#"{"backups":[]}"#, false),
            (Some("<https://h/x?page=2>; rel=\"next\""), "[]", true),
            (Some("<a>; rel=prev, <b>; title=x; REL=next"), "[]", true),
            (Some("<https://h/next>; rel=\"first\""), "[]", false),
            (None, r#"{"content":[],"page":0,"totalPages":3}"#, true),
            (None, r#"{"content":[],"totalPages":1,"last":true}"#, false),
            (None, r#"{"content":[],"last":false}"#, true),
            (None, r#"{"content":[],"last":true}"#, false),
            (None, r#"{"content":[],"page":1}"#, true),
            (None, r#"{"id":1,"page":1}"#, false),
        ] {
            assert_eq!(warns(link, body), expected, "{link:?} {body}");
        }
    }
}
