//! What a program costs: wall time, CPU time and the peak of its resident memory, read from `/proc` while it runs.
//!
//! The kernel keeps the peak itself (`VmHWM`), so looking every few milliseconds misses only what a program adds in
//! its very last moment. The exact way, `wait4`, would need `unsafe`. Linux only, and says so.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Doing, Failure, Result};
use crate::process;

const LOOK: Duration = Duration::from_millis(5);
/// `USER_HZ`, in which `/proc/<pid>/stat` counts: 100 on every Linux architecture that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// What one run cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_bytes: u64,
}

pub(crate) fn measure(command: &mut Command) -> Result<Cost> {
    let began = Instant::now();
    let mut child = process::spawn(command)?;
    let folder = format!("/proc/{}", child.id());
    let mut cost = Cost::default();
    let status = loop {
        // Before the wait that makes the entry vanish.
        let read = |name: &str| fs::read_to_string(format!("{folder}/{name}")).unwrap_or_default();
        cost.peak_bytes = peak_bytes(&read("status")).unwrap_or(cost.peak_bytes);
        cost.cpu_seconds = cpu_seconds(&read("stat")).unwrap_or(cost.cpu_seconds);
        if process::interrupted() {
            break process::wait(&mut child)?;
        }
        if let Some(status) = child.try_wait().doing("cannot wait for a program")? {
            break status;
        }
        thread::sleep(LOOK);
    };
    cost.seconds = began.elapsed().as_secs_f64();
    if !status.success() {
        return Err(Failure::new(format!("{} ended with {status}", process::shown(command))));
    }
    if cost.peak_bytes == 0 {
        return Err(Failure::new("memory is read from /proc/<pid>/status, which this system does not have"));
    }
    Ok(cost)
}

/// The median of some figures; 0 of none.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut figures = figures.to_vec();
    figures.sort_by(f64::total_cmp);
    let (low, high) = (figures.get((figures.len().max(1) - 1) / 2), figures.get(figures.len() / 2));
    low.zip(high).map_or(0.0, |(low, high)| f64::midpoint(*low, *high))
}

/// The peak of the resident memory; absent once the program has given its memory back.
fn peak_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}

/// User and system time, fields 14 and 15; counted after the name, which may hold spaces and brackets.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some((f64::from(ticks()?) + f64::from(ticks()?)) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!((median(&[4.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn the_kernels_text_is_read() {
        assert_eq!(peak_bytes("Name:\tepi\nVmPeak:\t  900 kB\nVmHWM:\t   32 kB\n"), Some(32 << 10));
        assert_eq!(peak_bytes("Name:\tepi\nState:\tZ (zombie)\n"), None);
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 9 0 100";
        assert_eq!(cpu_seconds(stat), Some(2.0));
    }
}
