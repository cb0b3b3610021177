//! What somebody types for a second factor: six digits or a recovery code, whatever blanks and hyphens stand in it.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::second_factor::holds(bytes));
