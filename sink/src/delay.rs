//! The delay line: how many of the bytes that arrived may be handed on. Pure; it counts bytes and does not hold them,
//! and the time is handed in.

use std::collections::VecDeque;

use crate::bucket::Nanoseconds;

/// Bytes on their way, in the order of arrival.
#[derive(Debug)]
pub(crate) struct DelayLine {
    delay: Nanoseconds,
    /// When how many bytes are due.
    waiting: VecDeque<(Nanoseconds, usize)>,
    length: usize,
}

impl DelayLine {
    pub(crate) fn new(delay: Nanoseconds) -> Self {
        Self { delay, waiting: VecDeque::new(), length: 0 }
    }

    /// Takes bytes that arrived now.
    pub(crate) fn arrived(&mut self, now: Nanoseconds, bytes: usize) {
        if bytes > 0 {
            self.waiting.push_back((now.saturating_add(self.delay), bytes));
            self.length += bytes;
        }
    }

    /// Takes out what is due, at most so many bytes; returns how many those are.
    pub(crate) fn hand_on(&mut self, now: Nanoseconds, most: usize) -> usize {
        let mut handed = 0;
        while handed < most
            && let Some((due, bytes)) = self.waiting.front_mut()
            && *due <= now
        {
            let count = (*bytes).min(most - handed);
            handed += count;
            *bytes -= count;
            if *bytes == 0 {
                self.waiting.pop_front();
            }
        }
        self.length -= handed;
        handed
    }

    /// When the next bytes are due; `None` when none are on their way.
    pub(crate) fn next_due(&self) -> Option<Nanoseconds> {
        self.waiting.front().map(|(due, _)| *due)
    }

    /// Bytes on their way.
    pub(crate) fn length(&self) -> usize {
        self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_waits_its_time_and_no_longer() {
        let mut line = DelayLine::new(30);
        line.arrived(0, 100);
        line.arrived(10, 50);
        line.arrived(10, 0);
        // Time, most, handed on, left, next due.
        let table = [
            (29, 1_000, 0, 150, Some(30)),
            (30, 60, 60, 90, Some(30)),
            (39, 1_000, 40, 50, Some(40)),
            (40, 0, 0, 50, Some(40)),
            (70, 1_000, 50, 0, None),
            (70, 1_000, 0, 0, None),
        ];
        for (now, most, handed, left, due) in table {
            assert_eq!((line.hand_on(now, most), line.length(), line.next_due()), (handed, left, due), "at {now}");
        }
    }

    #[test]
    fn a_delay_does_not_slow_a_stream() {
        // A portion every time unit: after the delay, the same portion every time unit comes out.
        let mut line = DelayLine::new(30);
        let mut handed = 0;
        for now in 0..1_000 {
            line.arrived(now, 7);
            handed += line.hand_on(now, usize::MAX);
            assert_eq!(handed, 7 * (now as usize + 1).saturating_sub(30), "at {now}");
        }
    }
}
