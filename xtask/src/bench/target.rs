//! The targets, as a table, and how a figure is judged. A target that is missed is told and fails nothing: what a
//! machine gives on a day is not what a change did.

use super::candidate::{Candidate, Epi, Tuning};
use super::measure::Cost;
use super::scenario::{NARROW, NODE, PYTHON, RCLONE, WIDE};

const MEBIBYTE: f64 = (1 << 20) as f64;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Metric {
    /// How many times as fast as another one.
    Speed(Candidate),
    /// How many times the CPU time of another one, for each byte.
    Cpu(Candidate),
    /// The highest peak of any run, in MB of 2^20 bytes.
    Memory,
    /// The share of the link's own rate.
    Link,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

/// One row: `subject` in a scenario has to do so well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Target {
    pub(crate) scenario: &'static str,
    pub(crate) subject: Candidate,
    pub(crate) metric: Metric,
    pub(crate) bound: Bound,
}

/// What one candidate showed in a scenario.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Showing {
    pub(crate) bytes: u64,
    pub(crate) median: Cost,
    pub(crate) highest_peak: u64,
    /// Of the link, in bits per second; 0 for none.
    pub(crate) link: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pass,
    Short,
    NotMeasured,
}

/// All rows.
pub(crate) fn all() -> Vec<Target> {
    use Bound::{AtLeast, AtMost};
    use Candidate::{Azcopy, EpiCloud, EpiDownload, Node, Official, OfficialDownload, Push, Python, Rclone};
    use Metric::{Cpu, Link, Memory, Speed};
    let (blocks, full) = (Candidate::Epi(Epi::BLOCKS), Candidate::Epi(Epi::FULL));
    let rows = [
        ("loopback", blocks, Speed(Official), AtLeast(1.15)),
        ("loopback", blocks, Speed(PYTHON), AtLeast(2.7)),
        ("loopback", blocks, Speed(Python(Tuning::Default)), AtLeast(2.7)),
        ("loopback", blocks, Speed(NODE), AtLeast(2.4)),
        ("loopback", blocks, Speed(Node(Tuning::Default)), AtLeast(2.4)),
        ("loopback", blocks, Speed(RCLONE), AtLeast(2.9)),
        ("large", blocks, Speed(Azcopy), AtLeast(2.4)),
        ("loopback", blocks, Speed(EpiCloud), AtLeast(7.0)),
        ("loopback", full, Speed(EpiCloud), AtLeast(2.2)),
        ("loopback", blocks, Cpu(Official), AtMost(0.95)),
        ("large", blocks, Cpu(Azcopy), AtMost(0.35)),
        ("large", blocks, Speed(Push), AtLeast(0.60)),
        ("latency", full, Speed(EpiCloud), AtLeast(25.0)),
        ("latency", full, Speed(Official), AtLeast(3.0)),
        ("latency", full, Speed(Azcopy), AtLeast(1.7)),
        ("latency", full, Speed(Rclone(Tuning::Default)), AtLeast(2.0)),
        ("latency-small", full, Speed(EpiCloud), AtLeast(12.0)),
        ("latency-small", full, Speed(Official), AtLeast(1.8)),
        ("latency-small", full, Speed(Azcopy), AtLeast(4.0)),
        ("link", full, Link, AtLeast(0.95)),
        ("faults", full, Speed(Official), AtLeast(1.5)),
        ("download", EpiDownload, Speed(OfficialDownload), AtLeast(1.2)),
        ("download", EpiDownload, Memory, AtMost(48.0)),
        ("download-disk", EpiDownload, Speed(OfficialDownload), AtLeast(1.2)),
        ("download-disk", EpiDownload, Memory, AtMost(48.0)),
    ];
    let memory = |limit| move |epi| ("memory", Candidate::Epi(epi), Memory, AtMost(limit));
    let rows = rows.into_iter().chain(NARROW.into_iter().map(memory(48.0))).chain(WIDE.into_iter().map(memory(96.0)));
    rows.map(|(scenario, subject, metric, bound)| Target { scenario, subject, metric, bound }).collect()
}

