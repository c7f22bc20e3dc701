//! The header is what the sources say, and every compiler takes it.

use std::fs;

use super::compiler::{Compiler, Language};
use super::program::{compiler, link, package, tell};
use super::sources;

/// What every user of the header may compile with.
const WARNINGS: &[&str] = &["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Werror"];

#[test]
fn it_is_generated_from_the_sources() {
    expect_test::expect_file![package().join("include/epicloud.h")].assert_eq(&sources::header());
}

#[test]
fn it_compiles_in_every_dialect_twice_in_a_file_and_in_two_files() {
    let folder = tempfile::tempdir().unwrap();
    let c = package().join("tests/c");
    // C++ gets the same files under its own name.
    for name in ["twice", "second"] {
        fs::copy(c.join(format!("{name}.c")), folder.path().join(format!("{name}.cc"))).unwrap();
    }
    let mut compiled = 0;
    for Compiler { name: compiled_by, language } in Compiler::all() {
        let (dialects, ending): (&[&str], _) = match language {
            Language::C => (&["c99", "c11", "c17"], "c"),
            Language::Cpp => (&["c++11", "c++17"], "cc"),
        };
        let sources = match language {
            Language::C => c.clone(),
            Language::Cpp => folder.path().to_owned(),
        };
        for dialect in dialects {
            let mut command = compiler(compiled_by);
            command.args(WARNINGS).arg(format!("-std={dialect}")).arg("-I").arg(&c);
            if language == Language::C {
                command.arg("-Wstrict-prototypes");
            }
            for name in ["twice", "second"] {
                command.arg(sources.join(format!("{name}.{ending}")));
            }
            let program = folder.path().join(format!("{compiled_by}-{dialect}"));
            link(&mut command, &program);
            assert!(std::process::Command::new(&program).status().unwrap().success(), "{}", program.display());
            compiled += 1;
        }
    }
    tell(&format!("the header compiles in {compiled} dialects"));
}
