//! Copies of the database: what becomes of one that is put back.

pub mod restored;
