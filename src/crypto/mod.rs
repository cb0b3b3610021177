//! Keys, tokens and password hashes: what the Hub proves things with.

pub mod attempt_keys;
pub mod firebase;
pub mod foreign;
pub mod form_token;
pub mod hasher;
mod hs256;
pub mod jwt;
pub mod key_file;
pub mod keyring;
pub mod ring;
pub mod service_keys;
mod stored_hash;
pub mod totp;
pub mod webhook_keys;
