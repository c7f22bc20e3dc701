//! Something that a host's own event loop can wait on, signalled when an operation has ended.
//!
//! On POSIX it is the reading end of a pipe. The library keeps a copy of that end, so that its one byte never meets a
//! closed pipe, whatever the host has done with its own: that would raise SIGPIPE. On Windows it is an event.

use std::io;

/// What `epi_operation_end_event` gives: a descriptor, or a HANDLE.
pub(super) type Native = isize;

#[cfg(unix)]
mod system {
    use std::io::{self, PipeReader, PipeWriter, Write as _};
    use std::os::fd::{IntoRawFd as _, OwnedFd};

    use super::Native;

    pub(super) struct Event {
        writer: PipeWriter,
        _reader: PipeReader,
    }

    pub(super) fn pair() -> io::Result<(Event, Native)> {
        let (reader, writer) = io::pipe()?;
        let given = OwnedFd::from(reader.try_clone()?).into_raw_fd();
        // A descriptor is a small number.
        Ok((Event { writer, _reader: reader }, given as Native))
    }

    pub(super) fn signal(event: &Event) {
        // An empty pipe takes one byte; and where it does not, that the pipe closes now is seen as well.
        let _ = (&event.writer).write(&[1]);
    }
}

#[cfg(windows)]
mod system {
    use std::io;
    use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, IntoRawHandle as _, OwnedHandle};
    use std::ptr;

    use windows_sys::Win32::System::Threading::{CreateEventW, SetEvent};

    use super::Native;

    pub(super) struct Event(OwnedHandle);

    pub(super) fn pair() -> io::Result<(Event, Native)> {
        let (manual_reset, is_signalled) = (1, 0);
        // SAFETY: no attributes and no name; the result is checked before it is owned.
        let handle = unsafe { CreateEventW(ptr::null(), manual_reset, is_signalled, ptr::null()) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a handle that was just made and that nobody else owns.
        let event = unsafe { OwnedHandle::from_raw_handle(handle) };
        let given = event.try_clone()?.into_raw_handle() as Native;
        Ok((Event(event), given))
    }

    pub(super) fn signal(event: &Event) {
        // SAFETY: an event that is owned here. It cannot fail.
        unsafe { SetEvent(event.0.as_raw_handle()) };
    }
}

/// The library's end of it.
pub(super) struct EndEvent(system::Event);

impl EndEvent {
    /// Makes one, and what the host waits on, which is the host's to close.
    pub(super) fn pair() -> io::Result<(Self, Native)> {
        let (event, native) = system::pair()?;
        Ok((Self(event), native))
    }

    pub(super) fn signal(self) {
        system::signal(&self.0);
    }
}
