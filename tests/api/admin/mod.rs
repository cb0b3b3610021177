//! The administrators' pages.

mod sessions_list;
