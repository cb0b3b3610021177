//! Places in the feed of revocations: one spelling each.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::feed_place::holds(bytes));
