//! `hub openapi`: the document of the API, the same that `GET /api/openapi.json` answers, in lines for people.

use clap::Args;

use crate::cli::{Outcome, output};
use crate::features;

/// Print the document of the API (OpenAPI 3.1, JSON); needs no server and no database.
#[derive(Debug, Args)]
pub struct OpenApi {}

impl OpenApi {
    /// Prints it.
    ///
    /// # Errors
    /// When standard output takes no more.
    pub fn run(self) -> Outcome {
        output::json(&features::api())
    }
}
