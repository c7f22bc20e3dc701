//! `epi` as people and pipelines use it: its grammar, its whole workflows, its output and its exit codes.

use std::time::Duration;

use epicloud_emulator::{Config, Effect, Emulator, Phase, Rule, Speed, Step};
use expect_test::expect_file;
use serde_json::Value;

use super::fixture::{Epi, Run, names_in, saving};
use super::virtual_time::{content, until};

async fn emulator(config: Config) -> Emulator {
    Emulator::start(Config { speed: Speed::Instant, ..config }).await.unwrap()
}

/// The grammar, as the help shows it. `UPDATE_EXPECT=1 cargo test` rewrites the files.
#[tokio::test(flavor = "multi_thread")]
async fn the_help_of_every_command() {
    let epi = Epi::bare();
    let mut whole = String::new();
    for command in [
        "",
        "connect",
        "deploy",
        "package",
        "package location",
        "package upload",
        "deployment",
        "deployment start",
        "deployment list",
        "deployment show",
        "deployment wait",
        "deployment complete",
        "deployment reset",
        "export",
        "export start",
        "export show",
        "export wait",
        "export save",
        "storage",
        "storage containers",
        "storage sas",
        "guidewire",
        "guidewire connect",
        "guidewire backup",
        "guidewire backup create",
        "guidewire backup show",
        "guidewire backup list",
        "guidewire backup wait",
        "guidewire backup delete",
        "redis",
        "redis connect",
        "redis export",
        "redis export start",
        "redis export show",
        "redis export wait",
        "redis export reset",
        "redis database",
        "redis database list",
        "redis database show",
        "job",
        "job show",
        "job wait",
        "profile",
        "profile list",
        "profile show",
        "profile check",
        "edge-logs",
        "completion",
        "man",
    ] {
        let mut arguments: Vec<&str> = command.split_whitespace().collect();
        arguments.push("-h");
        let run = epi.run(&arguments).await;
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{command}");
        whole.push_str(&format!("$ epi {}\n{}\n", arguments.join(" "), run.stdout));
    }
    expect_file!["help.txt"].assert_eq(&whole);
}

