//! The service's nouns as plain data: databases with the state of their exports, actions, and modules.
//!
//! Objects keep what the service sent, unknown members and order included, but for the secrets that it puts into them.

pub mod action;
pub mod database;
pub mod module;

use serde_json::Value;

use crate::base::service_object::ServiceObject;

/// A number, also where it is written as a text: older lists of actions have both (spec 11).
pub(super) fn number(object: &ServiceObject, name: &str) -> Option<f64> {
    match object.get(name)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

/// A percentage as a part of 1.
pub(super) fn part(object: &ServiceObject, name: &str) -> Option<f64> {
    number(object, name).map(|percent| (percent / 100.0).clamp(0.0, 1.0))
}
