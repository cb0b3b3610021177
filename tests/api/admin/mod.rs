//! The administrators' pages, one file a page.

mod session;
