//! A canary in every SAS URL of a transfer, and a search through everything that can be shown, told or kept of it.

use std::fmt::Debug;
use std::sync::Arc;

use epicloud::base::error::{Error, Kind, Result};
use epicloud::base::secret::SafeUrl;
use epicloud::base::time::BoxFuture;
use epicloud::transfer::upload::Upload;
use epicloud::transfer::{LinkSource, reserve_target};
use epicloud_emulator::{Effect, Rule};

use super::fixture::names_in;
use super::transfer_fixture::{BLOB, HOUR, MIB, TransferFixture, content, download, link, receive, send, upload};

/// Fails with a text that holds the SAS URL, as a careless source might.
struct Careless(SafeUrl);

impl LinkSource for Careless {
    fn fresh_link(&self) -> BoxFuture<'_, Result<SafeUrl>> {
        let text = format!("no link today, only {}", self.0.expose());
        Box::pin(async move { Err(Error::new(Kind::Unavailable, text)) })
    }
}

fn signature(link: &SafeUrl) -> String {
    link.query().split('&').find_map(|pair| pair.strip_prefix("sig=")).unwrap().to_owned()
}

/// Everything that is shown is added here.
#[derive(Default)]
struct Shown(Vec<String>);

impl Shown {
    fn debug(&mut self, what: &impl Debug) {
        self.0.extend([format!("{what:?}"), format!("{what:#?}")]);
    }

    fn error(&mut self, error: &Error) {
        self.debug(error);
        let chain = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
        self.0.extend(chain.map(ToString::to_string));
        self.0.push(error.to_json().to_string());
    }

    /// The names of all files, and what journals hold.
    fn files(&mut self, fixture: &TransferFixture) {
        let folders = [fixture.folder.path().to_owned(), fixture.state.path().join("uploads")];
        for path in folders.iter().flat_map(|folder| names_in(folder).into_iter().map(|name| folder.join(name))) {
            self.0.push(path.display().to_string());
            if path.extension().is_some_and(|extension| extension == "journal") {
                self.0.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
}

#[tokio::test]
async fn no_signature_is_shown_told_or_kept() {
    let mut shown = Shown::default();
    let mut canaries = Vec::new();
    for effect in [
        Effect::ExpiredLink,
        Effect::status(403),
        Effect::error(400, "InvalidQueryParameterValue", "sig"),
        Effect::error(409, "BlobArchived", "no"),
        Effect::status(404),
        Effect::error(412, "LeaseIdMissing", "leased"),
        Effect::error(400, "InvalidBlockList", "lost"),
    ] {
        let fixture = TransferFixture::new().await;
        fixture.emulator.put_blob("bacpacs", BLOB, &content(1, 4 * MIB)).unwrap();
        let container = link(&fixture.emulator.package_link("rw", HOUR));
        let renewal: Arc<dyn LinkSource> = Arc::new(Careless(container.clone()));
        let mut sending =
            Upload { container, renewal: Some(renewal), ..upload(&fixture, &fixture.file("p", &content(2, 4 * MIB))) };
        sending.options.streams = Some(1);
        let mut receiving = download(&fixture, &fixture.path("db"));
        receiving.options.streams = 1;
        receiving.renewal = Some(Arc::new(Careless(receiving.link.clone())));
        canaries.extend([&sending.container, &receiving.link].map(signature));
        // Passing faults first, whose texts are told, then the one that ends it.
        for rule in [Rule::new(Effect::Reset).nth(2), Rule::new(Effect::status(503)).nth(3), Rule::new(effect).nth(4)] {
            fixture.emulator.faults().add(rule.clone().method("PUT"));
            fixture.emulator.faults().add(rule.method("GET"));
        }
        shown.error(&send(&fixture, &sending).await.unwrap_err());
        if let Err(error) = receive(&fixture, &receiving).await {
            shown.error(&error);
        }
        fixture.emulator.faults().clear();
        shown.files(&fixture);
        // Once more: what was kept is read, and the blob storage is asked.
        receiving.reservation = reserve_target(&receiving.target, true).ok();
        shown.debug(&send(&fixture, &sending).await.unwrap());
        shown.debug(&(&sending, &receiving, &fixture.engine, &sending.container, &receiving.link));
        shown.debug(&(&sending.renewal, &receiving.reservation));
        shown.debug(&fixture.events.events());
        shown.0.push(serde_json::to_string(&fixture.events.events()).unwrap());
        shown.0.extend(fixture.events.events().iter().filter_map(epicloud::Event::sentence));
        shown.0.push(format!("{} {}", sending.container, receiving.link));
    }
    for canary in &canaries {
        let decoded = percent_encoding::percent_decode_str(canary).decode_utf8().unwrap().into_owned();
        for form in [canary, &decoded] {
            let found = shown.0.iter().find(|text| text.contains(form.as_str()));
            assert!(found.is_none(), "{form} is in {found:?}");
        }
    }
    // What is searched is what it should be: requests at the highest level, journals, both kinds of failure.
    for needle in ["?*** -> ", "\"uploadId\"", "\"partSize\"", "no link today", "SafeUrl(", "LinkSource", "Reservation"]
    {
        assert!(shown.0.iter().any(|text| text.contains(needle)), "'{needle}' was not shown");
    }
}

/// The request to be sent again is the caller's; what is left of it in a download's journal is its address alone.
#[tokio::test]
async fn a_journal_names_the_blob_without_its_query() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.put_blob("bacpacs", BLOB, &content(3, 3 * MIB)).unwrap();
    let mut receiving = download(&fixture, &fixture.path("db"));
    receiving.options.streams = 1;
    fixture.refuse(|rule| rule.method("GET").nth(2));
    receive(&fixture, &receiving).await.unwrap_err();
    let journal = std::fs::read_to_string(fixture.path("db.partial.journal")).unwrap();
    assert!(journal.contains(receiving.link.base()) && !journal.contains('?') && !journal.contains("sig"), "{journal}");
}
