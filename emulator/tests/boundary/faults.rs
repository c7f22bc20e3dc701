//! Every effect of a fault rule, as a client meets it.

use std::time::Duration;

use epicloud_emulator::{Config, Effect, Rule, Speed};
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{Stage, block_id, bytes, instant, manual, outcome, stage, within};

const HOUR: Duration = Duration::from_secs(3_600);
const NAME: &str = "cms.app.1.nupkg";

async fn with_blob(length: usize) -> (Stage, String) {
    let stage = manual().await;
    stage.emulator.put_blob("deploymentpackages", NAME, &bytes(length)).unwrap();
    let link = within(&stage.emulator.package_link("rw", HOUR), NAME);
    (stage, link)
}

#[tokio::test]
async fn a_status_comes_in_the_manner_of_the_room() {
    let (stage, link) = with_blob(10).await;
    stage.emulator.faults().add(Rule::new(Effect::retry_after(503, 7)).times(2).named("busy"));
    let api = stage.send(Method::GET, "deployments", "").await.unwrap();
    assert_eq!((api.status().as_u16(), api.headers()["retry-after"].to_str().unwrap()), (503, "7"));
    assert_eq!(api.json_text().await["success"], false);
    let (status, code, _) = outcome(stage.client.get(&link).send().await.unwrap()).await;
    assert_eq!((status, code.as_str()), (503, "ServerBusy"));
    assert_eq!(stage.client.get(&link).send().await.unwrap().status(), 200);
    let recorded = stage.emulator.requests();
    assert_eq!(recorded.iter().map(|request| request.rules.len()).collect::<Vec<_>>(), [1, 1, 0]);
    assert_eq!(recorded[0].rules, ["busy"]);
    let plain =
        Effect::Status { status: 502, code: None, message: Some("gateway".into()), retry_after: None, plain: true };
    stage.emulator.faults().add(Rule::new(plain));
    assert_eq!(stage.client.get(&link).send().await.unwrap().text().await.unwrap(), "gateway");
}

trait JsonText {
    async fn json_text(self) -> Value;
}

impl JsonText for reqwest::Response {
    async fn json_text(self) -> Value {
        serde_json::from_slice(&self.bytes().await.unwrap()).unwrap()
    }
}

#[tokio::test]
async fn envelopes_can_lie() {
    let stage = instant().await;
    let once = |effect| stage.emulator.faults().add(Rule::new(effect).times(1));
    once(Effect::Failure { errors: vec!["first".into(), "second".into()] });
    let (status, envelope) = stage.call(Method::GET, "deployments", "").await;
    assert_eq!((status, envelope["errors"].clone()), (200, json!(["first", "second"])));
    once(Effect::NullErrors);
    let (_, envelope) = stage.call(Method::GET, "deployments", "").await;
    assert_eq!((&envelope["success"], &envelope["errors"]), (&json!(true), &Value::Null));
    once(Effect::LoginPage { status: 401 });
    let page = stage.send(Method::GET, "deployments", "").await.unwrap();
    assert_eq!(page.status(), 401);
    assert!(page.text().await.unwrap().contains("<html"));
}

#[tokio::test]
async fn an_expired_link_is_refused() {
    let (stage, link) = with_blob(10).await;
    stage.emulator.faults().add(Rule::new(Effect::ExpiredLink).method("GET"));
    let (status, code, body) = outcome(stage.client.get(&link).send().await.unwrap()).await;
    assert_eq!((status, code.as_str()), (403, "AuthenticationFailed"));
    assert!(body.contains("AuthenticationErrorDetail"));
}

