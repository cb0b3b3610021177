//! Usernames and email addresses: kept as typed, and the form in which two are the same stays what it is.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::account_names::holds(bytes));
