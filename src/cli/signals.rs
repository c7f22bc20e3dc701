//! Ctrl-C and the signals of a pipeline that is stopped: the first cancels cleanly, the second ends at once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::base::cancel::CancelToken;
use crate::base::error::{Error, Kind, Result};
use crate::base::redaction::plain;

/// At the first signal raises `interrupted`, cancels `token` and then tells `first`; ends the process at the second. Must be
/// called on the runtime.
pub(super) fn cancel_on_interrupt(
    token: CancelToken,
    interrupted: &Arc<AtomicBool>,
    first: impl Fn() + Send + 'static,
) -> Result<()> {
    let mut signals = Signals::listen(interrupted)?;
    tokio::spawn(async move {
        signals.next().await;
        // Before anything is said, because saying something may take its time.
        token.cancel();
        first();
        signals.end_at_next().await;
    });
    Ok(())
}

fn exit_code() -> i32 {
    i32::from(Kind::Cancelled.row().exit_code)
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen(interrupted: &Arc<AtomicBool>) -> Result<Self> {
        use signal_hook::consts::{SIGINT, SIGTERM};
        use signal_hook::flag;
        use tokio::signal::unix::{SignalKind, signal};
        for number in [SIGINT, SIGTERM] {
            // The order matters, also that the runtime hears of it last: the first signal finds the flag down and raises
            // it. The second one ends the process in the handler itself, whatever the threads are doing and whatever
            // locks they hold.
            flag::register_conditional_shutdown(number, exit_code(), Arc::clone(interrupted))
                .and_then(|_| flag::register(number, Arc::clone(interrupted)))
                .map_err(|error| unavailable(&error))?;
        }
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(|error| unavailable(&error))?,
            terminate: signal(SignalKind::terminate()).map_err(|error| unavailable(&error))?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// The handler does that.
    async fn end_at_next(&mut self) {}
}

#[cfg(not(unix))]
struct Signals {
    interrupted: Arc<AtomicBool>,
}

#[cfg(not(unix))]
impl Signals {
    fn listen(interrupted: &Arc<AtomicBool>) -> Result<Self> {
        Ok(Self { interrupted: Arc::clone(interrupted) })
    }

    async fn next(&mut self) {
        // Without a console there is nothing to listen to, and nothing that could interrupt.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        self.interrupted.store(true, std::sync::atomic::Ordering::SeqCst);
    }

    async fn end_at_next(&mut self) {
        self.next().await;
        std::process::exit(exit_code());
    }
}

#[cfg(unix)]
fn unavailable(error: &std::io::Error) -> Error {
    Error::new(Kind::Internal, format!("cannot listen for signals: {}", plain(error)))
}
