//! libFuzzer's program for the target `request`.

#![no_main]

libfuzzer_sys::fuzz_target!(init: epicloud_fuzz::abi::prepare(), |bytes| epicloud_fuzz::request::run(bytes));
