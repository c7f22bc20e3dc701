//! The behaviour suite: every case of `tests/vectors` through every way of calling the library, which must all do the
//! same. `tests/vectors/README.md` tells what a case and a runner are.

#![cfg(unix)]

// `cfg(test)` always holds here; it tells the lints that everything below is a test.
#[cfg(test)]
mod behaviour {
    mod case;
    mod compare;
    mod judge;
    // How C programs are compiled is decided where the ABI is tested.
    #[path = "../abi/program.rs"]
    mod program;
    mod runner;
    mod suite;
}
