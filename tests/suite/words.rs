//! What errors call things: options on the command line, in text and in JSON, and members in documents.

use epicloud::Kind;
use epicloud::base::next_step::Part;
use epicloud_emulator::{Config, Effect, Emulator, Phase, Rule, Speed, Step};
use serde_json::{Value, json};

use super::fixture::{Epi, Fixture};

/// Members of documents that no user of the command line has ever typed.
const MEMBERS: &[&str] = &[
    "files[",
    "blobName",
    "sasUrl",
    "upload.",
    "download.",
    "wait.",
    "timeoutMinutes",
    "targetEnvironment",
    "sourceEnvironment",
    "databaseName",
    "retentionHours",
    "outputFile",
    "overwrite",
    "storageContainer",
    "caFile",
    "clientKey",
    "clientSecret",
    "projectId",
    "stateDir",
    "deployment.wait",
    "databaseExport.",
];

fn names_no_member(text: &str) {
    for member in MEMBERS {
        assert!(!text.contains(member), "'{member}' in {text}");
    }
}

/// Runs a command in the text and in the JSON form, and gives the error document.
async fn refused(epi: impl Fn() -> Epi, arguments: &[&str], sentence: &str) -> Value {
    let text = epi().run(arguments).await;
    let first = text.stderr.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
    assert!(first.starts_with(&format!("error: {sentence}")), "{arguments:?}: '{sentence}' is not in {text:?}");
    names_no_member(&text.stderr);
    let mut forms = Vec::new();
    for form in ["json", "jsonl"] {
        let json = epi().run(&[arguments, &["--output", form]].concat()).await;
        assert_eq!(json.code, text.code);
        let document: Value =
            serde_json::from_str(if form == "json" { &json.stdout } else { json.stdout.lines().last().unwrap() })
                .unwrap();
        let error = document["error"].clone();
        assert!(error["message"].as_str().unwrap().starts_with(sentence), "{error}");
        for member in ["message", "field", "nextStep"] {
            names_no_member(&error[member].to_string());
        }
        forms.push(error);
    }
    assert_eq!(forms[0], forms[1]);
    forms.remove(0)
}

