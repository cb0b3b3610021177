//! The pages under `/account`.

mod overview;
mod password;
mod profile;
mod second_factor;
mod sessions;
