#![no_main]
use d360_fuzz::targets;
libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::migrate_sources(data));
