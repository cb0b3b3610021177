//! What stands inside a token, signed with the right key whatever it is: taken only when it is what we sign, each claim of its own type.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::claims::holds(bytes));
