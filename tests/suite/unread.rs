//! `epi` where nobody reads what it prints: the work goes on, a signal ends it, and nothing that matters is lost.

use std::io::{BufRead, BufReader, PipeReader, Read, Write};
use std::process::{Child, Stdio};

use epicloud_emulator::{Config, Effect, Emulator, Rule, Speed};
use serde_json::Value;

use super::fixture::Epi;
use super::virtual_time::{content, until};

/// What a pipe holds on Linux.
const PIPE: usize = 64 << 10;

async fn emulator() -> Emulator {
    Emulator::start(Config { speed: Speed::Instant, ..Config::default() }).await.unwrap()
}

/// A pipe that takes nothing more until somebody reads.
fn full() -> (PipeReader, Stdio) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&[b'\n'; PIPE]).unwrap();
    (reader, writer.into())
}

fn terminate(child: &Child) {
    let kill = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
}

/// The exit code of a child that ends by itself.
async fn ended(child: &mut Child) -> Option<i32> {
    let mut status = None;
    until("the end of the command", || {
        status = child.try_wait().unwrap();
        status.is_some()
    })
    .await;
    status.unwrap().code()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_standard_error_stalls_no_transfer_and_loses_no_line() {
    let emulator = emulator().await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    epi.write("site.cms.app.1.nupkg", &content(1, 3 << 20));
    let (mut stderr, full) = full();
    let mut command =
        epi.command(&["deploy", "site.cms.app.1.nupkg", "--to", "ADE1", "--polling-interval", "1", "-vv"]);
    let mut child = command.stdout(Stdio::piped()).stderr(full).spawn().unwrap();
    drop(command);
    let stdout = BufReader::new(child.stdout.take().unwrap());
    // Nobody reads standard error until the result is there.
    let told = tokio::task::spawn_blocking(move || {
        let result = stdout.lines().map(Result::unwrap).find(|line| line.contains("AwaitingVerification"));
        assert!(result.is_some());
        let mut told = String::new();
        stderr.read_to_string(&mut told).unwrap();
        told
    })
    .await
    .unwrap();
    assert_eq!(ended(&mut child).await, Some(0));
    for words in ["POST http://127.0.0.1", "deployment started: ", "waiting for ADE1: InProgress"] {
        assert!(told.contains(words), "'{words}' is not in {told}");
    }
}

/// Neither stream is read: one signal is enough, and the error is still told to whoever reads the other stream.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_a_command_whose_standard_error_nobody_reads() {
    let emulator = emulator().await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    emulator.faults().add(Rule::new(Effect::Stall).method("GET").path("/exports/"));
    let (_stderr, full) = full();
    let save = ["export", "save", "--environment", "Production", "--database", "epicms", "--output-file", "a.bacpac"];
    let mut command = epi.command(&[&save[..], &["-vv", "--output", "json"]].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(full).spawn().unwrap();
    drop(command);
    until("the status request", || emulator.requests().iter().any(|request| request.method == "GET")).await;
    terminate(&child);
    assert_eq!(ended(&mut child).await, Some(130));
    let error: Value = serde_json::from_reader(child.stdout.take().unwrap()).unwrap();
    assert_eq!(error["error"]["status"], "CANCELLED");
}

/// Events that nobody reads do not hold up the work either, and a signal ends a command that only waits for its reader.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_a_command_whose_events_nobody_reads() {
    let emulator = emulator().await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    epi.write("site.cms.app.1.nupkg", &content(1, 1 << 20));
    let (_stdout, full) = full();
    let deploy = ["deploy", "site.cms.app.1.nupkg", "--to", "ADE1", "--polling-interval", "1", "--output", "jsonl"];
    let mut command = epi.command(&deploy);
    let mut child = command.stdout(full).stderr(Stdio::null()).spawn().unwrap();
    drop(command);
    // The last request of a deployment that went well.
    until("the status", || {
        emulator
            .requests()
            .iter()
            .filter(|request| request.method == "GET" && request.path.contains("/deployments/"))
            .count()
            > 1
    })
    .await;
    assert!(child.try_wait().unwrap().is_none(), "it waits for its reader");
    terminate(&child);
    assert_eq!(ended(&mut child).await, Some(130));
}
