//! Level 3: an export job, whoever provides it.
//!
//! [`job`] says what a job is (export job model, sections 2 and 3), [`handle`] how it is found again, [`artifact`] what it
//! yields, [`provider`] what a service must offer, [`record`] is a job as a document, and [`wait`] waits for one. Knows no service: each has its provider
//! in its own room.

pub mod artifact;
pub mod handle;
pub mod job;
pub mod provider;
pub mod record;
pub mod wait;
