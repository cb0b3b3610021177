//! JSON bodies: of any bytes comes a refusal or an object whose texts are those that were sent.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::json_body::holds(bytes));
