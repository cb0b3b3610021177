//! Form tokens: only the one that the key made for this very cookie passes.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::form_token::holds(bytes));
