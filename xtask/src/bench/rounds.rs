//! Which run comes when, and which is thrown away: decisions alone, nothing is started here.

use super::background_load::MOST_OTHERS;

/// The order of all runs, as numbers of candidates of which each has so many runs. In rounds, so that a busy moment of
/// the machine meets all of them; each round begins with another one, so that none always follows the same one. Who
/// has fewer runs sits out the last rounds.
pub(crate) fn order(runs: &[u32]) -> Vec<usize> {
    let rounds = runs.iter().copied().max().unwrap_or(0);
    let mut order = Vec::new();
    for round in 0..rounds {
        let first = round as usize % runs.len();
        let turn = (0..runs.len()).map(|place| (first + place) % runs.len());
        order.extend(turn.filter(|candidate| round < runs[*candidate]));
    }
    order
}

/// What becomes of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Kept,
    /// Others were busy: it is thrown away and made again.
    Repeated,
    /// Others were busy, and have been too often: it counts, and the report says so.
    KeptThough,
}

impl Fate {
    /// In words; none for a run about which nothing is to be said.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Kept => "",
            Self::Repeated => "others were busy: again",
            Self::KeptThough => "others were busy: kept",
        }
    }
}

/// Decides by the share of the processors that others took, and by the repetitions that this candidate has left.
pub(crate) fn fate(others: Option<f64>, repetitions_left: u32) -> Fate {
    match others {
        Some(share) if share > MOST_OTHERS && repetitions_left > 0 => Fate::Repeated,
        Some(share) if share > MOST_OTHERS => Fate::KeptThough,
        _ => Fate::Kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_interleaved_and_begin_with_another_one_each_time() {
        let cases: [(&[u32], &[usize]); 5] = [
            (&[], &[]),
            (&[2], &[0, 0]),
            (&[3, 3, 3], &[0, 1, 2, 1, 2, 0, 2, 0, 1]),
            (&[3, 1], &[0, 1, 0, 0]),
            (&[0, 2], &[1, 1]),
        ];
        for (runs, expected) in cases {
            assert_eq!(order(runs), expected, "{runs:?}");
        }
    }

    #[test]
    fn a_disturbed_run_is_repeated_while_there_is_patience() {
        let cases = [
            (None, 0, Fate::Kept),
            (Some(0.0), 0, Fate::Kept),
            (Some(0.1), 3, Fate::Kept),
            (Some(0.11), 3, Fate::Repeated),
            (Some(0.11), 1, Fate::Repeated),
            (Some(0.11), 0, Fate::KeptThough),
        ];
        for (others, left, expected) in cases {
            assert_eq!(fate(others, left), expected, "{others:?} {left}");
        }
    }
}
