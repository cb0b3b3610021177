//! `Host`: what passes for this very machine is a name or an address of it and nothing else.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::host::holds(bytes));
