//! The behaviour suite from Rust: every case of `tests/vectors`. `capi/tests/behaviour.rs` plays them through C and each
//! binding, which must all do the same. `tests/vectors/README.md` tells what a case and a runner are.

#![cfg(unix)]

// `cfg(test)` always holds here; it tells the lints that everything below is a test.
#[cfg(test)]
mod behaviour {
    mod case;
    mod compare;
    mod in_process;
    mod judge;
    mod players;
    mod runner;
    mod suite;
}
