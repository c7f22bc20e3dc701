//! One scenario from its first run to its last: starts the sink, the candidates in their order, looks at what arrived.

use std::path::Path;
use std::process::Command;

use super::background_load::{BackgroundLoad, watched};
use super::candidate::{BLOB, Candidate, Programs};
use super::measure::Cost;
use super::received::{Checksums, Headers, ReceivedUpload};
use super::rounds::{Fate, fate, order};
use super::scenario::Scenario;
use super::settings::shown_size;
use super::sink::Sink;
use super::source::Files;
use crate::failure::{Failure, Result};
use crate::machine::left_out;
use crate::process;

/// One run that counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) cost: Cost,
    /// Unknown where the machine does not tell.
    pub(crate) background: Option<BackgroundLoad>,
    /// Whether others were busy meanwhile.
    pub(crate) disturbed: bool,
}

/// All runs of one candidate.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) candidate: Candidate,
    pub(crate) runs: Vec<Run>,
    /// What its last run sent.
    pub(crate) headers: Option<Headers>,
    /// Runs that were thrown away.
    pub(crate) discarded: u32,
}

/// A scenario and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    pub(crate) scenario: Scenario,
    pub(crate) measured: Vec<Measured>,
}

/// What every scenario needs.
pub(crate) struct Runner<'a> {
    pub(crate) programs: Programs<'a>,
    pub(crate) sink: &'a Path,
    pub(crate) files: Files,
    pub(crate) checksums: Checksums,
    pub(crate) repetitions: u32,
    /// Whether runs are thrown away while others are busy.
    pub(crate) watchful: bool,
}

/// The runs of one scenario while they are made.
struct ScenarioRun<'a> {
    scenario: &'a Scenario,
    sink: Sink,
    /// The MD5 of what was downloaded, by the first that did.
    received: Option<String>,
}

impl Runner<'_> {
    pub(crate) fn run(&mut self, scenario: Scenario) -> Result<Finished> {
        println!("\n==> {}: {}, {}", scenario.key, scenario.title, shown_size(scenario.bytes));
        let sink = Sink::start(self.sink, &scenario.sink_options())?;
        let mut current = ScenarioRun { scenario: &scenario, sink, received: None };
        let fresh = |candidate| Measured { candidate, runs: Vec::new(), headers: None, discarded: 0 };
        let mut measured: Vec<_> = scenario.candidates.iter().copied().map(fresh).collect();
        let runs = |row: &Measured| scenario.repetitions(row.candidate, self.repetitions);
        let runs: Vec<_> = measured.iter().map(runs).collect();
        let mut gone = vec![false; measured.len()];
        for index in order(&runs) {
            if !gone[index] {
                // As many again as count: a machine that is always busy must not keep the bench for ever.
                gone[index] = !self.run_once(&mut current, &mut measured[index], runs[index])?;
            }
        }
        drop(current);
        self.files.forget();
        Ok(Finished { scenario, measured })
    }

    /// Makes one run that counts; false when the candidate is not there or cannot do this.
    fn run_once(&mut self, current: &mut ScenarioRun<'_>, row: &mut Measured, patience: u32) -> Result<bool> {
        loop {
            current.sink.reset()?;
            let bytes = current.scenario.bytes;
            let file = match row.candidate.downloads() {
                true => self.files.received(current.scenario.to_disk)?,
                false => self.files.sent(bytes, current.scenario.content)?.to_path_buf(),
            };
            let Some(mut command) = row.candidate.command(&self.programs, &current.sink, &file, bytes)? else {
                return Ok(false);
            };
            let name = row.candidate.name();
            let outcome = self.checked(current, &mut command, row, &file);
            let (cost, background) = match outcome {
                Ok(outcome) => outcome,
                // What others wrote may fail on a machine like this one; what is ours may not.
                Err(failure) if row.candidate.peer().is_some() && !process::interrupted() => {
                    left_out::<()>(&name, failure)?;
                    row.runs.clear();
                    return Ok(false);
                }
                Err(failure) => return Err(Failure::new(format!("{name}: {failure}"))),
            };
            let others = background.map(|background| background.others).filter(|_| self.watchful);
            let fate = fate(others, patience.saturating_sub(row.discarded));
            let share = others.map_or_else(String::new, |share| format!("{:>3.0} %", share * 100.0));
            println!("{:>2}: {name:<44} {} {share} {}", row.runs.len() + 1, line(&cost, bytes), fate.word());
            if fate == Fate::Repeated {
                row.discarded += 1;
                continue;
            }
            row.runs.push(Run { cost, background, disturbed: fate == Fate::KeptThough });
            return Ok(true);
        }
    }

    /// Runs a command, and looks at what it did.
    fn checked(
        &mut self,
        current: &mut ScenarioRun<'_>,
        command: &mut Command,
        row: &mut Measured,
        file: &Path,
    ) -> Result<(Cost, Option<BackgroundLoad>)> {
        let (cost, background) = watched(command, current.sink.process_id())?;
        if row.candidate.downloads() {
            self.check_received(current, row, file)?;
        } else if row.candidate.leaves_a_blob() {
            let received = ReceivedUpload::read(&current.sink.statistics()?, BLOB, current.scenario.bytes)?;
            if current.scenario.faulty_every > 0 && received.faults == 0 {
                return Err(Failure::new("the sink refused no block"));
            }
            if current.scenario.compared {
                self.checksums.check(&received, file)?;
            }
            row.headers = Some(received.headers);
        }
        Ok((cost, background))
    }

    /// The length of every file, and once the content: all candidates must have made the same one.
    fn check_received(&self, current: &mut ScenarioRun<'_>, row: &Measured, file: &Path) -> Result<()> {
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        if length != current.scenario.bytes {
            return Err(Failure::new(format!("{length} bytes were received, not {}", current.scenario.bytes)));
        }
        if row.runs.is_empty() {
            let md5 = self.checksums.md5(file, length)?;
            match &current.received {
                Some(first) if *first != md5 => {
                    return Err(Failure::new("another content was received than by the first"));
                }
                Some(_) => {}
                None => current.received = Some(md5),
            }
        }
        Ok(())
    }
}

/// The figures of one run.
fn line(cost: &Cost, bytes: u64) -> String {
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let rate = mebibytes(bytes) / cost.seconds;
    let (seconds, cpu) = (cost.seconds, cost.cpu_seconds);
    format!("{seconds:>8.2} s {rate:>8.0} MiB/s {cpu:>7.2} CPU s {:>7.1} MB", mebibytes(cost.peak_bytes))
}
