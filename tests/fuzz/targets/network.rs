//! Networks as people type them: what is read prints back and is read the same, and holds its own first and last address.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::network::holds(bytes));
