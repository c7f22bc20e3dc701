//! How many ranges of a transfer are worked on at a time. Pure: the caller brings the time.
//!
//! A round is as many finished ranges as there were streams when it began. The number of streams grows by one with
//! every finished range for as long as each round moves clearly more bytes per second than the best before it. Then
//! it stays a little above the last number that helped, and every few rounds the growth is tried again. It is halved
//! when the service says that it is too much, once a round. Streams that move next to nothing are taken away, unless it
//! shows that the connections are slow and not the link. Nothing is decided by a timer: what has not finished says
//! nothing about speed (transfer design, section 2.5).

use std::time::Duration;

use crate::base::error::{Error, Result};
use crate::base::limits::UploadStreams;

/// The most streams of a transfer; as many connections are kept open.
pub(crate) const MOST: usize = UploadStreams::MOST as usize;

/// Where adaptation begins: enough for a small package to be over in two rounds, before growth could help it.
const START: usize = 32;

/// By how much a round has to be faster than the best one before for its streams to count as helpful.
const GAIN: f64 = 1.15;

/// How far above the last helpful number the streams stay, so that a link that gets faster shows it.
const HEADROOM: f64 = 1.25;

/// Rounds after which growth is tried again.
const REST: u32 = 4;

/// What a stream should move at least. Below that, more streams only make each of them slower and a repeated range
/// dearer: 8 MiB then take longer than half a minute.
const LEAST_RATE: f64 = 256.0 * 1024.0;

/// How much more a stream has to move before streams that were taken away from a slow link are tried again: as much as the
/// next ones would halve it. Without this, what moves a little unevenly would bring them back.
const AMPLE: f64 = 2.0;

/// The fewest streams that are left to a slow link.
const FEW: usize = 2;

/// The share of the rate that must remain when streams are taken away.
const KEPT: f64 = 0.85;

/// A range that took less says nothing of a slow link, but of the way there and back.
const TELLING: Duration = Duration::from_secs(1);

/// What is being tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// One more stream for each finished range.
    Growing,
    /// No change, for so many rounds already.
    Resting(u32),
}

/// How the number of streams is found.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Strategy {
    /// What was asked for. Only an overloaded service lowers it, and calm rounds raise it again.
    Fixed,
    /// By what rounds move: `best` bytes per second at a `level` of streams; `helpful` is the last number that was worth
    /// its streams.
    Adaptive { stage: Stage, best: f64, level: usize, helpful: usize },
}

/// The number of streams of one transfer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Concurrency {
    strategy: Strategy,
    width: usize,
    limit: usize,
    /// Ranges finished in this round, and how many make it up.
    finished: usize,
    round: usize,
    /// Bytes moved in this round, and when it began.
    bytes: u64,
    began: Option<Duration>,
    /// Whether a range has finished since the number was halved last.
    calm: bool,
    /// What there was before streams were taken away from a slow link, until it is known whether that was right.
    reduction: Option<Reduction>,
    /// Whether slow streams may still mean a slow link.
    may_reduce: bool,
    /// What a stream has to move for another one to be tried.
    enough: f64,
}

/// A trial with fewer streams, and what there was before.
#[derive(Debug, Clone, Copy)]
struct Reduction {
    width: usize,
    rate: f64,
    /// Ranges that are still to finish of those that were begun before; they say nothing.
    before: usize,
    /// Ranges that are still to finish of the trial, the bytes of those that have, and since when.
    left: usize,
    bytes: u64,
    since: Duration,
}

impl Reduction {
    fn new(width: usize, few: usize, rate: f64) -> Self {
        Self { width, rate, before: width, left: few * 2, bytes: 0, since: Duration::ZERO }
    }

    /// A range has finished. At the end of the trial, whether the rate has remained.
    fn finished(&mut self, bytes: u64, now: Duration) -> Option<bool> {
        if self.before > 0 {
            self.before -= 1;
            self.since = now;
            return None;
        }
        self.left -= 1;
        self.bytes += bytes;
        let passed = now.saturating_sub(self.since).as_secs_f64();
        (self.left == 0).then(|| passed <= 0.0 || self.bytes as f64 / passed >= self.rate * KEPT)
    }
}

impl Concurrency {
    /// Always so many, unless the service is overloaded.
    pub(crate) fn fixed(number: usize) -> Self {
        Self::new(Strategy::Fixed, number.clamp(1, MOST))
    }

