//! The async runtime that operations run on, made in one way for every host of the library.
//!
//! The runtime's own builder panics where the system gives fewer threads than it wants, and while it unwinds it waits
//! for ever for those that it got. Its pool for file work panics where it has no thread and gets none. Here both are
//! an error.

use std::any::Any;
use std::cell::RefCell;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Once, OnceLock};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::MissedTickBehavior;

use crate::base::error::{Error, Kind, Result};
use crate::base::threads;

/// The most threads that requests and encryption are spread over; more gained nothing.
const MOST_WORKERS: usize = 4;

/// How long a thread for file work stays without any.
const KEPT_IDLE: Duration = Duration::from_secs(30);

/// How often one of these threads gets something to do, so that there is always one. While there is one, work waits for
/// it where the system gives no other.
const REFRESH: Duration = Duration::from_secs(10);

const PURPOSE: &str = "the library's threads";

/// Whether the threads of a runtime may begin: decided when all of them are there, or not all can be had.
type Gate = Arc<OnceLock<bool>>;

thread_local! {
    /// The gate of the runtime that this thread builds.
    static BUILDING: RefCell<Option<Gate>> = const { RefCell::new(None) };
}

/// Makes a runtime; `on_thread_start` is called in each of its threads.
///
/// # Errors
/// `Io` when the system gives too few threads or files.
pub fn start(on_thread_start: impl Fn() + Send + Sync + 'static) -> Result<Runtime> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_WORKERS);
    let builder = threads::named("epicloud-start").spawn(move || build(workers, on_thread_start));
    let built = builder.map_err(|error| threads::refused(PURPOSE, &error))?.join();
    built.unwrap_or_else(|payload| Err(panicked(payload.as_ref())))
}

/// On a thread of its own, whose panics are kept from the terminal.
fn build(workers: usize, on_thread_start: impl Fn() + Send + Sync + 'static) -> Result<Runtime> {
    // One more for file work.
    probe(workers + 1).map_err(|error| threads::refused(PURPOSE, &error))?;
    let gate = Gate::default();
    tell_of_panics(&gate);
    let built = panic::catch_unwind(AssertUnwindSafe(|| runtime(workers, Arc::clone(&gate), on_thread_start)));
    let runtime = built
        .map_err(|payload| panicked(payload.as_ref()))?
        .map_err(|error| Error::io("cannot start the async runtime", &error))?;
    let first = panic::catch_unwind(AssertUnwindSafe(|| drop(runtime.spawn_blocking(|| ()))));
    if let Err(payload) = first {
        runtime.shutdown_background();
        return Err(panicked(payload.as_ref()));
    }
    // Only a panic has decided before.
    let _ = gate.set(true);
    runtime.spawn(keep_one());
    Ok(runtime)
}

/// Starts as many threads at once as will be needed. Most of the time this tells already that there are too few, and
/// what is made here is given back, while a builder that has failed leaves descriptors open.
fn probe(count: usize) -> io::Result<()> {
    let gate = Gate::default();
    let started: io::Result<Vec<_>> = (0..count)
        .map(|_| {
            let gate = Arc::clone(&gate);
            threads::named("epicloud-start").spawn(move || _ = gate.wait())
        })
        .collect();
    let _ = gate.set(true);
    started?.into_iter().try_for_each(|thread| thread.join().map_err(|_| io::ErrorKind::Other.into()))
}

fn runtime(workers: usize, gate: Gate, on_thread_start: impl Fn() + Send + Sync + 'static) -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .enable_all()
        // Said, because variables of a host's would count otherwise.
        .worker_threads(workers)
        .thread_stack_size(threads::STACK)
        .thread_keep_alive(KEPT_IDLE)
        .thread_name("epicloud")
        .on_thread_start(move || {
            if !*gate.wait() {
                // The builder waits for this thread's end before its panic goes on. No hook is told of this one.
                panic::resume_unwind(Box::new("the runtime was not built"));
            }
            on_thread_start();
        })
        .build()
}

/// Closes the gate when the current thread panics, before it unwinds, and keeps the panic from the terminal.
fn tell_of_panics(gate: &Gate) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| match BUILDING.with_borrow(Clone::clone) {
            Some(gate) => drop(gate.set(false)),
            None => before(info),
        }));
    });
    BUILDING.set(Some(Arc::clone(gate)));
}

fn panicked(payload: &(dyn Any + Send)) -> Error {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or_default();
    if text.starts_with("OS can't spawn") {
        return threads::refused(PURPOSE, &io::ErrorKind::WouldBlock.into());
    }
    // The builder has no other reason but that something cannot be had, such as a pair of sockets.
    Error::new(Kind::Io, format!("cannot start the async runtime: {text}"))
}

/// Keeps a thread for file work alive.
async fn keep_one() {
    let mut tick = tokio::time::interval(REFRESH);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        // It ends with the runtime.
        let _ = tokio::task::spawn_blocking(|| ()).await;
    }
}
