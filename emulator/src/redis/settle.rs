//! Ends exports whose time has come: makes their files, puts them where they belong, and says how it went.

use super::config::{FileNames, Reason};
use super::destination::{self, Files};
use super::export::{Now, Stage};
use super::location::Location;
use super::rdb::Dump;
use super::state::{Mail, Placed, RedisEnterprise};
use crate::clock::Milliseconds;
use crate::timestamp;

/// Longest part of a database's name in the name of a file.
const LONGEST_NAME: usize = 30;
/// The progress at which an export fails whose files cannot be put where they belong.
const PLACING: f64 = 100.0;

/// An export that ends.
struct Due {
    uid: u32,
    action: String,
    at: Milliseconds,
    end: Result<(), (Reason, f64)>,
    location: Location,
    name: String,
    keys: u32,
    shards: u32,
    names: FileNames,
}

/// Ends all exports of which the next look shows the end, or of which the cluster itself knows it.
pub(super) async fn settle(redis: &RedisEnterprise, now: Now, known: bool) {
    if due(redis, now, known).is_none() {
        return;
    }
    let _placing = redis.placing.lock().await;
    while let Some(due) = due(redis, now, known) {
        let (result, files) = match due.end {
            Err(reason) => (Err(reason), Files::new()),
            Ok(()) => put(redis, &due).await,
        };
        finish(redis, &due, result, files);
    }
}

fn due(redis: &RedisEnterprise, now: Now, known: bool) -> Option<Due> {
    let state = redis.lock();
    state.bdbs.iter().find_map(|bdb| {
        let stage = if known { bdb.known_stage(now) } else { bdb.stage(now) };
        let Some(Stage::Ended(at, end)) = stage else { return None };
        let running = bdb.kept.running.as_ref()?;
        Some(Due {
            uid: bdb.spec.uid,
            action: running.action.clone(),
            at,
            end,
            location: Location::of(running.location.clone()),
            name: bdb.spec.name.clone(),
            keys: bdb.spec.keys,
            shards: bdb.spec.shards.max(1),
            names: state.switches.file_names,
        })
    })
}

async fn put(redis: &RedisEnterprise, due: &Due) -> (Result<(), (Reason, f64)>, Files) {
    let dump = Dump {
        format: redis.config.rdb_format,
        redis_version: redis.cluster().version.database_version(),
        keys: due.keys,
        shards: due.shards,
        created: due.at.div_euclid(1_000),
    };
    let made: std::io::Result<Files> =
        (1..=due.shards).map(|shard| Ok((file_name(due, &dump, shard), dump.file(shard)?))).collect();
    let Ok(files) = made else { return (Err((Reason::GeneralError, PLACING)), Files::new()) };
    match destination::place(&redis.sandbox, &redis.core.storage, &due.location, &files).await {
        Ok(()) => (Ok(()), files),
        Err(reason) => (Err((reason, PLACING)), Files::new()),
    }
}

fn file_name(due: &Due, dump: &Dump<'_>, shard: u32) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let name: String = due.name.chars().take(LONGEST_NAME).map(plain).collect();
    let (time, shards) = (timestamp::basic(due.at), due.shards);
    match due.names {
        FileNames::Shards => format!("{name}-{time}-shard{shard}of{shards}.rdb.gz"),
        FileNames::Slots => {
            let (first, last) = dump.slots(shard);
            format!("export-{name}-{shard}_of_{shards}-{time}-{first}-{last}.rdb.gz")
        }
    }
}

fn finish(redis: &RedisEnterprise, due: &Due, result: Result<(), (Reason, f64)>, files: Files) {
    {
        let mut state = redis.lock();
        let bdb = state.find(due.uid);
        // A database that was replaced has no export any more.
        let bdb = bdb.filter(|bdb| bdb.runs(&due.action));
        let Some(running) = bdb.and_then(|bdb| bdb.finish(due.at, result)) else { return };
        if let Some(action) = state.actions.iter_mut().find(|action| action.uid == due.action) {
            let (progress, error) = match result {
                Ok(()) => (100.0, None),
                Err((reason, progress)) => (progress, Some(reason.word())),
            };
            action.end(due.at, progress, error);
        }
        if let Some(to) = running.mail {
            let how = if result.is_ok() { "completed" } else { "failed" };
            state.outbox.push(Mail { to, subject: format!("Export of database {} {how}", due.name) });
        }
        if result.is_ok() {
            state.placed.push(Placed { uid: due.uid, location: due.location.masked(), files });
        }
    }
    redis.core.save();
}
