//! Several players at once, each with a runner of its own.

use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tokio::runtime::Runtime;

use super::runner::Runner;
use super::{case, judge};

/// Cases that wait for the service mostly sleep, so there may be more players than processors.
const PLAYERS: usize = 6;

/// Plays all cases, a few at a time.
pub(super) fn play_all(who: &str, make: impl Fn() -> Box<dyn Runner> + Sync) {
    let cases = case::all();
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let player = || {
        let runtime = Runtime::new().unwrap();
        let mut runner = make();
        while let Some(case) = cases.get(next.fetch_add(1, Relaxed)) {
            let wrong = judge::play(case, runner.as_mut(), &runtime);
            if !wrong.is_empty() {
                failures.lock().unwrap().push(format!("{}\n  {}", case.name, wrong.join("\n  ")));
            }
        }
    };
    std::thread::scope(|scope| (0..PLAYERS).map(|_| scope.spawn(player)).for_each(drop));
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{who}: {} of {} cases\n{}", failures.len(), cases.len(), failures.join("\n"));
    // Past the capture of the test runner; a closed stream is no failure of a test.
    let _ = writeln!(std::io::stderr(), "{who}: {} cases", cases.len());
}
