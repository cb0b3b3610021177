//! `hub openapi`: the document of the API, the same that `GET /api/openapi.json` answers, in lines for people.

use crate::cli::{Outcome, output};
use crate::features;

/// Prints it. It needs no server and no database.
///
/// # Errors
/// When standard output takes no more.
pub fn run() -> Outcome {
    output::json(&features::api())
}
