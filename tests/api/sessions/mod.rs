//! Signing in, refreshing, asking and signing out.

mod cap;
mod client;
mod clocks;
mod first_use;
mod forgery;
mod hashes;
mod imported;
mod list;
mod login;
mod logout;
mod logout_all;
mod older;
mod pages;
mod refresh;
mod reuse;
mod revoke;
mod tokens;
mod validate;
