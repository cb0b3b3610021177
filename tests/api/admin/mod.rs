//! The administrators' pages, one file a page.

mod audit;
mod backups;
mod dashboard;
mod endings;
mod session;
mod sessions_list;
mod sessions_revoke;
mod sessions_stage;
mod users;
mod users_acts;
mod users_authority;
mod users_search;
