//! The tests of the C ABI: its header, its symbols, and C programs that use it against the emulator.
//!
//! A program that is missing on this machine (clang, valgrind, cmake) leaves its tests out with a printed reason; in CI
//! nothing is left out. What needs minutes is ignored unless asked for: `cargo test --test abi -- --ignored`.

#![cfg(unix)]

// `cfg(test)` always holds here; it tells the lints that everything below is a test.
#[cfg(test)]
mod abi {
    mod compiler;
    mod examples;
    mod header;
    mod lint;
    mod memory;
    mod program;
    mod programs;
    mod sources;
    mod symbols;
}
