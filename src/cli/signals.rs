//! Ctrl-C and the signals of a pipeline that is stopped: the first cancels cleanly, the second ends at once.

use crate::base::cancel::CancelToken;
use crate::base::error::{Error, Kind, Result};

/// Cancels `token` at the first signal after telling `first`, and ends the process at the second. Must be called on
/// the runtime.
pub(super) fn cancel_on_interrupt(token: CancelToken, first: impl Fn() + Send + 'static) -> Result<()> {
    let mut signals = Signals::listen()?;
    tokio::spawn(async move {
        signals.next().await;
        first();
        token.cancel();
        signals.next().await;
        std::process::exit(i32::from(Kind::Cancelled.row().exit_code));
    });
    Ok(())
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
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
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        // Without a console there is nothing to listen to, and nothing that could interrupt.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn unavailable(error: &std::io::Error) -> Error {
    Error::new(Kind::Internal, format!("cannot listen for signals: {error}"))
}
