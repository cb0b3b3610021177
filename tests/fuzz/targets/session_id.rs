//! Session ids: one spelling each.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::session_id::holds(bytes));
