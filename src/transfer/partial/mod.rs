//! The file that is received, from its reservation until it gets its name.

pub(super) mod allocation;
pub(super) mod flush;
pub(super) mod ownership;
pub(super) mod partial_file;
pub(super) mod reservation;
pub(super) mod target;
