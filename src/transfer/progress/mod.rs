//! How far a transfer is: its figures, and their way to the sink.

pub(super) mod meter;
pub(super) mod rate;