/// Everything the twelve cmdlets do, and what is more, in one project.
async fn workflow(emulator: &Emulator, endpoint: String) {
    let epi = Epi::new(emulator, endpoint);
    let json = async |arguments: &[&str]| -> Value {
        let run = epi.run(&[arguments, &["--output", "json", "--no-progress"]].concat()).await;
        run.json()
    };

    let connected = json(&["connect"]).await;
    assert_eq!(connected["authenticationVerified"], true);

    let saved = json(&saving("epicms.bacpac")).await;
    let bacpac = std::fs::read(epi.path("epicms.bacpac")).unwrap();
    assert_eq!(saved["bytes"], bacpac.len());
    assert_eq!(saved["status"], "Succeeded");
    assert!(saved["downloadLink"].is_null(), "a saved export shows no link");
    assert_eq!(names_in(epi.folder.path()), ["epicms.bacpac"], "no partial file is left");

    // The database goes back in under a package's name.
    let imported = json(&[
        "deploy",
        "epicms.bacpac",
        "--blob-name",
        "site.cms.sqldb.1.bacpac",
        "--to",
        "Integration",
        "--direct-deploy",
        "--polling-interval",
        "1",
    ])
    .await;
    assert_eq!(imported["deployment"]["status"], "Succeeded");
    assert_eq!(imported["packages"][0]["contentMd5"], saved["contentMd5"]);

    epi.write("site.cms.app.1.0.0.nupkg", &content(1, 3_000_000));
    epi.write("site.commerce.app.1.0.0.nupkg", &content(1, 70_000));
    let deployed = json(&[
        "deploy",
        "site.cms.app.1.0.0.nupkg",
        "site.commerce.app.1.0.0.nupkg",
        "--to",
        "Preproduction",
        "--zero-downtime-mode",
        "ReadOnly",
        "--polling-interval",
        "1",
    ])
    .await;
    assert_eq!(deployed["deployment"]["status"], "AwaitingVerification");
    assert_eq!(deployed["deployment"]["parameters"]["maintenancePage"], true);
    let id = deployed["deployment"]["id"].as_str().unwrap();
    let completed = json(&["deployment", "complete", "--id", id, "--wait", "--polling-interval", "1"]).await;
    assert_eq!(completed["status"], "Succeeded");

    let started = json(&[
        "deployment",
        "start",
        "--to",
        "Production",
        "--source-environment",
        "Preproduction",
        "--source-app",
        "cms,commerce",
        "--include-blob",
        "--use-maintenance-page",
    ])
    .await;
    assert_eq!(started["status"], "InProgress");
    let id = started["id"].as_str().unwrap();
    let waited = json(&["deployment", "wait", "--id", id, "--polling-interval", "1"]).await;
    assert_eq!(waited["status"], "AwaitingVerification");
    let reset =
        json(&["deployment", "reset", "--id", id, "--validate-before-swap", "--wait", "--polling-interval", "1"]).await;
    assert_eq!(reset["status"], "AwaitingResetVerification");
    let reset = json(&["deployment", "reset", "--id", id, "--complete", "--wait", "--polling-interval", "1"]).await;
    assert_eq!(reset["status"], "Reset");
    assert_eq!(json(&["deployment", "show", "--id", id]).await["status"], "Reset");
    assert_eq!(json(&["deployment", "list"]).await.as_array().unwrap().len(), 3);

    let export = ["--environment", "Production", "--database", "epicommerce"];
    let started = json(&[&["export", "start", "--retention-hours", "72"], &export[..]].concat()).await;
    let id = started["id"].as_str().unwrap();
    let waited = json(&[&["export", "wait", "--id", id], &export[..]].concat()).await;
    assert!(waited["downloadLink"].as_str().unwrap().contains("sig="));
    let shown = epi.run(&[&["export", "show", "--id", id], &export[..]].concat()).await;
    assert!(shown.stdout.contains("Succeeded") && !shown.stdout.contains("sig="), "{shown:?}");

    let containers = json(&["storage", "containers", "--environment", "Integration"]).await;
    let name = containers["storageContainers"][0].as_str().unwrap();
    let links = json(&["storage", "sas", "--environment", "Integration", "--container", name, "--writable"]).await;
    assert_eq!(links[0]["containerName"], name);
    assert!(json(&["edge-logs"]).await["location"].as_str().unwrap().contains("cloudflarelogpush"));

    let location = epi.run(&["package", "location"]).await;
    assert_eq!(location.code, Some(0));
    epi.write("link", location.stdout.as_bytes());
    epi.write("head.app.2.zip", &content(1, 1234));
    let uploaded = json(&["package", "upload", "head.app.2.zip", "--sas-url-file", "link"]).await;
    assert_eq!(uploaded["packages"][0]["bytes"], 1234);
    assert!(uploaded["packages"][0]["contentMd5"].is_string(), "{uploaded}");
    let choice = ["--sas-url-file", "link", "--block-size", "1KiB", "--content-md5", "off"];
    let uploaded = json(&[&["package", "upload", "head.app.2.zip"], &choice[..]].concat()).await;
    assert_eq!((&uploaded["packages"][0]["blocks"], &uploaded["packages"][0]["contentMd5"]), (&2.into(), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_workflow_over_http() {
    let emulator = emulator(Config {
        link_scheme: epicloud_emulator::LinkScheme::Http,
        export_size: 20 << 20,
        ..Config::default()
    })
    .await;
    workflow(&emulator, emulator.endpoint()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_workflow_over_https() {
    let emulator = emulator(Config { export_size: 20 << 20, ..Config::default() }).await;
    workflow(&emulator, emulator.https_endpoint()).await;
    assert!(emulator.requests().iter().all(|request| request.secure), "everything went over TLS");
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_for_people() {
    let emulator = emulator(Config { export_size: 1 << 20, ..Config::default() }).await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    let connected = epi.run(&["connect"]).await;
    assert!(connected.stdout.contains("credentials OK: key "), "{connected:?}");
    assert_eq!(epi.run(&["deployment", "list"]).await.stdout, "no deployments\n");

    epi.write("site.cms.app.1.nupkg", &content(1, 1000));
    let deployed =
        epi.run(&["deploy", "site.cms.app.1.nupkg", "--to", "Preproduction", "--polling-interval", "1"]).await;
    for words in ["uploaded site.cms.app.1.nupkg", "AwaitingVerification", "epi deployment complete --id"] {
        assert!(deployed.stdout.contains(words), "'{words}' is not in {deployed:?}");
    }
    assert!(
        deployed.stderr.contains("waiting for Preproduction: InProgress"),
        "a log gets lines of progress: {deployed:?}"
    );
    let listed = epi.run(&["deployment", "list"]).await;
    assert!(listed.stdout.starts_with("ID ") && listed.stdout.contains("Preproduction"), "{listed:?}");

    let quiet = epi.run(&["deployment", "list", "--quiet"]).await;
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""));
    let debug = epi.run(&["deployment", "list", "-vv"]).await;
    assert!(debug.stderr.contains("GET http://127.0.0.1"), "{debug:?}");
}

/// What was started names the command that waits for it, and a slot is shown while it is to be verified.
#[tokio::test(flavor = "multi_thread")]
async fn a_result_names_what_comes_next() {
    let emulator = emulator(Config { export_size: 1 << 20, ..Config::default() }).await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    let output = async |arguments: &[&str]| {
        let run = epi.run(&[arguments, &["--no-progress"]].concat()).await;
        assert_eq!(run.code, Some(0), "{run:?}");
        run.stdout
    };
    let start = ["deployment", "start", "--to", "Preproduction", "--source-environment", "Integration"];
    let started = output(&[&start[..], &["--source-app", "cms"]].concat()).await;
    let id = started.lines().next().unwrap().rsplit(' ').next().unwrap();
    assert!(started.contains(&format!("wait for it with: epi deployment wait --id {id}\n")), "{started}");
    assert!(!started.contains("verify at"), "{started}");
    let awaiting = output(&["deployment", "wait", "--id", id, "--polling-interval", "1"]).await;
    for words in
        ["verify at", &format!("epi deployment complete --id {id} --wait"), "roll it back: epi deployment reset"]
    {
        assert!(awaiting.contains(words), "'{words}' is not in {awaiting}");
    }
    let completed = output(&["deployment", "complete", "--id", id, "--wait", "--polling-interval", "1"]).await;
    assert!(completed.contains("Succeeded") && !completed.contains("verify at"), "{completed}");
    assert!(!completed.contains("next:"), "{completed}");

    let database = ["--environment", "Production", "--database", "epicms"];
    let started = output(&[&["export", "start"], &database[..]].concat()).await;
    let id = started.lines().next().unwrap().rsplit(' ').next().unwrap();
    let save =
        format!("epi export save --environment Production --database epicms --id {id} --output-file epicms.bacpac");
    assert!(started.contains(&format!("wait for it and download it with: {save}")), "{started}");
    let ended = output(&[&["export", "wait", "--id", id, "--polling-interval", "1"], &database[..]].concat()).await;
    assert!(ended.contains("available (hidden; use --show-link)") && ended.contains(&save), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_what_to_check() {
    let emulator = emulator(Config::default()).await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    let start = ["deployment", "start", "--to", "ADE1", "--source-environment", "Integration", "--source-app", "cms"];
    let started =
        epi.run(&[&start[..], &["--wait", "--polling-interval", "1", "--output", "json"]].concat()).await.json();
    let id = started["id"].as_str().unwrap();
    let complete = ["deployment", "complete", "--id", id, "--wait", "--polling-interval", "1"];
    assert_eq!(epi.run(&complete).await.code, Some(0));
    for (arguments, code, words) in [
        (&complete[..], 1, &["awaits verification can be completed", "epi deployment show --id "][..]),
        (&["deployment", "reset", "--id", id], 1, &["awaits verification can be reset", "epi deployment show --id "]),
        (&["deployment", "show", "--id", "7"], 3, &["next: check --id and --project-id"]),
        (
            &["export", "start", "--environment", "Prodution", "--database", "epicms"],
            1,
            &["next: check --environment: did you mean Production?"],
        ),
        (&["deployment", "start", "--to", "Prodution", "--package", "a"], 1, &["next: check --to: did you mean"]),
        (&["package", "upload", "missing.cms.app.1.nupkg"], 3, &["does not exist", "next: check the path"]),
        (&["package", "upload", "a.cms.app.1.nupkg", "--sas-url-file", "missing"], 3, &["next: check the path"]),
        (&["man", "foo"], 1, &["there is no command 'epi foo'", "epi --help"]),
        (&["export", "save", "--streams", "17"], 1, &["must be a whole number from 1 to 16"]),
    ] {
        let run = epi.run(arguments).await;
        run.refused(code, words);
        assert!(run.stderr.contains("  next: ") || arguments[0] == "export", "{run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_lines_stream_events_and_end_with_the_result() {
    let emulator = emulator(Config::default()).await;
    emulator.script(Phase::Deploy, vec![Step::new(1, 100, "AwaitingVerification").warning("slow slot")]);
    let epi = Epi::new(&emulator, emulator.endpoint());
    epi.write("site.cms.app.1.nupkg", &content(1, 1000));
    let run = epi
        .run(&["deploy", "site.cms.app.1.nupkg", "--to", "ADE1", "--polling-interval", "1", "--output", "jsonl"])
        .await;
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let events: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    for kind in ["progress", "accepted", "warning"] {
        assert!(kinds.contains(&kind), "{kind} is not in {kinds:?}");
    }
    assert_eq!(kinds.last(), Some(&"result"));
    assert_eq!(events.last().unwrap()["result"]["deployment"]["status"], "AwaitingVerification");

    let refused = epi.run(&["deployment", "show", "--id", "nothing", "--output", "jsonl"]).await;
    let last: Value = serde_json::from_str(refused.stdout.lines().last().unwrap()).unwrap();
    assert_eq!((last["event"].as_str(), &last["error"]["status"]), (Some("error"), &Value::from("NOT_FOUND")));
    refused.refused(3, &["error: ", "404"]);

    let refused = epi.run(&["deployment", "show", "--id", "nothing", "--output", "json"]).await;
    let document: Value = serde_json::from_str(&refused.stdout).unwrap();
    assert_eq!(
        (&document["error"]["status"], &document["error"]["exitCode"]),
        (&Value::from("NOT_FOUND"), &Value::from(3))
    );
}

/// A proxy elsewhere cannot reach this machine, and must not see what goes to it in clear text.
#[tokio::test(flavor = "multi_thread")]
async fn no_proxy_is_asked_for_this_machine() {
    let emulator = emulator(Config::default()).await;
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for endpoint in [emulator.endpoint(), emulator.https_endpoint()] {
        let mut epi = Epi::new(&emulator, endpoint);
        for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
            epi = epi.with(name, &format!("http://{dead}"));
        }
        assert_eq!(epi.run(&["connect"]).await.code, Some(0));
    }
}

/// A warning makes the one command that does everything fail, too.
#[tokio::test(flavor = "multi_thread")]
async fn deploy_is_strict_when_asked() {
    let emulator = emulator(Config::default()).await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    for (version, more, code) in [("1", &[][..], 0), ("2", &["--strict"], 13)] {
        emulator.script(Phase::Deploy, vec![Step::new(1, 100, "AwaitingVerification").warning("slow slot")]);
        let name = format!("site.cms.app.{version}.nupkg");
        epi.write(&name, &content(1, 1000));
        let to = ["ADE1", "ADE2"][usize::from(code != 0)];
        let deploy = ["deploy", &name, "--to", to, "--polling-interval", "1"];
        let run = epi.run(&[&deploy[..], more].concat()).await;
        assert_eq!(run.code, Some(code), "{run:?}");
        // The deployment waits for somebody either way.
        assert_eq!(run.stderr.contains("complete it with: epi deployment complete --id "), code != 0, "{run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_for_what_can_no_longer_come_ends() {
    let emulator = emulator(Config::default()).await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    let start = ["deployment", "start", "--to", "ADE1", "--source-environment", "Integration", "--source-app", "cms"];
    let wait = ["--wait", "--polling-interval", "1", "--output", "json"];
    let started = epi.run(&[&start[..], &wait].concat()).await.json();
    let id = started["id"].as_str().unwrap();
    assert_eq!(epi.run(&[&["deployment", "reset", "--id", id], &wait[..]].concat()).await.json()["status"], "Reset");
    let again = epi.run(&["deployment", "wait", "--id", id, "--until", "complete", "--polling-interval", "1"]).await;
    again.refused(4, &["already finished with status Reset"]);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_cannot_be_written_is_a_failure_and_a_closed_pipe_is_not() {
    let emulator = emulator(Config::default()).await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    let mut command = epi.command(&["package", "location"]);
    command.stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    command.stderr(std::process::Stdio::piped());
    let full = tokio::task::spawn_blocking(move || Run::of(command.output().unwrap())).await.unwrap();
    full.refused(11, &["standard output"]);

    let mut command = epi.command(&["completion", "bash"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let closed = tokio::task::spawn_blocking(move || Run::of(child.wait_with_output().unwrap())).await.unwrap();
    assert_eq!((closed.code, closed.stderr.as_str()), (Some(0), ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_service_says_does_not_steer_the_terminal() {
    let emulator = emulator(Config::default()).await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    emulator.faults().add(Rule::new(Effect::Failure { errors: vec!["a\u{1b}[2Jb\nc".into()] }));
    let run = epi.run(&["deployment", "list"]).await;
    run.refused(1, &["a [2Jb c"]);
    assert!(!run.stderr.contains('\u{1b}'));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_failed_fails_the_command_and_strict_is_about_warnings() {
    let emulator = emulator(Config::default()).await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    let start = [
        "deployment",
        "start",
        "--to",
        "ADE1",
        "--source-environment",
        "Integration",
        "--include-db",
        "--wait",
        "--polling-interval",
        "1",
    ];
    let warned = || vec![Step::new(1, 100, "Succeeded").warning("slot did not answer")];
    for (steps, code, strict) in [
        (warned(), 0, 13),
        (vec![Step::new(1, 100, "Failed")], 5, 5),
        (vec![Step::new(1, 100, "Failed").warning("slot did not answer")], 5, 5),
        (vec![Step::new(1, 100, "Succeeded")], 0, 0),
    ] {
        emulator.script(Phase::Deploy, steps.clone());
        assert_eq!(epi.run(&start).await.code, Some(code), "{steps:?}");
        emulator.script(Phase::Deploy, steps.clone());
        assert_eq!(epi.run(&[&start[..], &["--strict"]].concat()).await.code, Some(strict), "{steps:?}");
    }
    emulator.script(Phase::Deploy, vec![Step::new(1, 100, "Failed").error("DXCS006: bad package")]);
    epi.run(&start).await.refused(5, &["DXCS006: bad package"]);

    let export =
        ["export", "start", "--environment", "Production", "--database", "epicms", "--wait", "--polling-interval", "1"];
    emulator.script(Phase::Export, vec![Step::new(1, 100, "ExportFailed")]);
    epi.run(&export).await.refused(5, &["export of epicms", "ExportFailed"]);
    emulator.script(Phase::Export, vec![Step::new(1, 100, "ExportFailed")]);
    let save = saving("x.bacpac");
    epi.run(&save).await.refused(5, &["ExportFailed"]);
    assert!(names_in(epi.folder.path()).is_empty());
}

/// The first Ctrl-C cancels, says what goes on and how to resume; the resumed command works.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_cancels_cleanly_and_says_how_to_resume() {
    // Ctrl-C, and what a pipeline sends that is stopped.
    for signal in ["-INT", "-TERM"] {
        interrupt_and_resume(signal).await;
    }
}

#[cfg(unix)]
async fn interrupt_and_resume(signal: &'static str) {
    let emulator = std::sync::Arc::new(emulator(Config { export_size: 1 << 20, ..Config::default() }).await);
    let epi = Epi::new(&emulator, emulator.endpoint());
    // The first status request is never answered: the moment at which the user loses patience.
    emulator.faults().add(Rule::new(Effect::Stall).method("GET").path("/exports/").times(1));
    let arguments =
        ["export", "save", "--environment", "Production", "--database", "epicms", "--output-file", "my db.bacpac"];
    let mut command = epi.command(&arguments);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    let pid = i32::try_from(child.id()).unwrap();
    let secret = emulator.client_secret().to_owned();
    until("the status request", || emulator.requests().iter().any(|request| request.method == "GET")).await;
    let interrupted = tokio::task::spawn_blocking(move || {
        #[cfg(target_os = "linux")]
        {
            let arguments = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
            assert!(arguments.contains("my db.bacpac") && !arguments.contains(&secret) && !arguments.contains("sig="));
        }
        let kill = std::process::Command::new("kill").args([signal, &pid.to_string()]).status().unwrap();
        assert!(kill.success());
        Run::of(child.wait_with_output().unwrap())
    })
    .await
    .unwrap();
    interrupted.refused(130, &["cancelling", "the export continues in the service", "--output-file 'my db.bacpac'"]);
    assert_eq!(names_in(epi.folder.path()), ["my db.bacpac.partial.journal"], "which export it was");

    let next = interrupted.stderr.lines().find_map(|line| line.split_once("resume with: epi ")).unwrap().1;
    let script = format!("\"{}\" {next} --polling-interval 1", env!("CARGO_BIN_EXE_epi"));
    let mut shell = epi.command::<&str>(&[]);
    let environment: Vec<_> =
        shell.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
    shell = std::process::Command::new("sh");
    shell.args(["-c", &script]).current_dir(epi.folder.path());
    for (name, value) in environment {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let resumed = tokio::task::spawn_blocking(move || shell.output()).await.unwrap().unwrap();
    assert!(resumed.status.success(), "{resumed:?}");
    assert_eq!(std::fs::metadata(epi.path("my db.bacpac")).unwrap().len(), 1 << 20);
    assert_eq!(
        emulator.requests().iter().filter(|request| request.method == "POST").count(),
        1,
        "one export for both runs"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_deployment_is_waited_for_by_its_id() {
    let emulator = Emulator::start(Config { speed: Speed::Manual, ..Config::default() }).await.unwrap();
    let epi = Epi::new(&emulator, emulator.endpoint());
    let started = epi
        .run(&[
            "deployment",
            "start",
            "--to",
            "ADE1",
            "--source-environment",
            "Integration",
            "--include-db",
            "--output",
            "json",
        ])
        .await
        .json();
    let id = started["id"].as_str().unwrap();
    let mut command = epi.command(&["deployment", "wait", "--id", id, "--polling-interval", "1"]);
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    emulator.clock().advance(Duration::from_secs(3600));
    let waited = tokio::task::spawn_blocking(move || Run::of(child.wait_with_output().unwrap())).await.unwrap();
    assert_eq!(waited.code, Some(0), "{waited:?}");
}
