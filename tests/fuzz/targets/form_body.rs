//! Form bodies behind a good form token: of any bytes comes a refusal or the fields that were sent; without the token, a refusal.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::form_body::holds(bytes));
