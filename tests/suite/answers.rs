//! Answers of the service that are written otherwise than today: no new text breaks one, and no id is lost.

use epicloud::dxp::model::deployment::{Deployment, DeploymentStatus};
use epicloud::request::{
    CompleteDeployment, GetDeployment, ListContainers, ListDeployments, StartDeployment, StartExport, Wait,
    WaitForDeployment,
};
use epicloud::{Error, Event, Kind};
use serde_json::{Value, json};

use super::scripted::{Scripted, answer, json as answered, result};

const ID: &str = "aaaaaaaa-0000-0000-0000-000000000001";

fn start() -> StartDeployment {
    StartDeployment {
        target_environment: "Integration".into(),
        packages: Some(vec!["a.cms.app.1.nupkg".into()]),
        ..StartDeployment::default()
    }
}

fn started() -> Value {
    json!({"id": ID, "status": "InProgress", "percentComplete": 0, "parameters": {"targetEnvironment": "Integration"},
           "deploymentErrors": [], "deploymentWarnings": []})
}

/// One command against a service that always answers like this.
async fn against(answer: Vec<u8>) -> Scripted {
    Scripted::start(move |_, _, _| answer.clone()).await
}

async fn starts(answer: Vec<u8>) -> (Result<Deployment, Error>, Vec<Event>) {
    let server = against(answer).await;
    let outcome = server.client.run(start(), &server.scope).await;
    (outcome, server.events())
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_never_lost() {
    let good = json!({"success": true, "errors": [], "result": started()}).to_string();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from));
        good.replacen(from, to, 1).into_bytes()
    };
    let deep = format!(r#""deploymentWarnings":{}{}"#, "[".repeat(200_000), "]".repeat(200_000));
    let (cut, _) = good.split_once(r#","parameters""#).unwrap();
    let json_type = [("content-type", "application/json")];
    let mut answers = vec![
        answered(200, [b"\xef\xbb\xbf".as_slice(), good.as_bytes()].concat()),
        answer(200, &json_type, [b"\xff\xfe".as_slice(), &utf16(&good)].concat()),
        answer(200, &[("content-type", "application/json; charset=utf-16")], utf16(&good)),
        answer(200, &json_type, utf16(&good)),
        answer(200, &json_type, good.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>()),
        answer(201, &[], good.as_bytes()),
        answered(200, with(r#""deploymentWarnings":[]"#, r#""deploymentWarnings":["cut \ud83d"]"#)),
        answered(200, with(r#""deploymentWarnings":[]"#, "\"deploymentWarnings\":[\"two\nlines\"]")),
        answered(200, with(r#""deploymentWarnings":[]"#, &deep)),
        answered(200, with(r#""deploymentWarnings":[]"#, r#""deploymentWarnings":"a text","DeploymentWarnings":null"#)),
        answered(200, with(r#""percentComplete":0"#, r#""percentComplete":NaN"#)),
        answered(200, with(r#""percentComplete":0"#, r#""percentComplete":{"value":1}"#)),
        answered(200, with(r#""status":"InProgress""#, r#""status":null"#)),
        answered(200, with(r#""status":"InProgress""#, r#""status":7"#)),
        answered(200, with(r#""id""#, r#""Id""#)),
        answered(200, with(r#""id""#, r#""id":null,"ID""#)),
        answered(200, with("true", "\"True\"")),
        answered(200, with(r#""success":true,"#, "")),
        answered(200, with(r#""errors":[]"#, r#""errors":{}"#)),
        answered(200, with(r#""success""#, r#""Success""#)),
        answered(200, json!({"SUCCESS": true, "Errors": null, "Result": started()}).to_string()),
        answered(200, json!({"success": true, "result": [started()]}).to_string()),
        answered(200, json!({"success": true, "result": ID}).to_string()),
        answered(202, started().to_string()),
        answered(200, format!("{good}<!-- a proxy was here -->")),
        answered(200, cut),
    ];
    let mut damaged = with(r#""deploymentWarnings":[]"#, r#""deploymentWarnings":["?"]"#);
    let place = damaged.iter().position(|byte| *byte == b'?').unwrap();
    damaged[place] = 0xff;
    answers.push(answered(200, damaged));
    for answer in answers {
        let shown: String = String::from_utf8_lossy(&answer).chars().take(300).collect();
        let (outcome, events) = starts(answer).await;
        let deployment = outcome.unwrap_or_else(|error| panic!("{error}: {shown}"));
        assert_eq!(deployment.id(), ID, "{shown}");
        assert!(deployment.document().members().contains_key("id"), "scripts look for 'id': {shown}");
        let accepted = |event: &&Event| matches!(event, Event::Accepted { id, .. } if id == ID);
        assert_eq!(events.iter().filter(accepted).count(), 1, "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reason_of_a_refusal_is_shown_wherever_it_stands() {
    let required = "The field packages is required.";
    for (status, body, texts) in [
        (400, json!({"success": false, "errors": {"packages": [required]}}), vec![format!("packages: {required}")]),
        (400, json!({"success": false, "errors": required}), vec![required.to_owned()]),
        (400, json!({"Success": false, "Errors": [required, null]}), vec![required.to_owned()]),
        (
            200,
            json!({"success": false, "errors": [{"code": "X1", "message": required}]}),
            vec![format!("X1: {required}")],
        ),
        (200, json!({"success": false, "errors": {"a": {"b": required}}}), vec![format!("a: b: {required}")]),
        (
            400,
            json!({"title": "t", "status": 400, "errors": {"packages": [required]}}),
            vec![format!("packages: {required}")],
        ),
        (400, json!({"title": "Bad Request", "detail": required}), vec!["Bad Request".to_owned(), required.to_owned()]),
        (400, json!({"message": required}), vec![required.to_owned()]),
        (400, json!({"Message": required}), vec![required.to_owned()]),
        (400, json!({"error": {"code": "X1", "message": required}}), vec![format!("X1: {required}")]),
        (400, json!({"error": required}), vec![required.to_owned()]),
    ] {
        let (outcome, _) = starts(answered(status, format!("\u{feff}{body}"))).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.http_status()), (Kind::Rejected, Some(status)), "{body}: {error}");
        assert_eq!(error.texts(), texts, "{body}");
        assert!(error.to_string().contains(required), "{body}: {error}");
    }
    let (outcome, _) = starts(answered(400, r#"{"success":false,"errors":{"x":"There is already one."}}"#)).await;
    assert_eq!(outcome.unwrap_err().kind(), Kind::Conflict);
    let refused = json!({"success": false, "errors": null, "result": started()}).to_string();
    let error = starts(answered(200, refused)).await.0.unwrap_err();
    assert!(error.kind() == Kind::Rejected && error.to_string().contains(ID), "its id is not lost: {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_request_without_an_id_may_have_been_carried_out() {
    for body in
        [r#"{"success":true}"#, r#"{"success":true,"result":null}"#, r#"{"success":true,"result":{"status":"x"}}"#]
    {
        let server = against(answered(200, body)).await;
        let export = StartExport {
            environment: "Production".into(),
            database_name: "epicms".into(),
            wait: Some(Wait::default()),
            ..StartExport::default()
        };
        let complete = CompleteDeployment { id: ID.into(), ..CompleteDeployment::default() };
        for error in [
            server.client.run(start(), &server.scope).await.unwrap_err(),
            server.client.run(export, &server.scope).await.unwrap_err(),
            server.client.run(complete, &server.scope).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), Kind::Ambiguous, "{body}: {error}");
            assert!(error.next_step().is_some());
        }
        assert_eq!(server.requests().len(), 3, "nothing is sent twice");
    }
    for (status, body) in [(200, "[]"), (200, r#"{"id":"x"}"#), (500, r#"{"message":"no"}"#), (200, "\u{feff}<html>")] {
        assert_eq!(starts(answered(status, body)).await.0.unwrap_err().kind(), Kind::Ambiguous, "{body}");
    }
}

/// What is not a SAS URL yet does not hide that the export was started.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_followed_whatever_stands_in_its_link() {
    let server = Scripted::start(|own, _, number| {
        let link = format!("{own}/x.bacpac?sig=x");
        let (status, link) = if number < 2 { ("InProgress", json!("pending")) } else { ("Succeeded", json!(link)) };
        result(&json!({"Id": ID, "Status": status, "DownloadLink": link}))
    })
    .await;
    let export = StartExport {
        environment: "Production".into(),
        database_name: "epicms".into(),
        wait: Some(Wait::default()),
        ..StartExport::default()
    };
    let export = server.client.run(export, &server.scope).await.unwrap();
    assert_eq!((export.export.id(), export.export.status_text()), (ID, "Succeeded"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odd_item_does_not_hide_the_others() {
    let items = json!([started(), null, "text", {"status": "x"}, {"Id": "two", "Status": "Succeeded"}, {"id": 3}]);
    for result in [items.clone(), json!({"deployments": items})] {
        let server = against(super::scripted::result(&result)).await;
        let list = server.client.run(ListDeployments::default(), &server.scope).await.unwrap();
        assert_eq!(list.iter().map(Deployment::id).collect::<Vec<_>>(), [ID, "two", "3"]);
        let said = |event: &&Event| event.sentence().is_some_and(|text| text.contains("skipping an unreadable item"));
        assert_eq!(server.events().iter().filter(said).count(), 3);
    }
    for (result, ids) in [(json!(null), 0), (started(), 1)] {
        let server = against(super::scripted::result(&result)).await;
        assert_eq!(server.client.run(ListDeployments::default(), &server.scope).await.unwrap().len(), ids);
    }
    let server = against(result(&json!("The list is closed today."))).await;
    let error = server.client.run(ListDeployments::default(), &server.scope).await.unwrap_err();
    assert_eq!((error.kind(), error.texts()), (Kind::Protocol, &["The list is closed today.".to_owned()][..]));
    assert!(
        error.to_string().contains("expected a list of deployments from the service but received a string"),
        "{error}"
    );
    // What is missing of a list that is cut cannot be told.
    let whole = json!({"success": true, "result": [started(), started()]}).to_string();
    let server = against(answered(200, &whole[..whole.len() - 30])).await;
    assert_eq!(server.client.run(ListDeployments::default(), &server.scope).await.unwrap_err().kind(), Kind::Protocol);

    for result in [json!({"storageContainers": "one"}), json!(["one"]), json!({"StorageContainers": ["one", null]})] {
        let server = against(super::scripted::result(&result)).await;
        let list = ListContainers { environment: "Production".into(), ..ListContainers::default() };
        assert_eq!(server.client.run(list, &server.scope).await.unwrap().names(), ["one"], "{result}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_read_whatever_its_members_are() {
    for (percent, read) in [
        (json!(33.9), Some(33)),
        (json!("33"), Some(33)),
        (json!(" 33.5 % "), Some(33)),
        (json!(250), Some(100)),
        (json!(-3), Some(0)),
        (json!("soon"), None),
        (json!("NaN"), None),
        (json!([7]), None),
        (json!(null), None),
    ] {
        let odd = json!({"ID": ID, "Status": "SomethingNew", "PercentComplete": percent, "deploymentErrors": null,
                         "DeploymentWarnings": "slow", "validationLinks": {"slot": "https://slot"}, "Parameters": {"TargetEnvironment": "Integration"},
                         "New": {"A": 1}});
        let server = against(result(&odd)).await;
        let get = GetDeployment { id: ID.into(), ..GetDeployment::default() };
        let deployment = server.client.run(get, &server.scope).await.unwrap();
        assert_eq!(deployment.percent_complete(), read, "{percent}");
        assert_eq!(deployment.status(), DeploymentStatus::Unknown);
        assert_eq!((deployment.warnings(), deployment.errors()), (vec!["slow".to_owned()], Vec::new()));
        assert_eq!(deployment.validation_links(), ["slot: https://slot"]);
        assert_eq!(deployment.target_environment(), Some("Integration"));
        let names: Vec<_> = deployment.document().members().keys().cloned().collect();
        let expected = [
            "id",
            "status",
            "percentComplete",
            "deploymentErrors",
            "deploymentWarnings",
            "validationLinks",
            "parameters",
            "New",
        ];
        assert_eq!(names, expected, "known names as documented, the rest and the order as it came");
        assert_eq!(deployment.document().members()["New"], json!({"A": 1}));
    }
}

/// A wait goes on over answers that say nothing, and ends with the first that does.
#[tokio::test(flavor = "multi_thread")]
async fn a_wait_goes_on_over_odd_answers() {
    let server = Scripted::start(|_, _, number| match number {
        0 => result(&started()),
        1 => answered(200, r#"{"success":true,"result":{"id":"x"}}"#),
        2 => answered(200, "\u{feff}{\"Success\":true,\"Result\":{\"Id\":\"x\",\"Status\":\"inprogress\",\"DeploymentWarnings\":\"w\"}}"),
        3 => answered(200, "{"),
        _ => answered(200, format!(r#"{{"SUCCESS":true,"RESULT":{{"ID":"{ID}","STATUS":"SUCCEEDED"}}}}"#)),
    })
    .await;
    let wait = WaitForDeployment { id: ID.into(), ..WaitForDeployment::default() };
    let deployment = server.client.run(wait, &server.scope).await.unwrap();
    assert_eq!((deployment.status(), server.requests().len()), (DeploymentStatus::Succeeded, 5));
    let warned = |event: &&Event| matches!(event, Event::Warning { text } if text == "w");
    assert_eq!(server.events().iter().filter(warned).count(), 1);
}
