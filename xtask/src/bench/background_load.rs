//! How busy the machine is with something else while a run is measured, from `/proc`. Elsewhere nothing is known, and
//! no run is discarded.
//!
//! Interrupts are left out: whether their time is also that of the process which they interrupt is a choice of the
//! kernel's builder, and most of them here are the run's own packets.

use std::fs;
use std::process::Command;
use std::thread;

use super::measure::{Cost, measure};
use crate::failure::Result;

/// In which `/proc` counts: 100 on every Linux architecture that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;
/// What others may take of all processors during a run.
pub(crate) const MOST_OTHERS: f64 = 0.10;

/// The CPU time so far: of the whole machine, and of the processes that belong to the bench.
#[derive(Debug, Clone, Copy)]
struct Reading {
    all: f64,
    own: f64,
    server: f64,
}

/// Runs a command and reports the background load of that time; `server` is the process that it talks to.
pub(crate) fn watched(command: &mut Command, server: u32) -> Result<(Cost, Option<BackgroundLoad>)> {
    let before = Reading::now(server);
    let cost = measure(command)?;
    let background = before.zip(Reading::now(server)).map(|(before, now)| before.background(now, &cost, processors()));
    Ok((cost, background))
}

/// What else the machine did during a run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct BackgroundLoad {
    /// CPU time of the program that the measured one talked to.
    pub(crate) server_seconds: f64,
    /// The share of all processors that went to processes outside the bench.
    pub(crate) others: f64,
}

impl Reading {
    fn now(server: u32) -> Option<Self> {
        let of = |process: &str| process_seconds(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?);
        let all = machine_seconds(&fs::read_to_string("/proc/stat").ok()?)?;
        Some(Self { all, own: of("self")?, server: of(&server.to_string())? })
    }

    /// What happened since, when `cost` is what the measured program cost meanwhile.
    fn background(self, later: Self, cost: &Cost, processors: usize) -> BackgroundLoad {
        let server_seconds = later.server - self.server;
        let known = cost.cpu_seconds + server_seconds + (later.own - self.own);
        let available = cost.seconds * processors as f64;
        let others = ((later.all - self.all - known) / available).max(0.0);
        BackgroundLoad { server_seconds, others: if others.is_finite() { others } else { 0.0 } }
    }
}

pub(crate) fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The time of the first line of `/proc/stat` in which the processors worked for somebody: user, nice, system, and what
/// the machine below took.
fn machine_seconds(stat: &str) -> Option<f64> {
    let mut fields = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    let mut field = |index| fields.nth(index)?.parse::<f64>().ok();
    // The fields in between: idle and waiting for disks, and the two kinds of interrupts.
    let (user, nice, system, stolen) = (field(0)?, field(0)?, field(0)?, field(4)?);
    Some((user + nice + system + stolen) / TICKS_PER_SECOND)
}

/// User and system time of a process, fields 14 and 15; counted after the name, which may hold spaces and brackets.
fn process_seconds(stat: &str) -> Option<f64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_text_is_read() {
        assert_eq!(machine_seconds("cpu  100 10 40 9000 500 3 7 50 0 0\ncpu0 1 1\n"), Some(2.0));
        assert_eq!(machine_seconds("cpu  100 10\n"), None);
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 9 0 100";
        assert_eq!(process_seconds(stat), Some(2.0));
    }

    #[test]
    fn what_the_bench_itself_took_is_nobody_elses() {
        let cost = |seconds, cpu_seconds| Cost { seconds, cpu_seconds, peak_bytes: 0 };
        let cases = [
            // Of 4 s of two processors: 2 s of the run, 1 s of the server, 0.2 s of our own, the rest of others.
            (4.0, cost(2.0, 2.0), 0.2),
            (3.2, cost(2.0, 2.0), 0.0),
            // The ticks of the machine are coarser than what the kernel tells of a process.
            (3.0, cost(2.0, 2.0), 0.0),
            (3.0, cost(0.0, 0.0), 0.0),
        ];
        for (all, cost, others) in cases {
            let before = Reading { all: 10.0, own: 1.0, server: 5.0 };
            let later = Reading { all: 10.0 + all, own: 1.2, server: 6.0 };
            let background = before.background(later, &cost, 2);
            assert!(
                (background.others - others).abs() < 1e-9 && (background.server_seconds - 1.0).abs() < 1e-9,
                "{background:?}"
            );
        }
    }
}
