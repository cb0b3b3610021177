//! The administrators' pages, one file a page.

mod audit;
mod dashboard;
mod session;
mod sessions_list;
