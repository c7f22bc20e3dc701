//! What is measured, as a table: each row says what is transferred over what kind of link, and by whom.

use super::candidate::{Candidate, Epi, Tuning};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const MEGABIT: u64 = 1_000_000;

/// The options of `epi` of which the memory is limited, whatever the size of a block.
pub(crate) const NARROW: [Epi; 2] = [fixed(8, None), fixed(8, Some("100MiB"))];
pub(crate) const WIDE: [Epi; 2] = [fixed(64, None), fixed(64, Some("100MiB"))];
/// What makes each peer fastest where the processors are the limit, of 1, 2, 4, 8, 16 and 32 at a time; its default, which
/// is measured next to it, is no worse for some.
pub(crate) const PYTHON: Candidate = Candidate::Python(Tuning::AtOnce(4));
pub(crate) const NODE: Candidate = Candidate::Node(Tuning::AtOnce(2));
pub(crate) const RCLONE: Candidate = Candidate::Rclone(Tuning::AtOnce(16));
/// The same where each connection has a limit of its own.
const CAPPED: Tuning = Tuning::AtOnce(32);

/// What is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Content {
    /// Nothing that could be made smaller.
    Random,
    /// Zeros that take no place on a disk.
    Sparse,
}

/// The link between a candidate and the sink; 0 stands for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Network {
    pub(crate) latency_milliseconds: u64,
    /// In bits per second.
    pub(crate) per_connection: u64,
    /// In bits per second.
    pub(crate) total: u64,
}

/// One row.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    /// Its name on the command line; the sizes and streams of `growth` share one.
    pub(crate) key: &'static str,
    /// The headline of its table; rows in succession with the same one share a table.
    pub(crate) title: &'static str,
    pub(crate) bytes: u64,
    pub(crate) content: Content,
    pub(crate) network: Network,
    /// Every so manieth block is answered with a fault; 0 for none.
    pub(crate) faulty_every: u32,
    /// Whether checksums of what arrives are computed and compared with those of the file, in addition to the lengths.
    pub(crate) compared: bool,
    /// Whether the blob that is downloaded has an MD5.
    pub(crate) blob_md5: bool,
    /// Whether what is downloaded goes to the disk, instead of into memory where the machine has a folder there.
    pub(crate) to_disk: bool,
    pub(crate) candidates: Vec<Candidate>,
}

/// Names that `--only` takes, in the order in which they are measured. `hosts` is not in the table of scenarios.
pub(crate) const KEYS: [&str; 12] = [
    "loopback",
    "large",
    "memory",
    "latency",
    "latency-small",
    "link",
    "faults",
    "download",
    "download-disk",
    "download-md5",
    "growth",
    "hosts",
];

/// All rows.
pub(crate) fn all() -> Vec<Scenario> {
    use Candidate::{Azcopy, EpiCloud, EpiDownload, Node, Official, OfficialDownload, Push, Python, Rclone};
    let epi = Candidate::Epi;
    let narrow = Network { latency_milliseconds: 30, per_connection: 100 * MEGABIT, total: 0 };
    let linked = Network { total: 1000 * MEGABIT, ..narrow };
    let mut scenarios = vec![
        Scenario {
            candidates: vec![
                epi(Epi::BLOCKS),
                epi(Epi::FULL),
                Official,
                EpiCloud,
                PYTHON,
                NODE,
                RCLONE,
                Python(Tuning::Default),
                Node(Tuning::Default),
                Rclone(Tuning::Default),
            ],
            ..upload("loopback", "HTTPS on this machine", GIB)
        },
        Scenario {
            candidates: vec![epi(Epi::BLOCKS), Azcopy, Push],
            ..upload("large", "HTTPS on this machine, large file", 4 * GIB)
        },
        Scenario {
            content: Content::Sparse,
            candidates: NARROW.into_iter().chain(WIDE).map(epi).collect(),
            // Enough for 64 blocks of 100 MiB at a time.
            ..upload("memory", "Memory by streams and block size", 8 * GIB)
        },
        Scenario {
            network: narrow,
            candidates: vec![
                epi(Epi::FULL),
                EpiCloud,
                Official,
                Azcopy,
                Rclone(Tuning::Default),
                Python(CAPPED),
                Node(CAPPED),
                Rclone(CAPPED),
            ],
            ..upload("latency", "30 ms, 100 Mbit/s per connection", GIB)
        },
        Scenario {
            network: narrow,
            candidates: vec![
                epi(Epi::FULL),
                EpiCloud,
                Official,
                Azcopy,
                Python(Tuning::Default),
                Node(Tuning::Default),
                Rclone(Tuning::Default),
            ],
            ..upload("latency-small", "30 ms, 100 Mbit/s per connection, small file", 64 * MIB)
        },
        Scenario {
            network: linked,
            candidates: vec![epi(Epi::FULL), Official],
            ..upload("link", "30 ms, 100 Mbit/s per connection, 1 Gbit/s in all", GIB)
        },
        Scenario {
            faulty_every: 10,
            compared: true,
            candidates: vec![epi(Epi::FULL), epi(Epi::BLOCKS), Official],
            ..upload("faults", "HTTPS on this machine, every tenth block refused", GIB)
        },
        Scenario {
            candidates: vec![EpiDownload, OfficialDownload],
            ..upload("download", "Download into memory, HTTPS on this machine, blob without MD5", GIB)
        },
        Scenario {
            to_disk: true,
            candidates: vec![EpiDownload, OfficialDownload],
            ..upload("download-disk", "Download to the disk, HTTPS on this machine, blob without MD5", GIB)
        },
        Scenario {
            blob_md5: true,
            candidates: vec![EpiDownload, OfficialDownload],
            ..upload("download-md5", "Download into memory, HTTPS on this machine, blob with MD5", GIB)
        },
    ];
    let sparse =
        |title, bytes, candidates| Scenario { content: Content::Sparse, candidates, ..upload("growth", title, bytes) };
    for bytes in [64 * MIB, 256 * MIB, GIB, 4 * GIB, 16 * GIB] {
        scenarios.push(sparse("Growth with the size of the file", bytes, vec![epi(Epi::BLOCKS)]));
    }
    let streams = [1, 2, 4, 8, 16, 32, 64].map(|streams| epi(fixed(streams, None)));
    scenarios.push(sparse("Growth with the number of streams", GIB, streams.to_vec()));
    scenarios
}

