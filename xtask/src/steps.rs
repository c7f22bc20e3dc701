//! The steps of a long command, each with its name and its time.

use std::time::Instant;

use crate::failure::{Failure, Result};

/// A run of steps.
pub(crate) struct Steps {
    began: Instant,
    passed: u32,
}

impl Default for Steps {
    fn default() -> Self {
        Self { began: Instant::now(), passed: 0 }
    }
}

impl Steps {
    /// Carries one out. The first that fails ends the run under its name.
    pub(crate) fn step<T>(&mut self, name: &str, body: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("==> {name}");
        let began = Instant::now();
        let outcome = body().map_err(|failure| Failure::new(format!("step '{name}' failed: {failure}")))?;
        println!("<== {name}: passed in {}", spoken(began));
        self.passed += 1;
        Ok(outcome)
    }

    /// Says that all of them passed.
    pub(crate) fn finish(&self) {
        println!("{} steps passed in {}", self.passed, spoken(self.began));
    }
}

fn spoken(since: Instant) -> String {
    let seconds = since.elapsed().as_secs_f64();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{:.0} min {:.0} s", (seconds / 60.0).floor(), seconds % 60.0)
    }
}
