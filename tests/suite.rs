//! The one integration binary: behaviour at the library's boundary, against the emulator.

mod suite {
    mod transfer_download;
    mod transfer_upload;
    mod transfer_world;
}
