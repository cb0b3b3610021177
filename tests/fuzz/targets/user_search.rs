//! The search field of the users' list: it finds those whose name or address holds the text, and nobody else.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::user_search::holds(bytes));
