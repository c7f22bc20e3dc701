//! Placeholder while the layers are laid.
pub mod base;
pub mod blob;
pub mod transfer;
pub mod transport;
