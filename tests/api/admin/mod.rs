//! The administrators' pages, one file a page.

mod session;
mod users;
mod users_acts;
