//! What came of a bench, as the document `target/bench/report.json`. Every run is in it; the tables are made from it
//! and from nothing else.

use serde_json::{Value, json};

use super::candidate::Candidate;
use super::measure::{Cost, median};
use super::runner::{Finished, Measured, Run};
use super::settings::{FEWEST, Settings};
use super::target::{self, Showing, Target};

/// The parts of the document that are known before the scenarios or apart from them.
pub(crate) struct Frame {
    pub(crate) machine: Value,
    pub(crate) versions: Value,
    /// What other hosts of the library cost, where that was measured.
    pub(crate) hosts: Option<Value>,
}

pub(crate) fn report(settings: &Settings, frame: &Frame, finished: &[Finished]) -> Value {
    let targets = target::all();
    let targets = targets.iter().filter(|target| settings.includes(target.scenario));
    json!({
        "machine": frame.machine,
        "versions": frame.versions,
        "repetitions": settings.repetitions,
        "notes": notes(settings, finished),
        "scenarios": finished.iter().map(scenario).collect::<Vec<_>>(),
        "targets": targets.map(|target| judged(target, finished)).collect::<Vec<_>>(),
        "hosts": frame.hosts,
    })
}

/// What a reader has to know before any figure.
fn notes(settings: &Settings, finished: &[Finished]) -> Vec<String> {
    let mut notes = Vec::new();
    let scenarios = || finished.iter().flat_map(|done| done.measured.iter().map(move |row| (&done.scenario, row)));
    if !settings.is_full() {
        notes.push(format!(
            "The targets are meant for medians of at least {FEWEST} runs and for whole sizes; this was a smaller bench, so its verdicts judge nothing."
        ));
    }
    let fewer = |row: &Measured| !row.runs.is_empty() && (row.runs.len() as u32) < settings.repetitions;
    for (scenario, row) in scenarios().filter(|(_, row)| fewer(row)) {
        notes.push(format!("Runs of {}: {} only in {}.", row.candidate.name(), row.runs.len(), scenario.key));
    }
    let discarded: u32 = scenarios().map(|(_, row)| row.discarded).sum();
    if discarded > 0 {
        notes
            .push(format!("Runs that were thrown away and made again, because other programs were busy: {discarded}."));
    }
    let disturbed = scenarios().flat_map(|(_, row)| &row.runs).filter(|run| run.disturbed).count();
    if disturbed > 0 {
        notes.push(format!(
            "Runs that count although other programs were busy, as that had happened too often: {disturbed}."
        ));
    }
    notes
}

fn scenario(done: &Finished) -> Value {
    let row = &done.scenario;
    json!({
        "key": row.key,
        "title": row.title,
        "bytes": row.bytes,
        "network": {
            "latencyMilliseconds": row.network.latency_milliseconds,
            "bitsPerSecondPerConnection": row.network.per_connection,
            "bitsPerSecond": row.network.total,
        },
        "faultyEvery": row.faulty_every,
        "checksumsCompared": row.compared,
        "candidates": done.measured.iter().map(|measured| candidate(measured, row.bytes)).collect::<Vec<_>>(),
    })
}

fn candidate(measured: &Measured, bytes: u64) -> Value {
    let mut document = json!({
        "name": measured.candidate.name(),
        "integrity": measured.headers.map(super::received::Headers::shown),
        "runs": measured.runs.iter().map(one).collect::<Vec<_>>(),
        "discarded": measured.discarded,
    });
    if let Some(median) = medians(&measured.runs) {
        let mebibytes = bytes as f64 / f64::from(1 << 20);
        let seconds = measured.runs.iter().map(|run| run.cost.seconds);
        document["mebibytesPerSecond"] = json!({
            "median": mebibytes / median.seconds,
            "least": mebibytes / seconds.clone().fold(0.0, f64::max),
            "most": mebibytes / seconds.fold(f64::INFINITY, f64::min),
        });
        document["seconds"] = json!(median.seconds);
        document["cpuSecondsPerGibibyte"] = json!(median.cpu_seconds / mebibytes * 1024.0);
        document["peakBytes"] = json!(highest_peak(&measured.runs));
    }
    document
}

fn one(run: &Run) -> Value {
    json!({
        "seconds": run.cost.seconds,
        "cpuSeconds": run.cost.cpu_seconds,
        "peakBytes": run.cost.peak_bytes,
        "sinkCpuSeconds": run.background.map(|background| background.server_seconds),
        "othersShare": run.background.map(|background| background.others),
        "disturbed": run.disturbed,
    })
}

