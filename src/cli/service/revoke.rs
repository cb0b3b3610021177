//! `hub service revoke`: revokes a service account.

use clap::Args;

use crate::cli::database::Changing;
use crate::cli::output::print;
use crate::cli::{Failure, Global, Outcome};
use crate::features::admin::services::error::ServiceError;
use crate::features::admin::services::revoke::RevokeService;
use crate::features::revocations::store;
use crate::types::service_name::ServiceName;

/// Revoke a service account: its token opens nothing from then on, and what it reads ends within a second.
#[derive(Debug, Args)]
pub struct Revoke {
    /// The service's name
    #[arg(value_parser = ServiceName::parse)]
    name: ServiceName,
}

impl Revoke {
    /// Revokes it.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Changing::open(global)?;
        let found = database.read(|db| {
            let account = store::account_named(db, &self.name)?;
            account.ok_or_else(|| Failure::from(ServiceError::NotFound))
        })?;
        let account = database.apply(RevokeService {
            id: found.id,
            cause: database.cause(),
        })?;
        print(&format!(
            "revoked service {} {} in {}",
            account.id,
            account.name,
            database.path()
        ))
    }
}
