//! What a client calls itself: kept short and visible, and the device's name is made of our own words only.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::user_agent::holds(bytes));
