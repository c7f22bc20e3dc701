//! The emulator from outside: raw requests, signed by these tests' own code, against a running emulator.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panic, its helpers too, and says on stderr why it skips"
)]

mod azurite;
mod caller;
mod control;
mod deployments;
mod examples;
mod exports;
mod faults;
mod guidewire;
mod program;
mod recordings;
mod redis;
mod restart;
mod scenarios;
mod signature;
mod storage;
mod structure;
mod uploads;
