//! Every case from Rust, and what holds for all cases.

use epicloud::base::status::STATUS_TABLE;
use epicloud::ops::catalog::CATALOG;
use serde_json::json;

use super::case::{self, Case, root};
use super::in_process::InProcess;
use super::players::play_all;

#[test]
fn rust() {
    play_all("Rust", || Box::new(InProcess::new()));
}

#[test]
fn every_operation_has_cases_that_succeed_and_cases_that_fail() {
    let cases = case::all();
    for row in CATALOG.iter() {
        let of_row: Vec<&Case> = cases.iter().filter(|case| case.operation == row.name).collect();
        let succeeds = of_row.iter().any(|case| case.result.is_some());
        let refuses = |case: &&Case| case.error.is_some() && case.requests.as_ref().is_some_and(Vec::is_empty);
        assert!(succeeds, "{}: no case succeeds", row.name);
        assert!(of_row.iter().copied().any(|case| refuses(&case)), "{}: no bad input is refused", row.name);
    }
    let mut names: Vec<_> = cases.iter().map(|case| &case.name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), cases.len(), "each case has a name of its own");
}

/// The table of statuses as the bindings read it.
#[test]
fn the_table_of_statuses_is_written_down() {
    let row = |row: &epicloud::base::status::StatusRow| {
        format!(
            "  {}",
            json!({"name": row.name, "value": row.status, "exitCode": row.exit_code, "meaning": row.meaning})
        )
    };
    let rows: Vec<String> = STATUS_TABLE.iter().map(row).collect();
    let file = root().join("tests/vectors").join(case::STATUSES);
    expect_test::expect_file![file].assert_eq(&format!("[\n{}\n]\n", rows.join(",\n")));
}
