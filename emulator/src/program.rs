//! What the programs of this package have in common: the signals that end them, and sizes on their command lines. No
//! part of the library's interface.

/// A number of bytes, plain or with the suffix KiB, MiB or GiB.
pub fn size(text: &str) -> Result<u64, String> {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("", 0)];
    let read = units.iter().find_map(|(suffix, shift)| Some((text.strip_suffix(suffix)?, shift)));
    let bytes = read.and_then(|(digits, shift)| digits.trim().parse::<u64>().ok()?.checked_mul(1 << shift));
    bytes.ok_or_else(|| "must be a number of bytes, or one with KiB, MiB or GiB, such as 64MiB".to_owned())
}

/// Which signal came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM, for this process alone.
    Terminate,
    /// Ctrl-C, which a terminal sends to the whole group.
    Interrupt,
}

/// The signals that end the program.
#[cfg(unix)]
#[derive(Debug)]
pub struct Stop {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Stop {
    /// Listens from now on.
    pub fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Returns once one of them came.
    pub async fn wait(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.interrupt.recv() => Signal::Interrupt,
        }
    }
}

/// The signals that end the program.
#[cfg(not(unix))]
#[derive(Debug)]
pub struct Stop;

#[cfg(not(unix))]
impl Stop {
    /// Listens from now on.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    /// Returns once one of them came.
    pub async fn wait(&mut self) -> Signal {
        // An error means that no signal can be received; the program then runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, expected) in
            [("5", Some(5)), ("2KiB", Some(2048)), ("1GiB", Some(1 << 30)), ("1GB", None), ("", None)]
        {
            assert_eq!(size(text).ok(), expected, "{text}");
        }
    }
}
