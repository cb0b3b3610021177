//! Presented tokens: what the key did not make is never accepted, not even with one bit of it changed, nor as a token of another kind.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::token::holds(bytes));
