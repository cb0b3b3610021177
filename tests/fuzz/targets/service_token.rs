//! Tokens of services: one spelling each, and none that the key did not make for this very row proves anything.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::service_token::holds(bytes));
