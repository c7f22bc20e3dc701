//! The command line of epicloud: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    epicloud::cli::main()
}
