//! Placeholder while the layers are laid.
pub mod api;
pub mod base;
pub mod blob;
pub mod export;
pub mod transfer;
pub mod transport;
