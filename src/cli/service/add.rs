//! `hub service add`: makes a service account and prints its token, once.

use clap::Args;

use crate::cli::database::Changing;
use crate::cli::output::print;
use crate::cli::{Global, Outcome};
use crate::features::admin::services::add::{self, AddService};
use crate::types::service_name::ServiceName;

/// Make a service account and print its token, which is shown this once.
#[derive(Debug, Args)]
pub struct Add {
    /// The service's name: 1 to 64 letters, digits, dots, underscores and hyphens
    #[arg(value_parser = ServiceName::parse)]
    name: ServiceName,
}

impl Add {
    /// Makes it. Only the token stands on standard output, so that it can go straight to where the service finds it.
    ///
    /// # Errors
    /// When the name is taken, or there are as many accounts as there may be.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Changing::open(global)?;
        let change = AddService::new(&database.hub, self.name, database.cause());
        let account = database.apply(change)?;
        print(add::token(&database.hub, &account)?.reveal())
    }
}
