//! The behaviour suite through C and each binding: every case of `tests/vectors`, which all of them must play as Rust does.

#![cfg(unix)]

// `cfg(test)` always holds here; it tells the lints that everything below is a test.
#[cfg(test)]
mod behaviour {
    mod bindings;
    // How cases are read, played and judged is decided where Rust plays them.
    #[path = "../../../tests/behaviour/case.rs"]
    mod case;
    #[path = "../../../tests/behaviour/compare.rs"]
    mod compare;
    #[path = "../../../tests/behaviour/judge.rs"]
    mod judge;
    #[path = "../../../tests/behaviour/players.rs"]
    mod players;
    mod process;
    // How C programs are compiled is decided where the ABI is tested.
    #[path = "../abi/program.rs"]
    mod program;
    #[path = "../../../tests/behaviour/runner.rs"]
    mod runner;
}
