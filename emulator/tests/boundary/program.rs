//! The program: ready line, shell lines, signals, errors.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_epi-emulator"))
}

fn failed(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn it_says_where_it_listens_and_ends_on_sigterm() {
    for signal in ["-TERM", "-INT"] {
        let arguments = ["--speed", "instant", "--export-size", "1MiB", "--link-scheme", "http"];
        let mut child = program().args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        for name in ["endpoint", "httpsEndpoint", "blobEndpoint", "caFile", "clientKey", "clientSecret", "projectId"] {
            assert!(!ready[name].as_str().unwrap().is_empty(), "{name} in {line}");
        }
        let ca_file = PathBuf::from(ready["caFile"].as_str().unwrap());
        let client = crate::caller::client(&ca_file);
        for endpoint in ["endpoint", "httpsEndpoint"] {
            let answer = client.get(ready[endpoint].as_str().unwrap()).send().await.unwrap();
            assert_eq!(answer.status(), 404);
        }
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert!(!ca_file.parent().unwrap().exists());
    }
}

#[cfg(unix)]
#[test]
fn a_shell_can_evaluate_its_lines() {
    let mut child = program().args(["--print", "env"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut lines = String::new();
    for _ in 0..5 {
        reader.read_line(&mut lines).unwrap();
    }
    let script = format!(
        "{lines}\ntest -f \"$EPI_CA_FILE\" && printf '%s %s %s %s' $EPI_ENDPOINT $EPI_CLIENT_KEY $EPI_CLIENT_SECRET $EPI_PROJECT_ID"
    );
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap().split(' ').count(), 4);
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn errors_name_the_field() {
    let table: [(&[&str], i32, &str); 6] = [
        (&["--speed", "soon"], 2, "--speed"),
        (&["--export-size", "1GB"], 2, "--export-size"),
        (&["--client-key", "k"], 2, "--client-secret-file"),
        (&["--project-id", "p"], 1, "project id"),
        (&["--client-key", "k", "--client-secret-file", "/nowhere/secret"], 1, "--client-secret-file /nowhere/secret"),
        (&["--blob", "azurite:AccountName=a"], 1, "BlobEndpoint"),
    ];
    for (arguments, code, field) in table {
        let output = failed(arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        assert!(text.contains(field), "{arguments:?}: {text}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn help_has_examples() {
    let text = String::from_utf8(failed(&["--help"]).stdout).unwrap();
    assert!(text.contains("Examples:") && text.contains("--state-dir"), "{text}");
}
