//! The one integration binary: behaviour at the library's boundary, against the emulator.

// `cfg(test)` always holds here; it tells the lints that helpers of tests are tests too.
#[cfg(test)]
mod suite {
    mod blob;
    mod transfer_download;
    mod transfer_upload;
    mod transfer_world;
}
