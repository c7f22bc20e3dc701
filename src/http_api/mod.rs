//! Level 2: a service that speaks JSON over HTTP, whichever it is.
//!
//! [`call`] sends one request and reads its answer, and sends what changes something once; [`retry`] is the one place that
//! repeats an API request. A service brings how it is authorized ([`auth`]), how it writes its answers ([`dialect`]) and
//! what its address looks like ([`endpoint`]). [`json`] reads bodies that are not quite JSON. Touches no files.

pub mod auth;
pub mod call;
pub mod dialect;
pub mod endpoint;
pub mod json;
pub mod retry;
pub mod token;
