//! What people and programs are told of how far a transfer is.

use std::sync::Arc;
use std::time::Duration;

use epicloud::base::cancel::CancelToken;
use epicloud::base::event::{Event, Phase, Progress, Sink};
use epicloud_emulator::{Config, Effect, Emulator, LinkScheme, Rule};
use serde_json::Value;

use super::fixture::Epi;
use super::transfer_fixture::{
    Acting, BLOB, MIB, NAME, TransferFixture, content, download, is_answered, receive, send, upload,
};

/// Faults of every kind, from the start to the end of a transfer.
fn disturb(fixture: &TransferFixture, method: &str) {
    for (number, fault) in
        [Effect::status(503), Effect::Reset, Effect::LostAnswer, Effect::status(500), Effect::retry_after(429, 1)]
            .into_iter()
            .enumerate()
    {
        fixture.emulator.faults().add(Rule::new(fault).method(method).nth(3 + 4 * number as u64));
    }
    let half = Rule::new(Effect::Reset).method(method).nth(5);
    fixture.emulator.faults().add(if method == "PUT" {
        half.after_received(700_000)
    } else {
        half.after_sent(700_000)
    });
}

/// A sink by which time passes with every answer, so that reports are due.
fn passing(fixture: &TransferFixture, method: &'static str) -> Arc<dyn Sink> {
    let clock = fixture.clock.clone();
    Acting::acting(fixture, move |event| {
        if is_answered(event, method) {
            clock.advance(Duration::from_millis(400));
        }
    })
}

/// The figures of a transfer of so many bytes never go back and end complete.
fn assert_sound(figures: &[Progress], total: u64, begins_at: u64, retries: u64) {
    let number = |figure: Option<u64>| figure.unwrap();
    for pair in figures.windows(2) {
        for figure in [|one: &Progress| one.bytes_done, |one: &Progress| one.items_done, |one: &Progress| one.retries] {
            assert!(number(figure(&pair[0])) <= number(figure(&pair[1])), "{pair:?}");
        }
        assert!(pair[0].bytes_sent <= pair[1].bytes_sent, "{pair:?}");
    }
    for one in figures {
        assert_eq!(one.bytes_total, Some(total));
        if one.phase == Phase::Uploading {
            assert!(number(one.bytes_sent) >= number(one.bytes_done) && number(one.bytes_sent) <= total, "{one:?}");
        }
    }
    let (first, last) = (&figures[0], figures.last().unwrap());
    assert_eq!((first.bytes_done, first.bytes_per_second, first.eta_ms), (Some(begins_at), None, None));
    assert_eq!((last.bytes_done, last.items_done, last.retries), (Some(total), last.items_total, Some(retries)));
    assert_eq!(last.eta_ms, Some(0));
    let middle = figures.iter().filter(|one| one.eta_ms.is_some_and(|left| left > 0) && one.bytes_per_second > Some(0));
    assert!(middle.count() >= 3, "rate and time left: {figures:?}");
}

fn figures(fixture: &TransferFixture, phase: Phase) -> Vec<Progress> {
    fixture.progress().into_iter().filter(|figures| figures.phase == phase).collect()
}

#[tokio::test]
async fn an_uploads_figures_are_sound_whatever_fails() {
    let fixture = TransferFixture::new().await;
    let total = 20 * MIB as u64 - 3;
    let request = upload(&fixture, &fixture.file("p", &content(1, total as usize)));
    disturb(&fixture, "PUT");
    let receipts = fixture.engine.upload(&request, &passing(&fixture, "PUT"), &CancelToken::new()).await.unwrap();
    assert_eq!(receipts[0].retries, 6);
    assert_sound(&figures(&fixture, Phase::Uploading), total, 0, 6);
    assert_eq!(figures(&fixture, Phase::Verifying).last().unwrap().bytes_done, Some(total));
    assert!(fixture.progress().iter().all(|one| one.subject == NAME));
    let last = fixture.progress().pop().unwrap();
    assert_eq!((last.phase, last.bytes_done, last.bytes_sent), (Phase::Committing, Some(total), Some(total)));
    assert_eq!((last.bytes_total, last.items_done, last.retries), (Some(total), last.items_total, Some(6)));
    assert_eq!(last.eta_ms, Some(0));
}

#[tokio::test]
async fn a_downloads_figures_are_sound_whatever_fails() {
    let fixture = TransferFixture::new().await;
    let total = 20 * MIB as u64 - 3;
    fixture.emulator.put_blob("bacpacs", BLOB, &content(2, total as usize)).unwrap();
    disturb(&fixture, "GET");
    let request = download(&fixture, &fixture.path("db"));
    let receipt = fixture.engine.download(&request, &passing(&fixture, "GET"), &CancelToken::new()).await.unwrap();
    assert_eq!(receipt.retries, 6);
    let downloading = figures(&fixture, Phase::Downloading);
    assert_sound(&downloading, total, 0, 6);
    assert!(downloading.iter().all(|one| one.bytes_sent.is_none() && one.subject == BLOB));
    let verified = figures(&fixture, Phase::Verifying);
    assert_eq!(verified.last().unwrap().bytes_done, Some(total));
}

