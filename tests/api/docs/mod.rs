//! The document of the API: it names every route, its examples are what a Hub answers, and no answer of any test is missing in it.

pub mod documented;
pub mod examples;
mod pages;
mod routes;
mod search;
mod served;
