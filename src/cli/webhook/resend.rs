//! `hub webhook resend`: sends dead letters again.

use clap::Args;

use crate::cli::database::Changing;
use crate::cli::output::{counted, print};
use crate::cli::webhook::which::Which;
use crate::cli::{Global, Outcome};
use crate::features::admin::webhooks::resend;
use crate::types::ids::DeliveryId;

/// Send a dead letter again, or all of them, under the ids that they had.
#[derive(Debug, Args)]
pub struct Resend {
    #[command(flatten)]
    which: Which,
    /// The dead letter's number, as `hub webhook show` prints it
    #[arg(required_unless_present = "all", value_name = "ID")]
    delivery: Option<i64>,
    /// Send all of them
    #[arg(long, conflicts_with = "delivery")]
    all: bool,
}

impl Resend {
    /// Makes them wait again; the running server sends them.
    ///
    /// # Errors
    /// When there is no such webhook or dead letter.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Changing::open(global)?;
        let found = self.which.find(&database)?;
        let count = database.apply(resend::Resend {
            id: found.id,
            delivery: self.delivery.filter(|_| !self.all).map(DeliveryId),
            cause: database.cause(),
        })?;
        print(&format!(
            "{} of webhook {} {} on the way again in {}",
            counted(count, "dead letter"),
            found.id,
            found.name,
            database.path()
        ))
    }
}
