//! The integration tests: the library and the command line against the emulator, and against Azurite.
//!
//! One binary, so that it is linked once. Time is virtual wherever the library runs in this process.

// `cfg(test)` always holds here; it tells the lints that everything below is a test.
#[cfg(test)]
mod suite {
    mod answers;
    mod api_calls;
    mod api_wire;
    mod azurite;
    mod bacpac_archive;
    mod bacpac_saved;
    mod bacpac_structure;
    mod bad_input;
    mod blob;
    mod clocks;
    mod command_line;
    mod deploying;
    mod documents;
    mod download_files;
    mod download_gateways;
    mod download_pages;
    #[cfg(all(unix, not(target_os = "macos")))]
    mod file_names;
    mod fixture;
    mod given_texts;
    mod guidewire;
    mod jobs;
    mod pages;
    mod proxies;
    mod redis_enterprise;
    mod refusals;
    mod retry_after;
    mod saving_again;
    mod scripted;
    mod secrets;
    mod services;
    #[cfg(unix)]
    mod terminal;
    mod thread_limits;
    mod transfer_cancel;
    mod transfer_child;
    mod transfer_disk;
    mod transfer_download;
    mod transfer_faults;
    mod transfer_fixture;
    mod transfer_ids;
    mod transfer_inspection;
    mod transfer_kill;
    mod transfer_links;
    mod transfer_memory;
    mod transfer_progress;
    mod transfer_proof;
    mod transfer_resume;
    mod transfer_secrets;
    mod transfer_several;
    mod transfer_slow_link;
    mod transfer_source;
    mod transfer_tls;
    mod transfer_upload;
    #[cfg(target_os = "linux")]
    mod unread;
    mod virtual_time;
    mod waits;
    mod wires;
    mod words;
}