#[tokio::test]
async fn resets_come_before_mid_body_and_instead_of_the_answer() {
    let (stage, link) = with_blob(200_000).await;
    let faults = stage.emulator.faults();
    faults.add(Rule::new(Effect::Reset).times(1).named("before"));
    assert!(stage.client.get(&link).send().await.is_err());

    faults.add(Rule::new(Effect::Reset).after_sent(50_000).times(1).named("answer"));
    let answer = stage.client.get(&link).send().await;
    let read = match answer {
        Ok(answer) => answer.bytes().await,
        Err(failure) => Err(failure),
    };
    assert!(read.is_err());

    let put = || stage.client.put(format!("{link}&comp=block&blockid={}", block_id(0))).body(bytes(200_000)).send();
    faults.add(Rule::new(Effect::Reset).method("PUT").after_received(100_000).times(1).named("request"));
    assert!(put().await.is_err());
    assert_eq!(stage.emulator.blob("deploymentpackages", NAME).unwrap().waiting.len(), 0);
    faults.add(Rule::new(Effect::LostAnswer).query("comp=block&").times(1).named("lost"));
    assert!(put().await.is_err());
    assert_eq!(stage.emulator.blob("deploymentpackages", NAME).unwrap().waiting.len(), 1);
    assert_eq!(put().await.unwrap().status(), 201);

    let recorded = stage.emulator.requests();
    let by_rule = |name: &str| recorded.iter().find(|request| request.rules == [name]).unwrap();
    assert_eq!(by_rule("before").status, None);
    assert_eq!((by_rule("answer").status, by_rule("answer").complete), (Some(200), false));
    assert_eq!(by_rule("answer").body_sent, 50_000);
    assert!(by_rule("request").body_received >= 100_000);
    assert_eq!(by_rule("lost").body_received, 200_000);
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let stage = manual().await;
    stage.emulator.faults().add(Rule::new(Effect::Reset));
    let host = stage.emulator.endpoint().replace("http://", "").replace("/api/v1.0/", "");
    let mut socket = tokio::net::TcpStream::connect(&host).await.unwrap();
    socket.write_all(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).await.unwrap();
    let failure = socket.read(&mut [0; 16]).await.unwrap_err();
    assert_eq!(failure.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn bodies_can_be_short_or_wrong() {
    let (stage, link) = with_blob(100_000).await;
    stage.emulator.faults().add(Rule::new(Effect::Truncate { keep: 1_000 }).times(1));
    let cut = stage.client.get(&link).send().await.unwrap();
    assert_eq!(cut.headers()["content-length"], "100000");
    assert!(cut.bytes().await.is_err());
    stage.emulator.faults().add(Rule::new(Effect::FlipByte { offset: 77_777 }).times(1));
    let mut flipped = stage.client.get(&link).send().await.unwrap().bytes().await.unwrap().to_vec();
    assert_ne!(flipped, bytes(100_000));
    flipped[77_777] ^= 0xff;
    assert!(flipped == bytes(100_000));
}

#[tokio::test]
async fn what_is_sent_can_be_damaged_and_its_checksum_ignored() {
    let (stage, link) = with_blob(10).await;
    let put = |id: u32| {
        let put = stage.client.put(format!("{link}&comp=block&blockid={}", block_id(id))).body(bytes(1_000));
        put.header("content-md5", crate::caller::md5_of(&bytes(1_000)))
    };
    let (damage, faults) = (|| Rule::new(Effect::FlipSentByte { offset: 700 }).times(1), stage.emulator.faults());
    faults.add(damage());
    let (status, code, _) = outcome(put(0).send().await.unwrap()).await;
    assert_eq!((status, code.as_str()), (400, "Md5Mismatch"));
    let mut damaged = bytes(1_000);
    damaged[700] ^= 0xff;
    let mut sum = crc64fast_nvme::Digest::new();
    sum.write(&damaged);
    let sum = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, sum.sum64().to_le_bytes());
    for silent in [false, true] {
        faults.add(damage());
        faults.add(Rule::new(Effect::IgnoreChecksums { silent }).times(1));
        let answer = put(1).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        let told = answer.headers().get("x-ms-content-crc64").map(|sum| sum.to_str().unwrap());
        assert_eq!(told, (!silent).then_some(sum.as_str()), "that of what arrived");
        assert!(answer.headers().get("content-md5").is_none());
    }
    assert_eq!(put(2).send().await.unwrap().headers()["content-md5"], crate::caller::md5_of(&bytes(1_000)));
}

#[tokio::test]
async fn delays_follow_the_clock_they_name() {
    let stage = manual().await;
    let delay = Effect::Delay { ms: 60_000, virtual_time: true };
    stage.emulator.faults().add(Rule::new(delay).times(1));
    stage.emulator.faults().add(Rule::new(Effect::delay(1)).times(1));
    let call = stage.call(Method::GET, "deployments", "");
    tokio::pin!(call);
    loop {
        tokio::select! {
            biased;
            (status, _) = &mut call => {
                assert_eq!(status, 200);
                break;
            }
            () = tokio::task::yield_now() => {
                if !stage.emulator.requests().is_empty() {
                    stage.emulator.clock().advance(Duration::from_secs(1));
                }
            }
        }
    }
}

#[tokio::test]
async fn a_stalled_request_stays_open_until_the_client_leaves() {
    let stage = manual().await;
    stage.emulator.faults().add(Rule::new(Effect::Stall).times(1));
    let path = "deployments";
    let mut call = Box::pin(stage.send(Method::GET, path, ""));
    while stage.emulator.requests().is_empty() {
        assert!(futures_poll(call.as_mut()).await.is_none());
    }
    assert_eq!(stage.emulator.requests()[0].ended, None);
    drop(call);
    while stage.emulator.requests()[0].ended.is_none() {
        tokio::task::yield_now().await;
    }
    let stalled = &stage.emulator.requests()[0];
    assert_eq!((stalled.status, stalled.complete), (None, false));
}

/// Polls once and lets other tasks run.
async fn futures_poll<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        output = &mut future => Some(output),
        () = tokio::task::yield_now() => None,
    }
}