    /// As many as the connection rewards.
    pub(crate) fn adaptive() -> Self {
        let strategy = Strategy::Adaptive { stage: Stage::Growing, best: 0.0, level: 0, helpful: START };
        Self { limit: MOST, ..Self::new(strategy, START) }
    }

    fn new(strategy: Strategy, width: usize) -> Self {
        Self {
            strategy,
            width,
            limit: width,
            finished: 0,
            round: width,
            bytes: 0,
            began: None,
            calm: true,
            reduction: None,
            may_reduce: true,
            enough: LEAST_RATE,
        }
    }

    /// How many ranges may be worked on now.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// A range was begun.
    pub(crate) fn began(&mut self, now: Duration) {
        self.began.get_or_insert(now);
    }

    /// A range of so many bytes finished, `took` after it was begun.
    pub(crate) fn finished(&mut self, bytes: u64, took: Duration, now: Duration) {
        self.calm = true;
        self.finished += 1;
        self.bytes += bytes;
        let less_than = |rate: f64| self.may_reduce && took >= TELLING && (bytes as f64) < rate * took.as_secs_f64();
        let (slow, ample) = (less_than(LEAST_RATE), !less_than(self.enough));
        if let Some(kept) = self.reduction.as_mut().and_then(|reduction| reduction.finished(bytes, now)) {
            let before = self.reduction.take().map_or(self.width, |reduction| reduction.width);
            // Fewer streams moved less in all, so it is each connection that is slow and not the link.
            if kept {
                self.enough = LEAST_RATE * AMPLE;
            } else {
                (self.width, self.may_reduce) = (before, false);
            }
        }
        match self.strategy {
            Strategy::Adaptive { stage: Stage::Growing, .. } if ample => self.width = (self.width + 1).min(self.limit),
            _ => {}
        }
        if self.finished >= self.round {
            self.end_round(now, slow, ample);
        }
    }

    fn end_round(&mut self, now: Duration, slow: bool, ample: bool) {
        let passed = self.began.map_or(0.0, |began| now.saturating_sub(began).as_secs_f64());
        // Without time there is no rate, and nothing that speaks for more streams.
        let rate = if passed > 0.0 { self.bytes as f64 / passed } else { 0.0 };
        match &mut self.strategy {
            Strategy::Fixed => self.width = (self.width + 1).min(self.limit),
            // Nothing else changes until it is known whether taking streams away was right.
            Strategy::Adaptive { .. } if self.reduction.is_some() => {}
            Strategy::Adaptive { stage, helpful, .. } if slow && rate > 0.0 => {
                let few = ((rate / LEAST_RATE) as usize).clamp(FEW, self.width.max(FEW));
                self.reduction = (few < self.width).then_some(Reduction::new(self.width, few, rate));
                self.width = few;
                (*stage, *helpful) = (Stage::Resting(0), self.width);
            }
            // A trial begins with a round like those before it, which is its measure: the streams that come in its course
            // finish in the next one.
            Strategy::Adaptive { stage: Stage::Growing, best, level, .. } if self.round == *level => *best = rate,
            Strategy::Adaptive { stage: Stage::Growing, best, helpful, level }
                if rate > 0.0 && rate >= *best * GAIN =>
            {
                (*best, *helpful, *level) = (rate, self.round, self.round);
            }
            Strategy::Adaptive { stage: stage @ Stage::Growing, helpful, .. } => {
                self.width = ((*helpful as f64 * HEADROOM).ceil() as usize).min(self.limit);
                *stage = Stage::Resting(0);
            }
            Strategy::Adaptive { stage: Stage::Resting(rounds), .. } if *rounds + 1 < REST => *rounds += 1,
            Strategy::Adaptive { .. } if !ample => {}
            Strategy::Adaptive { stage, level, helpful, .. } => {
                // If nothing comes of it, the number is again what it was.
                let before = (self.width as f64 / HEADROOM) as usize;
                (*stage, *level, *helpful) = (Stage::Growing, self.width, before.max(1));
            }
        }
        (self.finished, self.round, self.bytes, self.began) = (0, self.width, 0, Some(now));
    }