async fn emulator() -> Emulator {
    Emulator::start(Config { speed: Speed::Instant, ..Config::default() }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_names_what_was_typed() {
    let emulator = emulator().await;
    let epi = || {
        let epi = Epi::new(&emulator, emulator.endpoint());
        epi.write("a.cms.app.1.nupkg", b"x");
        epi
    };
    let export = ["--environment", "Production", "--database", "epicms"];
    let save = |file: &'static str| [&["export", "save"][..], &export, &["--output-file", file]].concat();
    let [to, start, upload] =
        [&["deploy", "--to", "ADE1"][..], &["deployment", "start", "--to"], &["package", "upload"]];
    for (arguments, field, sentence) in [
        ([upload, &["setup.exe"]].concat(), "FILE", "FILE: the deployment package is not recognized"),
        ([to, &["a.exe", "--blob-name", "b.exe"]].concat(), "--blob-name", "--blob-name: "),
        (
            [to, &["a.cms.app.1.nupkg", "a.cms.app.1.nupkg"]].concat(),
            "FILE",
            "FILE: 'a.cms.app.1.nupkg' is listed twice",
        ),
        (
            [upload, &["a.cms.app.1.nupkg", "--blob-name", "../a.cms.app.1.nupkg"]].concat(),
            "--blob-name",
            "--blob-name: must not contain '.' or '..'",
        ),
        ([upload, &["-"]].concat(), "FILE", "FILE: standard input cannot be uploaded"),
        ([upload, &["a.cms.app.1.nupkg", "--block-size", "0"]].concat(), "--block-size", "--block-size: "),
        (["deploy", "--to", "", "a.cms.app.1.nupkg"].to_vec(), "--to", "--to: must name an environment"),
        ([start, &["", "--package", "a"]].concat(), "--to", "--to: must name an environment"),
        ([start, &["ADE1", "--package", ""]].concat(), "--package", "--package: must not be empty"),
        ([start, &["ADE1", "--source-environment", " "]].concat(), "--source-environment", "--source-environment: "),
        (
            [start, &["ADE1", "--source-environment", "x", "--source-app", "y"]].concat(),
            "--source-app",
            "--source-app: 'y' is not an application",
        ),
        (["deployment", "show", "--id", ""].to_vec(), "--id", "--id: must not be empty"),
        (save("-"), "--output-file", "--output-file: downloads to standard output are not supported"),
        (save("new/"), "--output-file", "--output-file: 'new/' is not the name of a file"),
        (
            ["export", "start", "--environment", "", "--database", "epicms"].to_vec(),
            "--environment",
            "--environment: must name",
        ),
        (
            ["export", "start", "--environment", "x", "--database", "other"].to_vec(),
            "--database",
            "--database: 'other' is not a database",
        ),
        (["storage", "sas", "--environment", "x", "--container", ""].to_vec(), "--container", "--container: "),
        (["connect", "--project-id", "42"].to_vec(), "--project-id", "--project-id: "),
        (["connect", "--endpoint", "nowhere"].to_vec(), "--endpoint", "--endpoint: is not a URL"),
        (["connect", "--client-key", "a:b"].to_vec(), "--client-key", "--client-key: must be plain ASCII"),
    ] {
        let error = refused(epi, &arguments, sentence).await;
        assert_eq!(error["field"], field, "{error}");
    }
    assert!(emulator.requests().is_empty(), "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_from_a_variable_or_a_file_is_called_by_it() {
    let emulator = emulator().await;
    let epi = || Epi::new(&emulator, emulator.endpoint());
    for (variable, value, sentence) in [
        ("EPI_PROJECT_ID", "42", "EPI_PROJECT_ID: is not a project id"),
        ("EPI_ENDPOINT", "nowhere", "EPI_ENDPOINT: is not a URL"),
        ("EPI_CLIENT_KEY", "a:b", "EPI_CLIENT_KEY: must be plain ASCII"),
        ("EPI_CLIENT_SECRET", "AAA", "EPI_CLIENT_SECRET: the client secret is invalid"),
        ("EPI_CA_FILE", "missing.pem", "EPI_CA_FILE: cannot read 'missing.pem'"),
    ] {
        refused(|| epi().with(variable, value), &["connect"], sentence).await;
    }
    let with_files = || {
        let epi = epi();
        epi.write("bad", b"nonsense");
        epi.write("a.cms.app.1.nupkg", b"x");
        epi
    };
    let secret = ["connect", "--client-secret-file", "bad"];
    let error = refused(
        || {
            let epi = with_files();
            epi.write("bad", b"AAA");
            epi
        },
        &secret,
        "--client-secret-file: the client secret is invalid",
    )
    .await;
    assert_eq!(error["field"], "--client-secret-file");
    let upload = ["package", "upload", "a.cms.app.1.nupkg"];
    let error = refused(with_files, &[&upload[..], &["--sas-url-file", "bad"]].concat(), "--sas-url-file: ").await;
    assert_eq!(error["field"], "--sas-url-file");
    refused(|| with_files().with("EPI_SAS_URL", "nonsense"), &upload, "EPI_SAS_URL: ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn advice_names_options_and_commands_on_the_command_line_and_members_in_documents() {
    let emulator = emulator().await;
    let epi = Epi::bare().run(&["connect"]).await;
    names_no_member(&epi.stderr);
    for setting in ["EPI_CLIENT_KEY", "EPI_CLIENT_SECRET", "EPI_PROJECT_ID"] {
        assert!(epi.stderr.contains(setting), "{epi:?}");
    }
    let client = epicloud::Client::new(epicloud::DxpConfig::default(), None).unwrap();
    let error = client.run_document("connect", json!({}), &epicloud::Scope::silent()).await.unwrap_err();
    let step = error.next_step().unwrap();
    assert!(step.ends_with("set clientKey, clientSecret and projectId"), "{step}");

    // What the service did with a lost request is looked up by a command that can be pasted.
    let epi = || Epi::new(&emulator, emulator.endpoint());
    emulator.faults().add(Rule::new(Effect::status(502)).method("POST"));
    let lost = epi().run(&["deployment", "complete", "--id", "7 8"]).await;
    lost.refused(9, &["epi deployment show --id '7 8'"]);
    let lost = epi().run(&["deployment", "start", "--to", "ADE1", "--package", "a"]).await;
    lost.refused(9, &["epi deployment list;"]);
    names_no_member(&lost.stderr);

    // What was typed to say whose project it is belongs to the command; what a variable says does not.
    let typed = [
        "deployment",
        "complete",
        "--id",
        "7",
        "--project-id",
        emulator.project_id(),
        "--client-secret-file",
        "my secret",
    ];
    let epi = epi().with("EPI_PROJECT_ID", "").with("EPI_CLIENT_SECRET", "");
    epi.write("my secret", emulator.client_secret().as_bytes());
    let line =
        format!("epi deployment show --id 7 --project-id {} --client-secret-file 'my secret',", emulator.project_id());
    epi.run(&typed).await.refused(9, &[&line]);
}

/// The operation that an error's next step names, with its request.
pub(super) fn resumes_with(error: &epicloud::Error) -> (&'static str, Value) {
    let commands = error.advice().unwrap_or_else(|| panic!("no step in {error:?}")).parts().iter();
    let mut commands = commands.filter_map(|part| if let Part::Command(command) = part { Some(command) } else { None });
    let (operation, request) = commands.next().unwrap_or_else(|| panic!("no operation in {error:?}")).request();
    (operation, Value::Object(request))
}

/// Whoever stops a wait is told, by the operation that stopped, how to resume it with all that was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_wait_says_how_it_is_resumed() {
    let fixture = Fixture::new().await;
    let folder = tempfile::tempdir().unwrap();
    let (package, file) = (folder.path().join("a.cms.app.1.nupkg"), folder.path().join("my db.bacpac"));
    std::fs::write(&package, b"x").unwrap();
    let run =
        async |operation: &str, request: Value| fixture.client.run_document(operation, request, &fixture.scope).await;
    let stopped = async |operation: &str, request: Value| {
        let error = run(operation, request).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Timeout, "{operation}: {error:?}");
        resumes_with(&error)
    };
    let never = |status: &str| vec![Step::new(u64::from(u32::MAX), 100, status)];
    let wait = json!({"timeoutMinutes": 2, "pollingIntervalSeconds": 20});
    let copy = json!({"targetEnvironment": "Preproduction", "sourceEnvironment": "Integration", "sourceApps": ["cms"]});
    let with = |request: &Value, members: Value| {
        let mut request = request.clone();
        request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        request
    };
    let awaiting = async |more: Value| {
        let started = run("deployment.start", with(&with(&copy, more), json!({"wait": {}}))).await.unwrap();
        started["id"].clone()
    };

    let id = awaiting(json!({})).await;
    fixture.emulator.script(Phase::Complete, never("Succeeded"));
    let (operation, request) = stopped("deployment.complete", json!({"id": id, "wait": wait, "strict": true})).await;
    assert_eq!(operation, "deployment.wait");
    assert_eq!(request, json!({"id": id, "until": "complete", "wait": wait, "strict": true}));
    let (operation, request) = stopped("deployment.wait", json!({"id": id, "until": "complete", "wait": wait})).await;
    assert_eq!((operation, request), ("deployment.wait", json!({"id": id, "until": "complete", "wait": wait})));

    let fixture = Fixture::new().await;
    let run =
        async |operation: &str, request: Value| fixture.client.run_document(operation, request, &fixture.scope).await;
    fixture.emulator.script(Phase::Deploy, never("Succeeded"));
    fixture.emulator.script(Phase::Export, never("Succeeded"));
    let stopped = async |operation: &str, request: Value| {
        let error = run(operation, request).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Timeout, "{operation}: {error:?}");
        let id = fixture.recording.events().into_iter().rev().find_map(|event| match event {
            epicloud::Event::Accepted { id, .. } => Some(id),
            _ => None,
        });
        (resumes_with(&error), id.unwrap_or_default())
    };
    let ((operation, request), id) = stopped("deployment.start", with(&copy, json!({"wait": wait}))).await;
    assert_eq!((operation, request), ("deployment.wait", json!({"id": id, "wait": wait})));
    // A script is for one deployment.
    fixture.emulator.script(Phase::Deploy, never("Succeeded"));
    let deploy = json!({"files": [{"path": package}], "targetEnvironment": "ADE1", "directDeploy": true, "wait": wait,
                        "strict": true});
    let ((operation, request), id) = stopped("package.deploy", deploy).await;
    assert_eq!((operation, request), ("deployment.wait", json!({"id": id, "wait": wait, "strict": true})));

    let database = json!({"environment": "Production", "databaseName": "epicms"});
    let ((operation, request), id) = stopped("databaseExport.start", with(&database, json!({"wait": wait}))).await;
    assert_eq!((operation, &request), ("databaseExport.wait", &with(&database, json!({"id": id, "wait": wait}))));
    let ((operation, request), _) = stopped("databaseExport.wait", request).await;
    assert_eq!((operation, &request), ("databaseExport.wait", &with(&database, json!({"id": id, "wait": wait}))));
    let save = json!({"id": id, "outputFile": file, "overwrite": true, "download": {"streams": 3}, "wait": wait});
    let save = with(&database, save);
    let ((operation, request), _) = stopped("databaseExport.save", save.clone()).await;
    assert_eq!((operation, request), ("databaseExport.save", save));
}

/// An error of a running wait that no caller asked for keeps its own advice, and says how to resume as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_fails_after_the_start_says_what_still_runs() {
    let fixture = Fixture::new().await;
    fixture.emulator.faults().add(Rule::new(Effect::status(503)).method("GET").path("/deployments/"));
    let start = json!({"targetEnvironment": "ADE1", "sourceEnvironment": "Integration", "includeDb": true, "wait": {}});
    let error = fixture.client.run_document("deployment.start", start, &fixture.scope).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable, "{error:?}");
    assert_eq!(resumes_with(&error).0, "deployment.wait");
    assert!(
        error.next_step().unwrap().starts_with("try again later; the deployment continues in the service"),
        "{error:?}"
    );
}