#[tokio::test]
async fn a_skewed_clock_refuses_what_was_signed_now() {
    let stage = stage(Config { speed: Speed::Manual, clock_skew_minutes: Some(15), ..Config::default() }).await;
    stage.emulator.faults().add(Rule::new(Effect::ClockSkew { ms: 16 * 60_000 }).times(1));
    assert_eq!(stage.call(Method::GET, "deployments", "").await.0, 401);
    assert_eq!(stage.call(Method::GET, "deployments", "").await.0, 200);
}

#[tokio::test]
async fn a_duplicated_start_meets_its_own_deployment() {
    let stage = manual().await;
    stage.emulator.put_blob("deploymentpackages", NAME, b"x").unwrap();
    stage.emulator.faults().add(Rule::new(Effect::Duplicate).method("POST").path("*/deployments").times(1));
    let body = format!("{{\"targetEnvironment\":\"Integration\",\"packages\":[\"{NAME}\"]}}");
    let (status, text) = stage.refused("deployments", &body).await;
    assert_eq!(status, 400);
    assert!(text.contains("on-going"));
    assert_eq!(stage.get("deployments").await.as_array().unwrap().len(), 1);
}

#[test]
fn the_rules_of_the_readme_are_valid() {
    let readme = include_str!("../../README.md");
    let rules: Vec<&str> =
        readme.lines().filter(|line| line.starts_with("{\"") && line.contains("\"effect\"")).collect();
    assert!(rules.len() >= 10, "{rules:?}");
    for rule in rules {
        assert!(serde_json::from_str::<Rule>(rule).is_ok(), "{rule}");
    }
}

#[tokio::test]
async fn one_block_can_be_met_by_its_index() {
    let (stage, link) = with_blob(1).await;
    stage.emulator.faults().add(Rule::new(Effect::error(500, "InternalError", "broken")).block_index(2).times(1));
    let mut statuses = Vec::new();
    for index in [0, 1, 2, 2, 3] {
        let put = stage.client.put(format!("{link}&comp=block&blockid={}", block_id(index))).body("x");
        statuses.push(put.send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [201, 201, 500, 201, 201]);
}

#[tokio::test]
async fn requests_are_recorded_with_their_overlap() {
    let stage = manual().await;
    stage.emulator.faults().add(Rule::new(Effect::Delay { ms: 1_000, virtual_time: true }));
    let calls = async {
        tokio::join!(stage.send(Method::GET, "deployments", ""), stage.send(Method::GET, "packages/location", ""))
    };
    tokio::pin!(calls);
    loop {
        tokio::select! {
            biased;
            _ = &mut calls => break,
            () = tokio::task::yield_now() => {
                if stage.emulator.requests().len() == 2 {
                    stage.emulator.clock().advance(Duration::from_secs(1));
                }
            }
        }
    }
    assert_eq!(stage.emulator.most_simultaneous_requests(), 2);
    let recorded = stage.emulator.requests();
    assert!(recorded[0].ended > Some(recorded[1].started));
    assert!(recorded[0].header("authorization").unwrap().starts_with("epi-hmac "));
    stage.emulator.clear_requests();
    assert!(stage.emulator.requests().is_empty());
}
