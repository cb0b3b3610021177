//! The `Cookie` header: a value counts when its cookie stands there once, in its exact name; what we set reads back.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::cookie::holds(bytes));
