//! Threads of the library's own: how they are named, how large their stack is, and what it means when the system gives
//! none, or when work on one panics. Starts none itself.

use std::any::Any;
use std::io;
use std::thread::Builder;

use super::error::{Error, Kind, Retry};

/// The stack of each thread. Said for each, because a host's `RUST_MIN_STACK` would count otherwise.
pub const STACK: usize = 2 << 20;

/// A thread to be started.
pub fn named(name: &str) -> Builder {
    Builder::new().name(name.to_owned()).stack_size(STACK)
}

/// The error of a thread that could not be started; `what` names its purpose, such as `the thread for callbacks`.
#[must_use]
pub fn refused(what: &str, error: &io::Error) -> Error {
    match error.kind() {
        // What systems answer where a limit is reached, and where the memory for a stack cannot be had.
        io::ErrorKind::WouldBlock | io::ErrorKind::OutOfMemory => {
            let limit = if cfg!(unix) {
                "the limit on processes and threads is reached (ulimit -u or the pids limit of the container)"
            } else {
                "the limit on threads or memory is reached"
            };
            Error::new(Kind::Io, format!("cannot start {what}: {limit}"))
                .with_next_step("raise the limit or stop other programs that count towards it, then run it again")
                .with_retry(Retry::Later, None)
        }
        _ => Error::io(format!("cannot start {what}"), error),
    }
}

/// The error of a panic, which is a bug in this library.
#[must_use]
pub fn panicked(text: &str) -> Error {
    // One line, as all messages are.
    let text = text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    Error::new(Kind::Panic, format!("a bug in this library: {text}")).with_next_step("please report it")
}

/// What a panic says.
#[must_use]
pub fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_named_where_it_is_the_cause() {
        let error = refused("the thread for callbacks", &io::ErrorKind::WouldBlock.into());
        assert_eq!((error.kind(), error.retry()), (Kind::Io, Retry::Later));
        assert!(error.message().starts_with("cannot start the thread for callbacks: the limit on "), "{error}");
        assert!(error.next_step().is_some());
        let other = refused("the thread for callbacks", &io::ErrorKind::InvalidInput.into());
        assert_eq!(other.kind(), Kind::Io);
        assert!(!other.message().contains("limit"), "{other}");
    }
}
