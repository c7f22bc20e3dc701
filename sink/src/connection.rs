//! One connection: request after request, each received to its end, handled, and answered. The order of these steps is
//! all this module decides.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use epicloud_emulator::http::{Answer, Source};

use crate::channel::Channel;
use crate::core::Core;
use crate::head::{self, Head, Read};
use crate::intake::Intake;
use crate::message::{Body, Reply, Stopped};
use crate::{content, control, exchange};

/// Slices of content sent at once.
const SLICES: usize = 4;

/// Serves a connection to its end.
pub(crate) async fn serve(core: Arc<Core>, mut channel: Channel, peer_is_loopback: bool) {
    match requests(&core, &mut channel, peer_is_loopback).await {
        // A failure to say goodbye concerns the client only.
        Ok(()) => drop(channel.close().await),
        Err(Stopped::Gone) => {}
        Err(Stopped::Reset) => channel.reset(),
    }
}

async fn requests(core: &Core, channel: &mut Channel, peer_is_loopback: bool) -> Result<(), Stopped> {
    let mut intake = Intake::default();
    loop {
        let head = match head::read(&intake.head, channel.is_secure(), peer_is_loopback, core.now()) {
            Read::Whole(head, length) => {
                intake.head.drain(..length);
                head
            }
            Read::Partial => {
                if !channel.receive(&mut intake).await? {
                    return Ok(());
                }
                continue;
            }
            Read::Malformed => {
                let answer = Answer::new(400, "text/plain", "not an HTTP request\n");
                return Ok(send(core, channel, &answer.into(), false, false).await?);
            }
        };
        if !one(core, channel, &mut intake, &head).await? {
            return Ok(());
        }
    }
}

/// Handles one request; whether another may follow on the connection.
async fn one(core: &Core, channel: &mut Channel, intake: &mut Intake, head: &Head) -> Result<bool, Stopped> {
    let is_control = head.asked.path().starts_with("/__control/");
    let _open = (!is_control).then(|| core.statistics.open());
    let mut body = Body::new(core, channel, intake, head.length, head.expects);
    let reply = if is_control {
        control::handle(core, &head.asked, &mut body).await?
    } else {
        exchange::handle(core, &head.asked, &mut body).await?
    };
    let keep = body.drain().await? && head.keep;
    send(core, channel, &reply, head.asked.method == "HEAD", keep).await?;
    Ok(keep)
}

async fn send(core: &Core, channel: &mut Channel, reply: &Reply, head_only: bool, keep: bool) -> io::Result<()> {
    let answer = &reply.answer;
    let at_hand = match &answer.body {
        Source::Bytes(bytes) => bytes.len() as u64,
        // Only the emulator's own blob storage has such a body.
        Source::Streamed(stream) => stream.length(),
    };
    let length = reply.content.as_ref().map_or(at_hand, |range| range.end - range.start);
    let sends_body = !head_only && answer.status != 304;
    channel.send(&mut [IoSlice::new(&head::write(answer, length, sends_body, keep))]).await?;
    let mut sent = if sends_body && reply.content.is_none() { length } else { 0 };
    if let Some(range) = reply.content.clone().filter(|_| sends_body) {
        let mut pieces = content::slices(range);
        loop {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = slices.iter_mut().zip(&mut pieces).map(|(slice, piece)| *slice = IoSlice::new(piece)).count();
            if count == 0 {
                break;
            }
            let bytes: usize = slices.iter().map(|slice| slice.len()).sum();
            channel.send(&mut slices[..count]).await?;
            core.statistics.bytes_sent.fetch_add(bytes as u64, Relaxed);
        }
        sent = 0;
    }
    core.statistics.bytes_sent.fetch_add(sent, Relaxed);
    Ok(())
}
