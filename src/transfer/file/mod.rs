//! Files as transfers use them: the source, reading and writing at places, locks, buffers, and threads that may wait.

pub(super) mod buffers;
pub(super) mod file_tasks;
pub(super) mod lock;
pub(super) mod positioned_io;
pub(super) mod source;