/// The median of each figure for itself.
pub(crate) fn medians(runs: &[Run]) -> Option<Cost> {
    let middle = |figure: fn(&Cost) -> f64| median(&runs.iter().map(|run| figure(&run.cost)).collect::<Vec<_>>());
    (!runs.is_empty()).then(|| Cost {
        seconds: middle(|cost| cost.seconds),
        cpu_seconds: middle(|cost| cost.cpu_seconds),
        peak_bytes: middle(|cost| cost.peak_bytes as f64) as u64,
    })
}

fn highest_peak(runs: &[Run]) -> u64 {
    runs.iter().map(|run| run.cost.peak_bytes).max().unwrap_or(0)
}

fn judged(target: &Target, finished: &[Finished]) -> Value {
    let done = finished.iter().find(|done| done.scenario.key == target.scenario);
    let showing = |candidate: Candidate| {
        let done = done?;
        let row = done.measured.iter().find(|row| row.candidate == candidate)?;
        let (bytes, link) = (done.scenario.bytes, done.scenario.network.total);
        Some(Showing { bytes, median: medians(&row.runs)?, highest_peak: highest_peak(&row.runs), link })
    };
    let figure = target.figure(showing);
    json!({
        "scenario": target.scenario,
        "title": done.map(|done| done.scenario.title),
        "subject": target.subject.name(),
        "what": target.what(),
        "target": target.bound.shown(),
        "figure": figure,
        "verdict": target.bound.judge(figure).word(),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::bench::background_load::BackgroundLoad;
    use crate::bench::candidate::{Epi, Tuning};
    use crate::bench::scenario;

    fn run(seconds: f64, disturbed: bool) -> Run {
        let cost = Cost { seconds, cpu_seconds: seconds / 2.0, peak_bytes: (seconds as u64) << 20 };
        Run { cost, background: Some(BackgroundLoad { server_seconds: 1.0, others: 0.01 }), disturbed }
    }

    /// A bench of one scenario in which `epi` took 1, 2 and 4 s, the official crate 3 s, and one peer was not there.
    pub(crate) fn example() -> Value {
        let scenario = scenario::all().swap_remove(0);
        let measured = scenario.candidates.iter().map(|candidate| {
            let runs = match candidate {
                Candidate::Epi(Epi::BLOCKS) => vec![run(1.0, false), run(4.0, true), run(2.0, false)],
                Candidate::Python(Tuning::AtOnce(_)) => Vec::new(),
                _ => vec![run(3.0, false); 3],
            };
            Measured { candidate: *candidate, runs, headers: None, discarded: 1 }
        });
        let finished = [Finished { measured: measured.collect(), scenario }];
        let settings = Settings { repetitions: 3, ..Settings::default() }.only("loopback").expect("it is known");
        let frame = Frame { machine: json!({}), versions: json!({}), hosts: None };
        report(&settings, &frame, &finished)
    }

    #[test]
    fn figures_are_medians_and_verdicts_are_ratios_of_them() {
        let report = example();
        let epi = &report["scenarios"][0]["candidates"][0];
        assert_eq!(epi["mebibytesPerSecond"], json!({ "median": 512.0, "least": 256.0, "most": 1024.0 }));
        assert_eq!((&epi["cpuSecondsPerGibibyte"], &epi["peakBytes"]), (&json!(1.0), &json!(4 << 20)));
        let targets = report["targets"].as_array().expect("there are targets");
        let about = |what: &str| targets.iter().find(|target| target["what"] == what).expect(what);
        let official = about("speed against azure_storage_blob");
        assert_eq!((&official["figure"], &official["verdict"]), (&json!(1.5), &json!("pass")));
        assert_eq!(about("speed against EpiCloud 1.9 algorithm")["verdict"], "short");
        assert_eq!(about("speed against Python SDK, 4 at a time")["verdict"], "not measured");
        assert!(targets.iter().all(|target| target["scenario"] == "loopback"), "no other was asked for");
    }

    #[test]
    fn a_reader_is_told_what_the_figures_are_worth() {
        let notes = example()["notes"].to_string();
        for part in
            ["at least 5 runs", "thrown away and made again, because other programs were busy: 10", "too often: 1"]
        {
            assert!(notes.contains(part), "{part}: {notes}");
        }
    }
}
