//! The operations as documents: the catalog, strictness, and objects of the service that come out whole.

use epicloud::limits::TimeoutMinutes;
use epicloud::ops::catalog::{CATALOG, find};
use epicloud::{Kind, request};
use serde_json::{Value, json};

use super::fixture::Fixture;

#[test]
fn the_catalog_names_each_operation_and_type_once() {
    let names: std::collections::HashSet<_> = CATALOG.iter().map(|row| row.name).collect();
    let requests: std::collections::HashSet<_> = CATALOG.iter().map(|row| row.request_type()).collect();
    assert_eq!((names.len(), requests.len()), (CATALOG.len(), CATALOG.len()));
    let row = find("deployment.start").unwrap();
    assert_eq!((row.request_type(), row.answer_type()), ("StartDeployment".to_owned(), "Deployment".to_owned()));
    assert_eq!(find("deployment.list").unwrap().answer_type(), "Vec<Deployment>");
    assert!(CATALOG.iter().all(|row| row.summary.ends_with('.')));
    assert!(find("deployment.nothing").is_none());
}

/// Every rule that needs no network, as document and the path in the error.
#[tokio::test(flavor = "multi_thread")]
async fn bad_documents_are_refused_with_their_path_before_any_call() {
    let fixture = Fixture::new().await;
    let start = |more: Value| {
        let mut document = json!({"targetEnvironment": "Preproduction", "packages": ["a.cms.app.1.nupkg"]});
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        document
    };
    let export = |more: Value| {
        let mut document = json!({"environment": "Production", "databaseName": "epicms"});
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        document
    };
    let long = "9".repeat(40);
    for (operation, document, path) in [
        ("connect", json!({"projectId": "$(x)"}), "projectId"),
        ("connect", json!({"clientSecret": "x"}), "clientSecret"),
        ("deployment.start", json!({"targetEnvironment": "x"}), "packages"),
        ("deployment.start", start(json!({"packages": []})), "packages"),
        ("deployment.start", start(json!({"packages": [""]})), "packages[0]"),
        ("deployment.start", start(json!({"packages": [1]})), "packages[0]"),
        ("deployment.start", start(json!({"targetEnvironment": ""})), "targetEnvironment"),
        ("deployment.start", start(json!({"sourceEnvironment": "x"})), "sourceEnvironment"),
        ("deployment.start", start(json!({"includeDb": true})), "sourceEnvironment"),
        ("deployment.start", start(json!({"zeroDowntimeMode": ""})), "zeroDowntimeMode"),
        ("deployment.start", start(json!({"wait": true})), "wait"),
        ("deployment.start", start(json!({"wait": {"timeoutMinutes": 0}})), "wait.timeoutMinutes"),
        (
            "deployment.start",
            start(json!({"wait": {"pollingIntervalSeconds": 2_147_483_648_u64}})),
            "wait.pollingIntervalSeconds",
        ),
        ("deployment.start", start(json!({"wait": {"pollingIntervalSeconds": -1}})), "wait.pollingIntervalSeconds"),
        (
            "deployment.start",
            json!({"targetEnvironment": "x", "sourceEnvironment": "y", "sourceApps": ["cms", "other"]}),
            "sourceApps[1]",
        ),
        ("deployment.get", json!({"id": ""}), "id"),
        ("deployment.wait", json!({"id": "x", "until": "never"}), "until"),
        ("deployment.reset", json!({"id": "x", "complete": true, "validateBeforeSwap": true}), "complete"),
        ("package.upload", json!({"files": []}), "files"),
        ("package.upload", json!({"files": [{"path": "stub.py"}]}), "files[0].blobName"),
        ("package.upload", json!({"files": [{"path": "/"}]}), "files[0].path"),
        ("package.upload", json!({"files": [{"path": "-", "blobName": "a.cms.app.1.nupkg"}]}), "files[0].path"),
        (
            "package.upload",
            json!({"files": [{"path": "a.cms.app.1.nupkg"}, {"path": "b/a.cms.app.1.nupkg"}]}),
            "files[1].blobName",
        ),
        ("package.upload", json!({"files": [{"path": "a.cms.app.1.nupkg"}], "sasUrl": "nonsense"}), "sasUrl"),
        (
            "package.upload",
            json!({"files": [{"path": "a.cms.app.1.nupkg"}], "upload": {"streams": 65}}),
            "upload.streams",
        ),
        (
            "package.deploy",
            json!({"files": [{"path": "a.cms.app.1.nupkg"}], "targetEnvironment": " "}),
            "targetEnvironment",
        ),
        ("databaseExport.start", export(json!({"databaseName": "foo"})), "databaseName"),
        ("databaseExport.start", export(json!({"retentionHours": 0})), "retentionHours"),
        ("databaseExport.start", export(json!({"retentionHours": long})), "retentionHours"),
        ("databaseExport.save", export(json!({"outputFile": ""})), "outputFile"),
        ("databaseExport.save", export(json!({"outputFile": "-"})), "outputFile"),
        ("databaseExport.save", export(json!({"outputFile": "x", "download": {"streams": 17}})), "download.streams"),
        ("databaseExport.save", export(json!({"outputFile": "x", "id": "1", "retentionHours": 2})), "retentionHours"),
        ("databaseExport.save", export(json!({"outputFile": "x", "id": "1", "newExport": true})), "newExport"),
        ("storageContainer.list", json!({"environment": ""}), "environment"),
        ("storageSas.get", json!({"environment": "x", "storageContainer": []}), "storageContainer"),
        ("storageSas.get", json!({"environment": "x", "storageContainer": ["a", ""]}), "storageContainer[1]"),
        (
            "storageSas.get",
            json!({"environment": "x", "storageContainer": ["a"], "retentionHours": 169}),
            "retentionHours",
        ),
        ("nothing", json!({}), "operation"),
    ] {
        let error = fixture.client.run_document(operation, document.clone(), &fixture.scope).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.field()),
            (Kind::InvalidArgument, Some(path)),
            "{operation} {document}: {error}"
        );
    }
    assert!(fixture.emulator.requests().is_empty(), "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_services_object_comes_out_unchanged() {
    let fixture = Fixture::new().await;
    let started = fixture
        .client
        .run_document(
            "deployment.start",
            json!({"targetEnvironment": "Preproduction", "sourceEnvironment": "Integration", "sourceApps": ["cms"]}),
            &fixture.scope,
        )
        .await
        .unwrap();
    for name in
        ["id", "projectId", "status", "startTime", "endTime", "percentComplete", "validationLinks", "parameters"]
    {
        assert!(started.get(name).is_some(), "{name} is missing in {started}");
    }
    let listed = fixture.client.run_document("deployment.list", json!({}), &fixture.scope).await.unwrap();
    assert_eq!(listed[0]["id"], started["id"]);
    assert_eq!(
        listed[0].as_object().unwrap().keys().collect::<Vec<_>>(),
        started.as_object().unwrap().keys().collect::<Vec<_>>(),
        "the order of the members is the service's"
    );
}

