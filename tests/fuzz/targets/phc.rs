//! Stored password hashes: a text that somebody wrote into the database asks for no more memory than the bound, or for none.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::phc::holds(bytes));
