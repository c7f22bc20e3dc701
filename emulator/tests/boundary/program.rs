//! The program: ready line, shell lines, signals, errors.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_epi-emulator"))
}

/// The variables by which clients find all services.
const VARIABLES: [&str; 17] = [
    "EPI_ENDPOINT",
    "EPI_CLIENT_KEY",
    "EPI_CLIENT_SECRET",
    "EPI_PROJECT_ID",
    "EPI_CA_FILE",
    "EPI_EMULATOR_CONTROL",
    "EPI_GUIDEWIRE_ENDPOINT",
    "EPI_GUIDEWIRE_TOKEN_URL",
    "EPI_GUIDEWIRE_CLIENT_ID",
    "EPI_GUIDEWIRE_CLIENT_SECRET",
    "EPI_GUIDEWIRE_TENANT",
    "EPI_GUIDEWIRE_STAR_SYSTEM",
    "EPI_GUIDEWIRE_PLANET",
    "EPI_REDIS_ENDPOINT",
    "EPI_REDIS_USER",
    "EPI_REDIS_PASSWORD",
    "EPI_REDIS_CA_FILE",
];

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
        let names = ["endpoint", "httpsEndpoint", "blobEndpoint", "caFile", "clientKey", "clientSecret", "projectId"];
        for name in names.into_iter().chain(["controlEndpoint"]) {
            assert!(!ready[name].as_str().unwrap().is_empty(), "{name} in {line}");
        }
        for name in ["endpoint", "tokenUrl", "clientId", "clientSecret", "tenant", "starSystem", "planet"] {
            assert!(!ready["guidewire"][name].as_str().unwrap().is_empty(), "guidewire {name} in {line}");
        }
        for name in ["endpoint", "user", "password", "caFile"] {
            assert!(!ready["redis"][name].as_str().unwrap().is_empty(), "redis {name} in {line}");
        }
        let ca_file = PathBuf::from(ready["caFile"].as_str().unwrap());
        let client = crate::caller::client(&ca_file);
        for endpoint in ["endpoint", "httpsEndpoint"] {
            let answer = client.get(ready[endpoint].as_str().unwrap()).send().await.unwrap();
            assert_eq!(answer.status(), 404);
        }
        let control = client.get(format!("{}clock", ready["controlEndpoint"].as_str().unwrap())).send().await.unwrap();
        assert_eq!(control.status(), 200);
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert!(!ca_file.parent().unwrap().exists());
    }
}

