//! `hub audit verify`: walks the chain of hashes.

use clap::Args;
use data_encoding::HEXLOWER;
use serde_json::json;

use crate::cli::database::Reading;
use crate::cli::output::{self, counted};
use crate::cli::{Exit, Failure, Global, Outcome};
use crate::store::audit::{self, Chain};

/// Walk the chain of hashes; exit code 1 when it is broken.
///
/// Keep the printed hash elsewhere: a later run that finds it at the same row proves that nothing before was rewritten.
#[derive(Debug, Args)]
pub struct Verify {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Verify {
    /// Walks it.
    ///
    /// # Errors
    /// When the chain is broken.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Reading::open(global)?;
        match database.read(|db| Ok(audit::verify(db)?))? {
            Chain::Whole { rows, head } => {
                let head = HEXLOWER.encode(&head);
                if self.json {
                    return output::json(&json!({"whole": true, "rows": rows, "head": head}));
                }
                let count = counted(rows.unsigned_abs(), "row");
                output::print(&format!("the chain is whole: {count}, head {head}"))
            }
            Chain::Broken { at } => {
                if self.json {
                    output::json(&json!({"whole": false, "broken_at": at}))?;
                }
                Err(Failure::new(
                    Exit::Failed,
                    format!(
                        "the audit's chain is broken at row {at}: that row is missing or was changed; compare with a backup"
                    ),
                ))
            }
        }
    }
}
