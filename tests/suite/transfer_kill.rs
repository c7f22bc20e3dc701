//! `kill -9` at any moment: what was killed goes on, gives the same bytes, and moves again at most what was on its way.
//!
//! A round lets a process transfer until its n-th request is seen and kills it then. The service goes silent at that
//! request or a few requests later, so the process is killed sometimes while it waits and sometimes while it works, and
//! sometimes not before it has ended.

use std::collections::BTreeSet;

use epicloud::base::entropy::Entropy;
use epicloud_emulator::{Effect, Recorded, Rule};

use super::transfer_child::Child;
use super::transfer_fixture::{
    BLOB, CONTAINER, HOUR, NAME, TransferFixture, block, content, download, link, receive, send, stored, upload,
};
use super::virtual_time::{Seeded, until};

const ROUNDS: u64 = 50;
const STREAMS: usize = 4;
const PIECE: usize = 64 * 1024;
const PIECES: u64 = 48;

/// When a process is killed.
struct Moment {
    /// At its n-th request.
    request: u64,
    /// From which request on the service is silent.
    silent: u64,
    /// After how many bytes of the body.
    after: u64,
}

impl Moment {
    fn random(random: &Seeded) -> Self {
        let (kind, at, after) = (random.bits() as usize % 7, 1 + random.bits() % PIECES, random.bits() % PIECE as u64);
        // One more than the pieces is the last request of all: a block list, or after the properties the last part.
        let request = if kind == 6 { PIECES + 1 } else { at };
        Self { request, silent: request + [0, 0, 1, 3, 8, PIECES, 0][kind], after }
    }

    fn arm(&self, fixture: &TransferFixture, rule: impl Fn(Rule, u64) -> Rule) {
        for nth in self.silent..=PIECES {
            fixture.emulator.faults().add(rule(Rule::new(Effect::Stall).nth(nth), self.after));
        }
    }
}

/// A file whose last piece is short.
fn bytes(round: u64) -> Vec<u8> {
    content(round, PIECES as usize * PIECE - 99)
}

#[expect(clippy::print_stdout, reason = "shows that the rounds were what they are meant to be")]
fn tell(killed: u64, again: usize) {
    println!("{killed} of {ROUNDS} processes were killed before their end; {again} pieces moved again in all");
    assert!(killed > ROUNDS / 3, "many were killed in the middle: {killed}");
    // At most one for each stream is on its way at a time; all of them at the very moment when they are taken and not
    // yet written down is the rare case, so taken together it must be fewer.
    assert!(again < killed as usize * STREAMS, "{again} pieces moved again in {killed} rounds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_is_killed_goes_on() {
    let fixture = TransferFixture::new().await;
    let random = Seeded::printed();
    let (mut killed, mut again) = (0, 0);
    for round in 0..ROUNDS {
        let moment = Moment::random(&random);
        let bytes = bytes(round);
        let file = fixture.file("p", &bytes);
        let mut request = upload(&fixture, &file);
        request.options.block_size = Some(PIECE as u64);
        fixture.calm();
        moment.arm(&fixture, |rule, after| rule.query("comp=block&").after_received(after));
        // A SAS URL of its own, by which its requests are known: some are read when it is no longer there.
        let container = link(&fixture.emulator.package_link("w", 2 * HOUR));
        let state = Some(fixture.state.path());
        let child = Child { streams: STREAMS, piece: PIECE as u64, state, ..Child::uploading(&container, &file) };
        let mut child = child.spawn();
        until("the moment", || fixture.emulator.requests().len() as u64 >= moment.request || child.ended().is_some())
            .await;
        child.kill();
        fixture.emulator.faults().clear();

        let receipt = send(&fixture, &request).await.unwrap();
        assert!(stored(&fixture, NAME) == bytes, "round {round}: the blob is another one");
        assert_eq!(fixture.emulator.blob(CONTAINER, NAME).unwrap().content_md5, receipt.content_md5);
        assert!(fixture.journals().is_empty(), "round {round}");
        let of_child = |request: &Recorded| request.query.starts_with(container.query());
        if fixture.commits().iter().any(|commit| of_child(commit) && commit.status == Some(201)) {
            continue;
        }
        killed += 1;
        let (first, second): (Vec<_>, Vec<_>) = fixture.put_blocks().into_iter().partition(of_child);
        let taken = first.iter().filter(|put| put.status == Some(201)).map(|put| block(put).0);
        let (taken, sent): (BTreeSet<_>, BTreeSet<_>) =
            (taken.collect(), second.iter().map(|put| block(put).0).collect());
        assert_eq!(second.len(), sent.len(), "round {round}: no block twice in one upload");
        assert_eq!(receipt.resumed_bytes.div_ceil(PIECE as u64) + sent.len() as u64, PIECES, "round {round}");
        let twice = taken.intersection(&sent).count();
        assert!(twice <= STREAMS, "round {round}: {twice} blocks were sent again");
        again += twice;
    }
    tell(killed, again);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_that_is_killed_goes_on() {
    let fixture = TransferFixture::new().await;
    let random = Seeded::printed();
    let (mut killed, mut again) = (0, 0);
    for round in 0..ROUNDS {
        let moment = Moment::random(&random);
        let bytes = bytes(round);
        fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
        let target = fixture.path(&format!("db{round}"));
        let mut request = download(&fixture, &target);
        request.options.part_size = PIECE as u64;
        fixture.calm();
        moment.arm(&fixture, |rule, after| rule.method("GET").after_sent(after));
        let blob = link(&fixture.emulator.blob_link("bacpacs", BLOB, "r", 2 * HOUR));
        let child = Child { streams: STREAMS, piece: PIECE as u64, ..Child::downloading(&blob, &target) };
        let mut child = child.spawn();
        until("the moment", || fixture.emulator.requests().len() as u64 >= moment.request || child.ended().is_some())
            .await;
        child.kill();
        fixture.emulator.faults().clear();

        if target.exists() {
            assert!(std::fs::read(&target).unwrap() == bytes, "round {round}: what looks whole must be whole");
            continue;
        }
        killed += 1;
        let receipt = receive(&fixture, &request).await.unwrap();
        assert!(std::fs::read(&target).unwrap() == bytes, "round {round}: the file is another one");
        assert_eq!(receipt.verified, "md5");
        let (first, second): (Vec<_>, Vec<_>) =
            fixture.requests("GET", "").into_iter().partition(|get| get.query == blob.query());
        let range = |get: &Recorded| get.header("range").unwrap().to_owned();
        let given: BTreeSet<_> = first.iter().filter(|get| get.complete).map(range).collect();
        let asked: BTreeSet<_> = second.iter().map(range).collect();
        assert_eq!(second.len(), asked.len(), "round {round}: no part twice in one download");
        assert_eq!(receipt.resumed_bytes.div_ceil(PIECE as u64) + asked.len() as u64, PIECES, "round {round}");
        let twice = given.intersection(&asked).count();
        assert!(twice <= STREAMS, "round {round}: {twice} parts were asked for again");
        again += twice;
    }
    tell(killed, again);
}