impl Target {
    /// The figure of this row, from what its candidates showed; nothing when one of them was not measured.
    pub(crate) fn figure(&self, showing: impl Fn(Candidate) -> Option<Showing>) -> Option<f64> {
        let subject = showing(self.subject)?;
        let figure = match self.metric {
            Metric::Speed(other) => subject.rate() / showing(other)?.rate(),
            Metric::Cpu(other) => subject.cpu_per_byte() / showing(other)?.cpu_per_byte(),
            Metric::Memory => subject.highest_peak as f64 / MEBIBYTE,
            Metric::Link => subject.rate() * 8.0 / subject.link as f64,
        };
        figure.is_finite().then_some(figure)
    }

    /// What is compared, in words.
    pub(crate) fn what(&self) -> String {
        match self.metric {
            Metric::Speed(other) => format!("speed against {}", other.name()),
            Metric::Cpu(other) => format!("CPU per byte against {}", other.name()),
            Metric::Memory => "highest peak of memory, MB".to_owned(),
            Metric::Link => "share of the link".to_owned(),
        }
    }
}

impl Bound {
    pub(crate) fn judge(self, figure: Option<f64>) -> Verdict {
        let pass = match (self, figure) {
            (_, None) => return Verdict::NotMeasured,
            (Self::AtLeast(bound), Some(figure)) => figure >= bound,
            (Self::AtMost(bound), Some(figure)) => figure <= bound,
        };
        if pass { Verdict::Pass } else { Verdict::Short }
    }

    /// In words.
    pub(crate) fn shown(self) -> String {
        match self {
            Self::AtLeast(bound) => format!("at least {bound}"),
            Self::AtMost(bound) => format!("at most {bound}"),
        }
    }
}

impl Verdict {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Short => "short",
            Self::NotMeasured => "not measured",
        }
    }
}

impl Showing {
    /// In bytes per second.
    fn rate(&self) -> f64 {
        self.bytes as f64 / self.median.seconds
    }

    fn cpu_per_byte(&self) -> f64 {
        self.median.cpu_seconds / self.bytes as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::scenario;

    #[test]
    fn every_target_is_about_candidates_of_its_scenario() {
        let scenarios = scenario::all();
        for target in all() {
            let scenario = scenarios.iter().find(|scenario| scenario.key == target.scenario);
            let scenario = scenario.unwrap_or_else(|| panic!("{target:?}"));
            let other = match target.metric {
                Metric::Speed(other) | Metric::Cpu(other) => Some(other),
                Metric::Memory | Metric::Link => None,
            };
            for candidate in [Some(target.subject), other].into_iter().flatten() {
                assert!(scenario.candidates.contains(&candidate), "{target:?}");
            }
            assert_eq!(target.metric == Metric::Link, scenario.network.total > 0, "{target:?}");
        }
    }

    #[test]
    fn figures_are_ratios_of_the_subject_to_the_other_one() {
        let (epi, peer) = (Candidate::EpiDownload, Candidate::OfficialDownload);
        let showing = |candidate| {
            let (seconds, cpu_seconds) = if candidate == epi { (2.0, 1.0) } else { (3.0, 4.0) };
            let median = Cost { seconds, cpu_seconds, peak_bytes: 40 << 20 };
            (candidate != Candidate::Azcopy).then_some(Showing {
                bytes: 1000,
                median,
                highest_peak: 50 << 20,
                link: 5000,
            })
        };
        let cases = [
            (Metric::Speed(peer), Some(1.5)),
            (Metric::Cpu(peer), Some(0.25)),
            (Metric::Memory, Some(50.0)),
            (Metric::Link, Some(0.8)),
            (Metric::Speed(Candidate::Azcopy), None),
        ];
        for (metric, expected) in cases {
            let target = Target { scenario: "download", subject: epi, metric, bound: Bound::AtLeast(1.0) };
            assert_eq!(target.figure(showing), expected, "{metric:?}");
        }
    }

    #[test]
    fn a_bound_itself_is_a_pass() {
        use Verdict::{NotMeasured, Pass, Short};
        let cases = [
            (Bound::AtLeast(1.5), Some(1.5), Pass),
            (Bound::AtLeast(1.5), Some(1.49), Short),
            (Bound::AtMost(48.0), Some(48.0), Pass),
            (Bound::AtMost(48.0), Some(48.1), Short),
            (Bound::AtMost(48.0), None, NotMeasured),
        ];
        for (bound, figure, verdict) in cases {
            assert_eq!(bound.judge(figure), verdict, "{bound:?} {figure:?}");
        }
    }
}