/// What a short look at the whole takes: the smallest set of candidates that are always there.
pub(crate) fn smoke(bytes: u64) -> Scenario {
    let epi = Candidate::Epi;
    Scenario {
        compared: true,
        candidates: vec![epi(Epi::BLOCKS), epi(Epi::FULL), Candidate::Official, Candidate::EpiCloud],
        ..upload("smoke", "HTTPS on this machine", bytes)
    }
}

const fn fixed(streams: u32, block: Option<&'static str>) -> Epi {
    Epi { streams: Some(streams), block, file_md5: false }
}

/// Without anything special.
fn upload(key: &'static str, title: &'static str, bytes: u64) -> Scenario {
    Scenario {
        key,
        title,
        bytes,
        content: Content::Random,
        network: Network::default(),
        faulty_every: 0,
        compared: false,
        blob_md5: false,
        to_disk: false,
        candidates: Vec::new(),
    }
}

impl Scenario {
    /// How often a candidate runs. EpiCloud takes a minute and a half where each connection is slow, so it never runs
    /// more often than a median needs.
    pub(crate) fn repetitions(&self, candidate: Candidate, wanted: u32) -> u32 {
        let slow = candidate == Candidate::EpiCloud && self.network.per_connection > 0;
        if slow { wanted.min(super::settings::FEWEST) } else { wanted }
    }

    /// The options of the sink.
    pub(crate) fn sink_options(&self) -> Vec<String> {
        let mut options = Vec::new();
        let mut option = |name: &str, value: String| options.extend([name.to_owned(), value]);
        let Network { latency_milliseconds, per_connection, total } = self.network;
        let megabits = |bits: u64| format!("{}Mbit", bits / MEGABIT);
        if latency_milliseconds > 0 {
            option("--latency-ms", latency_milliseconds.to_string());
        }
        if per_connection > 0 {
            option("--per-connection", megabits(per_connection));
        }
        if total > 0 {
            option("--total", megabits(total));
        }
        if self.faulty_every > 0 {
            option("--faulty-every", self.faulty_every.to_string());
        }
        if self.candidates.iter().any(|candidate| candidate.downloads()) {
            option("--blob-size", self.bytes.to_string());
        }
        option("--verify", if self.compared { "all" } else { "none" }.to_owned());
        options.extend(self.compared.then(|| "--content-crc".to_owned()));
        options.extend(self.blob_md5.then(|| "--blob-md5".to_owned()));
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_has_a_name_that_can_be_asked_for() {
        let mut keys: Vec<_> = all().iter().map(|scenario| scenario.key).collect();
        keys.dedup();
        keys.push("hosts");
        assert_eq!(keys, KEYS);
    }

    #[test]
    fn the_sink_is_told_what_the_link_is_like() {
        let options =
            |key: &str| all().into_iter().find(|scenario| scenario.key == key).map(|row| row.sink_options().join(" "));
        let cases = [
            ("loopback", "--verify none"),
            ("link", "--latency-ms 30 --per-connection 100Mbit --total 1000Mbit --verify none"),
            ("faults", "--faulty-every 10 --verify all --content-crc"),
            ("download", "--blob-size 1073741824 --verify none"),
            ("download-md5", "--blob-size 1073741824 --verify none --blob-md5"),
        ];
        for (key, expected) in cases {
            assert_eq!(options(key).as_deref(), Some(expected), "{key}");
        }
    }

    #[test]
    fn only_the_slow_candidate_runs_less_often() {
        for scenario in all() {
            for candidate in &scenario.candidates {
                let slow = scenario.key.starts_with("latency") && *candidate == Candidate::EpiCloud;
                assert_eq!(scenario.repetitions(*candidate, 9), if slow { 5 } else { 9 }, "{}", scenario.key);
                assert_eq!(scenario.repetitions(*candidate, 1), 1);
            }
        }
    }
}
