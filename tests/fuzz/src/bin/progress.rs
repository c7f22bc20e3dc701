//! libFuzzer's program for the target `progress`.

#![no_main]

libfuzzer_sys::fuzz_target!(init: epicloud_fuzz::abi::prepare(), |bytes| epicloud_fuzz::progress::run(bytes));
