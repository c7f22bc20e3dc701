//! libFuzzer's program for the target `options`.

#![no_main]

libfuzzer_sys::fuzz_target!(init: epicloud_fuzz::abi::prepare(), |bytes| epicloud_fuzz::options::run(bytes));
