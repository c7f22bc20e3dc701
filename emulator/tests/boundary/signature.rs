//! The signature of API requests, with the vectors of spec 1.3.

use epicloud_emulator::Config;
use reqwest::Method;

use crate::caller::{Stage, authorization, stage};

const KEY: &str = "TestKey0123456789abcdefTestKey0123456789abcdef0";
const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v";
const PROJECT: &str = "11111111-2222-3333-4444-555555555555";
const NONCE: &str = "0123456789abcdef0123456789abcdef";
const BODY: &str = "{\"TargetEnvironment\":\"Integration\",\"Packages\":[\"site.cms.app.1.0.0.nupkg\"],\
    \"MaintenancePage\":false,\"ZeroDownTimeMode\":\"\",\"DirectDeploy\":true}";

fn known() -> Config {
    Config {
        client_key: Some(KEY.to_owned()),
        client_secret: Some(SECRET.to_owned()),
        project_id: Some(PROJECT.to_owned()),
        ..Config::default()
    }
}

async fn status(stage: &Stage, method: Method, path: &str, body: &str, header: Option<&str>) -> u16 {
    let url = format!("{}projects/{PROJECT}/{path}", stage.emulator.endpoint());
    let mut request = stage.client.request(method, url).body(body.to_owned());
    if let Some(header) = header {
        request = request.header("authorization", header);
    }
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn the_vectors_are_accepted_and_one_changed_byte_is_not() {
    let stage = stage(known()).await;
    // The status tells that the request went past the signature: 400 and 404 come from the checks behind it.
    let vectors = [
        (
            Method::GET,
            "environments/Integration/storagecontainers?writable=true",
            "",
            "rj/VEwrbX79tKU4/WA9ay3p58ZIR1t8y+RRD0XPyQ+Q=",
            200,
        ),
        (Method::POST, "deployments", BODY, "OIQuMw7/udluTo/LVeC9Yjr4fLPDJvjYY1/tghrv3D4=", 400),
        (
            Method::POST,
            "deployments/6c0ed684-8548-48aa-8695-fcfd43477b43/complete",
            "",
            "o1cEdOm/LHC45nIZqjDWFmhp1ohqcmoDU4mLfyMwrjo=",
            404,
        ),
        (
            Method::GET,
            "environments/H%C3%A4lso/storagecontainers",
            "",
            "Fxm/vqD70ibCxK9Sd7sJ4v1yAKjsQi3/yc0Ufpb6UVg=",
            400,
        ),
    ];
    for (method, path, body, signature, expected) in vectors {
        let header = format!("epi-hmac {KEY}:1700000000000:{NONCE}:{signature}");
        assert_eq!(status(&stage, method.clone(), path, body, Some(&header)).await, expected, "{path}");
        let changed = header.replace(":1700000000000:", ":1700000000001:");
        assert_eq!(status(&stage, method.clone(), path, body, Some(&changed)).await, 401, "{path}");
        let changed_body = format!("{body} ");
        assert_eq!(status(&stage, method.clone(), path, &changed_body, Some(&header)).await, 401, "{path}");
        assert_eq!(status(&stage, method, path, body, None).await, 401, "{path}");
    }
}

#[tokio::test]
async fn old_timestamps_and_used_nonces_are_refused_when_asked_for() {
    let config = Config { clock_skew_minutes: Some(15), replay_check: true, ..known() };
    let stage = stage(config).await;
    let target = format!("/api/v1.0/projects/{PROJECT}/deployments");
    let now = stage.emulator.clock().now();
    let header = |minutes: i64, nonce: &str| {
        let stamp = (now + minutes * 60_000).to_string();
        authorization(KEY, SECRET, "GET", &target, &stamp, nonce, b"")
    };
    let table = [(0, "a", 200), (0, "a", 401), (0, "b", 200), (-14, "c", 200), (-16, "d", 401), (16, "e", 401)];
    for (minutes, nonce, expected) in table {
        let header = header(minutes, nonce);
        assert_eq!(status(&stage, Method::GET, "deployments", "", Some(&header)).await, expected, "{minutes} {nonce}");
    }
}

#[tokio::test]
async fn unknown_projects_and_paths_are_not_found() {
    let stage = stage(known()).await;
    let other = "99999999-2222-3333-4444-555555555555";
    for (path, expected) in [
        (format!("/api/v1.0/projects/{other}/deployments"), "There is no active project found for project id"),
        ("/api/v1.0/projects".to_owned(), "Nothing is found"),
        (format!("/api/v1.0/projects/{PROJECT}/packages"), "Nothing is found"),
    ] {
        let header = authorization(KEY, SECRET, "GET", &path, "1", "n", b"");
        let url = stage.emulator.endpoint().replace("/api/v1.0/", &path);
        let response = stage.client.get(url).header("authorization", header).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 404, "{path}");
        assert!(response.text().await.unwrap().contains(expected), "{path}");
    }
}
