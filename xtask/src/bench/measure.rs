//! What a program costs: wall time, CPU time and the peak of its resident memory, as the kernel counts them for
//! `wait4`, with whatever the program itself started and waited for.
//!
//! The peak cannot be less than what `xtask` held when it started the program, because the kernel carries it over
//! from the memory in which the start was made. That is a few MB: large files are read elsewhere.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Failure, Result};
use crate::process;

/// No run takes as long, however slow the link.
const LIMIT: Duration = Duration::from_secs(1200);

/// What one run cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Cost {
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_bytes: u64,
}

/// Runs a program to its end. Its command line is not told when it fails: that of some programs holds a link.
pub(crate) fn measure(command: &mut Command) -> Result<Cost> {
    let began = Instant::now();
    let child = process::spawn(command.stdin(Stdio::null()))?;
    let (used, ended) = process::wait_exactly(child, LIMIT)?;
    if !used.status.success() {
        return Err(Failure::new(format!("it ended with {}", used.status)));
    }
    Ok(Cost {
        seconds: (ended - began).as_secs_f64(),
        cpu_seconds: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
        peak_bytes: used.rusage.maxrss,
    })
}

/// The median of some figures; 0 of none.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut figures = figures.to_vec();
    figures.sort_by(f64::total_cmp);
    let (low, high) = (figures.get((figures.len().max(1) - 1) / 2), figures.get(figures.len() / 2));
    low.zip(high).map_or(0.0, |(low, high)| f64::midpoint(*low, *high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        let cases: [(&[f64], f64); 4] =
            [(&[], 0.0), (&[7.0], 7.0), (&[4.0, 1.0, 2.0], 2.0), (&[4.0, 1.0, 2.0, 3.0], 2.5)];
        for (figures, expected) in cases {
            assert!((median(figures) - expected).abs() < 1e-9, "{figures:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_run_is_counted_and_a_failed_one_is_a_failure() {
        let cost = measure(Command::new("sh").args(["-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"]));
        let cost = cost.expect("sh counts");
        assert!(cost.cpu_seconds > 0.0 && cost.seconds > 0.0 && cost.peak_bytes > 1 << 19, "{cost:?}");
        let failure = measure(Command::new("sh").args(["-c", "exit 3; secret"])).expect_err("it fails").to_string();
        assert!(failure.contains('3') && !failure.contains("secret"), "{failure}");
    }
}
