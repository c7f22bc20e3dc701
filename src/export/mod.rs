//! Level 4: an export job, whoever provides it.
//!
//! [`job`] says what a job is (export job model, sections 2 and 3), [`provider`] what a service must offer,
//! [`driver`] waits for a job and fetches its result, and `dxp` is the provider for the Optimizely DXP. Providers do
//! not know each other.

pub mod driver;
pub mod dxp;
pub mod job;
pub mod provider;