#[test]
fn requests_are_written_as_they_are_read() {
    let request = request::StartDeployment {
        target_environment: "Preproduction".into(),
        packages: Some(vec!["a.cms.app.1.nupkg".into()]),
        wait: Some(request::Wait { timeout_minutes: TimeoutMinutes::new(5).ok(), ..request::Wait::default() }),
        ..request::StartDeployment::default()
    };
    let document = serde_json::to_value(&request).unwrap();
    assert_eq!(document["wait"], json!({"timeoutMinutes": 5}));
    assert_eq!(serde_json::from_value::<request::StartDeployment>(document).unwrap(), request);
}

#[test]
fn the_page_of_exit_codes_has_the_status_table() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/exit-codes.md")).unwrap();
    let mut rows: Vec<_> = epicloud::base::status::STATUS_TABLE.to_vec();
    for row in &rows {
        let line = format!("| {} | {} | `{}` |", row.exit_code, row.meaning, row.name);
        assert!(page.contains(&line), "docs/exit-codes.md lacks: {line}");
    }
    rows.retain(|row| page.matches(&format!("`{}` |", row.name)).count() != 1);
    assert!(rows.is_empty(), "named twice in docs/exit-codes.md: {rows:?}");
}

/// The names that a declaration of `src/base/event.rs` gives to the lines of JSON: its variants and members.
fn names_of(declaration: &str) -> Vec<String> {
    let source = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/base/event.rs")).unwrap();
    let body = source.split_once(&format!("pub {declaration} {{\n")).unwrap().1.split_once("\n}").unwrap().0;
    let names = body.lines().filter_map(|line| {
        let word = line.trim_start().trim_start_matches("pub ");
        let name = word.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
        (!name.is_empty()).then(|| camel_case(name))
    });
    names.collect()
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let (first, rest) = words.next().unwrap().split_at(1);
    let more = words.map(|word| word[..1].to_uppercase() + &word[1..]);
    std::iter::once(first.to_lowercase() + rest).chain(more).collect()
}

#[test]
fn the_page_of_events_names_each_event_and_member() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/events.md")).unwrap();
    let mut names = vec!["result".to_owned(), "error".to_owned()];
    for (declaration, one) in
        [("enum Level", "debug"), ("enum Phase", "verifying"), ("struct Progress", "etaMs"), ("enum Event", "delayMs")]
    {
        let found = names_of(declaration);
        assert!(found.iter().any(|name| name == one), "{declaration} was not read: {found:?}");
        names.extend(found);
    }
    let error = epicloud::Error::new(Kind::Io, "x").to_json();
    names.extend(error.as_object().unwrap().keys().cloned());
    names.retain(|name| !page.contains(&format!("`{name}`")));
    assert!(names.is_empty(), "docs/events.md lacks: {names:?}");
}