#[tokio::test]
async fn a_transfer_that_goes_on_begins_with_what_is_there() {
    let fixture = TransferFixture::new().await;
    let total = 20 * MIB as u64;
    let mut request = upload(&fixture, &fixture.file("p", &content(3, total as usize)));
    request.options.streams = Some(1);
    fixture.refuse(|rule| rule.query("comp=block&").nth(6));
    send(&fixture, &request).await.unwrap_err();
    fixture.calm();
    let before = fixture.progress().len();
    fixture.engine.upload(&request, &passing(&fixture, "PUT"), &CancelToken::new()).await.unwrap();
    let after = &fixture.progress()[before..];
    let of = |phase| after.iter().filter(|one| one.phase == phase).cloned().collect::<Vec<_>>();
    assert_sound(&of(Phase::Uploading), total, 5 * MIB as u64, 0);
    let (first, compared) = (&of(Phase::Uploading)[0], of(Phase::Verifying));
    assert_eq!((first.items_done, first.items_total, first.bytes_sent), (Some(5), Some(20), Some(5 * MIB as u64)));
    let ended = |total| compared.iter().filter(|one| one.bytes_done == total && one.bytes_total == total).count();
    assert_eq!(ended(Some(5 * MIB as u64)), 1, "what is there is compared, and that is shown");
    assert!(ended(Some(total)) >= 1, "and so is how far the sum of the whole is");

    let fixture = TransferFixture::new().await;
    fixture.emulator.put_blob("bacpacs", BLOB, &content(4, total as usize)).unwrap();
    let mut request = download(&fixture, &fixture.path("db"));
    request.options.streams = 1;
    fixture.refuse(|rule| rule.method("GET").nth(6));
    receive(&fixture, &request).await.unwrap_err();
    fixture.calm();
    let before = fixture.progress().len();
    fixture.engine.download(&request, &passing(&fixture, "GET"), &CancelToken::new()).await.unwrap();
    let after: Vec<_> =
        fixture.progress()[before..].iter().filter(|one| one.phase == Phase::Downloading).cloned().collect();
    assert_sound(&after, total, 5 * MIB as u64, 0);
}

/// The lines of the command line are the engine's events, with the same names.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_tells_the_same_figures_as_lines() {
    let emulator = Emulator::start(Config { link_scheme: LinkScheme::Http, ..Config::default() }).await.unwrap();
    emulator.faults().add(Rule::new(Effect::status(503)).query("comp=block&").nth(2));
    let epi = Epi::new(&emulator, emulator.endpoint());
    let total = 5 * MIB as u64 + 1;
    epi.write(NAME, &content(5, total as usize));
    let run = epi.run(&["package", "upload", NAME, "--output", "jsonl"]).await;
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let uploading: Vec<_> = lines.iter().filter(|line| line["phase"] == "uploading").collect();
    let (first, last) = (uploading[0], uploading[uploading.len() - 1]);
    for (line, expected) in [(first, [0, 0, 0, 0]), (last, [total, total, 6, 1])] {
        let shown = ["bytesDone", "bytesSent", "itemsDone", "retries"].map(|name| line[name].as_u64().unwrap());
        assert_eq!(shown, expected, "{line}");
        assert_eq!((line["bytesTotal"].as_u64(), line["itemsTotal"].as_u64()), (Some(total), Some(6)));
        assert_eq!((&line["event"], &line["subject"]), (&Value::from("progress"), &Value::from(NAME)));
    }
    assert_eq!(last["etaMs"], 0);
    let committing = lines.iter().rfind(|line| line["event"] == "progress").unwrap();
    assert_eq!(committing["phase"], "committing");
    for figures in [["bytesDone", "bytesTotal"], ["itemsDone", "itemsTotal"]] {
        assert!(figures.iter().all(|name| committing[name] == last[name]), "{committing}");
    }
    assert!(uploading.windows(2).all(|pair| pair[0]["bytesDone"].as_u64() <= pair[1]["bytesDone"].as_u64()));
    let retrying: Vec<_> = lines.iter().filter(|line| line["event"] == "retrying").collect();
    assert_eq!(retrying.len(), 1);
    assert!(retrying[0]["what"].as_str().unwrap().starts_with("block "), "{}", retrying[0]);
    assert_eq!(lines.last().unwrap()["result"]["packages"][0]["retries"], 1);
    let event = serde_json::to_value(Event::Progress(Progress::new(Phase::Uploading, NAME))).unwrap();
    assert_eq!((&event["phase"], &event["event"]), (&last["phase"], &last["event"]));
}