#[cfg(unix)]
#[test]
fn a_shell_can_evaluate_its_lines() {
    let mut child = program().args(["--print", "env"]).stdout(Stdio::piped()).spawn().unwrap();
    let reader = BufReader::new(child.stdout.take().unwrap());
    let lines: Vec<String> = reader.lines().take(VARIABLES.len()).map(Result::unwrap).collect();
    let shown: String = VARIABLES.iter().map(|name| format!(" \"${name}\"")).collect();
    let script = format!("set -u\n{}\ntest -f \"$EPI_CA_FILE\" && printf '%s\n'{shown}", lines.join("\n"));
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let values = String::from_utf8(output.stdout).unwrap();
    assert_eq!(values.lines().filter(|value| !value.is_empty()).count(), VARIABLES.len(), "{values}");
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The lines are read by a PowerShell where there is one; their form is judged everywhere.
#[cfg(unix)]
#[test]
fn powershell_can_evaluate_its_lines() {
    let mut child = program().args(["--print", "powershell"]).stdout(Stdio::piped()).spawn().unwrap();
    let reader = BufReader::new(child.stdout.take().unwrap());
    let lines: Vec<String> = reader.lines().take(VARIABLES.len() + 2).map(Result::unwrap).collect();
    let is_assignment = |line: &String| {
        line.split_once(" = '").is_some_and(|(name, value)| {
            (name.starts_with("$env:EPI_") || name.starts_with("$Global:EpiCloud")) && value.ends_with('\'')
        })
    };
    assert!(lines.iter().all(is_assignment), "{lines:#?}");
    let there = Command::new("pwsh").arg("-Version").output().is_ok();
    if there {
        let text = format!("{}\nTest-Path $Global:EpiCloudCaFile; \"$env:EPI_EMULATOR_CONTROL\"", lines.join("\n"));
        let output = Command::new("pwsh").args(["-NoProfile", "-NonInteractive", "-Command", &text]).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.starts_with("True") && said.trim_end().ends_with("/__control/"), "{said}");
    } else {
        eprintln!("skipped: pwsh is not installed, so the lines were only looked at");
    }
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[cfg(unix)]
#[test]
fn run_gives_a_command_the_variables_and_ends_with_its_code() {
    let run = |arguments: &[&str]| program().args(arguments).output().unwrap();
    let shown = "printf '%s ' \"$EPI_ENDPOINT\" \"$EPI_CLIENT_SECRET\" \"$EPI_EMULATOR_CONTROL\" \"$EPI_CA_FILE\"; test -f \"$EPI_CA_FILE\"; exit 7";
    // Options stand before or behind `run`; the output is the command's alone.
    for arguments in [["--speed", "instant", "run", "--"], ["run", "--speed", "instant", "--"]] {
        let output = run(&[&arguments[..], &["sh", "-c", shown]].concat());
        assert_eq!(output.status.code(), Some(7), "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said.split(' ').count(), 5, "{said}");
        let ca_file = said.trim_end().rsplit(' ').next().unwrap();
        assert!(!PathBuf::from(ca_file).parent().unwrap().exists(), "{ca_file}");
    }
    for (command, code) in [
        (&["true"][..], 0),
        (&["false"], 1),
        (&["no-such-program"], 127),
        (&["/"], 126),
        (&["sh", "-c", "kill -KILL $$"], 137),
    ] {
        assert_eq!(run(&[&["run", "--"], command].concat()).status.code(), Some(code), "{command:?}");
    }
    assert_eq!(run(&["run"]).status.code(), Some(2));
    // What can be refused is refused before the command starts.
    let refused = run(&["--project-id", "p", "run", "--", "echo", "started"]);
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0));
}

#[cfg(unix)]
#[test]
fn run_hands_a_signal_on_and_waits_for_the_command() {
    let script = "trap 'echo stopped; exit 5' TERM; echo ready; while :; do read line || :; done";
    let mut child =
        program().args(["run", "--", "sh", "-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(lines.next().unwrap().unwrap(), "stopped");
    assert_eq!(child.wait().unwrap().code(), Some(5));
}

#[test]
fn errors_name_the_field() {
    let table: [(&[&str], i32, &str); 14] = [
        (&["--scenario", "sloth"], 2, "slow-export"),
        (&["--scenario", "warnings,deploy-fails"], 1, "cannot be combined"),
        (&["--scenario", "slow-export", "--speed", "instant"], 1, "speed"),
        (&["--sas-version", "2999-01-01"], 1, "SAS version"),
        (&["--speed", "soon"], 2, "--speed"),
        (&["--export-size", "1GB"], 2, "--export-size"),
        (&["--client-key", "k"], 2, "--client-secret-file"),
        (&["--project-id", "p"], 1, "project id"),
        (&["--client-key", "k", "--client-secret-file", "/nowhere/secret"], 1, "--client-secret-file /nowhere/secret"),
        (&["--blob", "azurite:AccountName=a"], 1, "BlobEndpoint"),
        (&["--redis-version", "6.4"], 2, "7.22"),
        (&["--redis-password-file", "/nowhere/password"], 1, "--redis-password-file /nowhere/password"),
        (&["--guidewire-client-id", "i"], 2, "--guidewire-client-secret-file"),
        (
            &["--guidewire-client-id", "i", "--guidewire-client-secret-file", "/nowhere/secret"],
            1,
            "--guidewire-client-secret-file /nowhere/secret",
        ),
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