    /// The service is overloaded. Those in flight fail together, so a round is halved once.
    pub(crate) fn overloaded(&mut self) {
        if !self.calm {
            return;
        }
        (self.calm, self.reduction) = (false, None);
        self.width = (self.width / 2).max(1);
        if let Strategy::Adaptive { stage, helpful, .. } = &mut self.strategy {
            (*stage, *helpful) = (Stage::Resting(0), self.width);
        }
        (self.finished, self.round, self.bytes, self.began) = (0, self.width, 0, None);
    }
}

/// Checks a number of streams.
pub(crate) fn checked_streams(streams: usize) -> Result<usize> {
    if (1..=MOST).contains(&streams) {
        return Ok(streams);
    }
    Err(Error::invalid("streams", format!("must be between 1 and {MOST}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    /// A link on which every stream moves at most `each` bytes per second and all together at most `total`, with
    /// `permit` seconds per range on top.
    struct Link {
        each: f64,
        total: f64,
        permit: f64,
    }

    /// Works off so many ranges on a link, by a simulated clock. Gives the width after each, and the seconds.
    fn simulate(streams: &mut Concurrency, link: &Link, stretches: usize, size: u64) -> (Vec<usize>, f64) {
        struct Stretch {
            began: f64,
            wait: f64,
            left: f64,
        }
        let at = |seconds: f64| Duration::from_secs_f64(seconds);
        let (mut now, mut left, mut flying, mut widths) = (0.0, stretches, Vec::<Stretch>::new(), Vec::new());
        while left > 0 || !flying.is_empty() {
            while left > 0 && flying.len() < streams.width() {
                streams.began(at(now));
                flying.push(Stretch { began: now, wait: link.permit, left: size as f64 });
                left -= 1;
            }
            let moving = flying.iter().filter(|one| one.wait <= 1e-9).count();
            let rate = link.each.min(link.total / moving.max(1) as f64);
            let next = |one: &Stretch| if one.wait > 1e-9 { one.wait } else { one.left / rate };
            let step = flying.iter().map(next).fold(f64::INFINITY, f64::min);
            now += step;
            for one in &mut flying {
                if one.wait > 1e-9 { one.wait -= step } else { one.left -= step * rate }
            }
            flying.retain(|one| {
                let done = one.left < 1e-3;
                if done {
                    streams.finished(size, at(now - one.began), at(now));
                    widths.push(streams.width());
                }
                !done
            });
        }
        (widths, now)
    }

    const LONG_DISTANCE: Link = Link { each: 12.5e6, total: f64::INFINITY, permit: 0.03 };

    #[test]
    fn a_link_that_gives_each_stream_little_gets_many() {
        let (widths, _) = simulate(&mut Concurrency::adaptive(), &LONG_DISTANCE, 256, 4 * MIB);
        let reached = widths.iter().position(|width| *width == MOST);
        assert!(reached.is_some_and(|at| at < 64), "{widths:?}");
        assert!(widths.iter().skip(64).all(|width| *width == MOST), "and keeps them: {widths:?}");
    }

    #[test]
    fn a_link_that_is_full_gets_no_more_streams_than_fill_it() {
        let full = Link { each: 12.5e6, total: 125e6, permit: 0.03 };
        let stretches = 2048;
        let (widths, seconds) = simulate(&mut Concurrency::adaptive(), &full, stretches, 4 * MIB);
        let share = (stretches as u64 * 4 * MIB) as f64 / seconds / 125e6;
        assert!(share >= 0.95, "{share}");
        let resting = widths.iter().filter(|width| **width == START + START / 4).count();
        assert!(resting > widths.len() / 2, "it rests more than it tries: {resting}");
    }

    #[test]
    fn a_slow_link_gets_few_streams() {
        // 3.5 Mbit/s, the case on which the read time-outs of others fail.
        let slow = Link { each: f64::INFINITY, total: 437_500.0, permit: 0.05 };
        let (widths, seconds) = simulate(&mut Concurrency::adaptive(), &slow, 256, MIB);
        assert!(widths.iter().all(|width| *width <= START), "it never grows: {widths:?}");
        assert!(widths.iter().skip(START).all(|width| *width == FEW), "{widths:?}");
        assert!((256 * MIB) as f64 / seconds / 437_500.0 > 0.9, "{seconds}");
    }

    /// A range that seems to be a little faster than a slow link can be, as its start was in a buffer, changes nothing.
    #[test]
    fn a_slow_link_that_is_uneven_keeps_few_streams() {
        let slow = Link { each: f64::INFINITY, total: 437_500.0, permit: 0.05 };
        let mut streams = Concurrency::adaptive();
        simulate(&mut streams, &slow, 96, MIB);
        assert_eq!(streams.width(), FEW);
        let mut now = Duration::from_secs(1000);
        for stretch in 0..200 {
            streams.began(now);
            let took = Duration::from_secs_f64(if stretch % 20 < 12 { 3.2 } else { 7.0 });
            now += took / 2;
            streams.finished(MIB, took, now);
            assert_eq!(streams.width(), FEW, "{stretch}");
        }
    }

    #[test]
    fn a_slow_link_that_becomes_fast_gets_many_streams() {
        let mut streams = Concurrency::adaptive();
        simulate(&mut streams, &Link { each: f64::INFINITY, total: 437_500.0, permit: 0.05 }, 96, MIB);
        assert_eq!(streams.width(), FEW);
        streams.began = None;
        simulate(&mut streams, &LONG_DISTANCE, 1024, 4 * MIB);
        assert_eq!(streams.width(), MOST);
    }

    #[test]
    fn slow_connections_of_a_fast_link_keep_their_number() {
        // As over a long and lossy way, or through a proxy that gives each connection little.
        for each in [100e3, 150e3, 230e3] {
            let lossy = Link { each, total: f64::INFINITY, permit: 0.2 };
            let (widths, seconds) = simulate(&mut Concurrency::adaptive(), &lossy, 512, 8 * MIB);
            let (_, wide) = simulate(&mut Concurrency::fixed(MOST), &lossy, 512, 8 * MIB);
            assert_eq!(widths.last(), Some(&MOST), "{each}");
            assert!(seconds < wide * 2.0, "{each}: {seconds} s, {wide} s with all");
        }
    }

    #[test]
    fn a_link_that_becomes_faster_is_noticed() {
        let mut streams = Concurrency::adaptive();
        let full = Link { each: 12.5e6, total: 12.5e7, permit: 0.03 };
        simulate(&mut streams, &full, 512, 4 * MIB);
        let before = streams.width();
        assert!(before < MOST, "{before}");
        // The simulation's clock starts anew, which a round that is going on must not see.
        streams.began = None;
        simulate(&mut streams, &LONG_DISTANCE, 1024, 4 * MIB);
        assert_eq!(streams.width(), MOST);
    }

    #[test]
    fn an_overloaded_service_gets_half_once_a_round() {
        for mut streams in
            [Concurrency::fixed(8), Concurrency { width: 8, limit: 8, round: 8, ..Concurrency::adaptive() }]
        {
            for _ in 0..8 {
                streams.overloaded();
            }
            assert_eq!(streams.width(), 4, "halved once although eight failed");
            streams.finished(MIB, Duration::ZERO, Duration::ZERO);
            streams.overloaded();
            streams.finished(MIB, Duration::ZERO, Duration::ZERO);
            streams.overloaded();
            streams.finished(MIB, Duration::ZERO, Duration::ZERO);
            streams.overloaded();
            assert_eq!(streams.width(), 1, "and never to nothing");
        }
    }

    #[test]
    fn a_fixed_number_comes_back_by_one_a_calm_round() {
        let mut streams = Concurrency::fixed(8);
        streams.overloaded();
        let widths: Vec<_> = (0..30)
            .map(|_| {
                streams.finished(MIB, Duration::ZERO, Duration::ZERO);
                streams.width()
            })
            .collect();
        assert_eq!([widths[2], widths[3], widths[8], widths[29]], [4, 5, 6, 8], "{widths:?}");
    }

    #[test]
    fn where_no_time_passes_nothing_is_concluded() {
        let mut streams = Concurrency::adaptive();
        for _ in 0..1000 {
            streams.finished(MIB, Duration::ZERO, Duration::ZERO);
        }
        assert!((START..=MOST).contains(&streams.width()));
    }

    #[test]
    fn streams_have_bounds() {
        assert!(checked_streams(1).is_ok() && checked_streams(64).is_ok());
        for wrong in [0, 65] {
            assert_eq!(checked_streams(wrong).unwrap_err().field(), Some("streams"));
        }
    }
}
