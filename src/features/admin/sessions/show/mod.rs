//! The page of one session: its facts, its lineage as a picture and as a list, and what to think of it.

pub mod picture;
