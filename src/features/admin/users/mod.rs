//! Other people's accounts. Each act is a change, so that every way to it (the command line, a page) does the same.

pub mod add_user;
pub mod delete_user;
pub mod error;
pub mod new_account;
pub mod set_active;
pub mod set_password;
pub mod set_role;
