//! Level 1: one HTTP exchange.
//!
//! Sends one request and gives back its answer: TLS, time limits, and nothing about what is asked for. It
//! does not repeat a request; the layers above decide that. The only layer that names the HTTP crate (`http.rs`),
//! and the place where time, randomness and the variables that name proxies come from the machine (`system.rs`).
//! `intermediary.rs` has the words for an answer that something on the way gave, `page.rs` what its page says.

pub mod authorities;
mod fault;
pub mod http;
pub mod intermediary;
pub mod page;
mod proxy;
pub mod system;
mod tls;
pub mod trust;
