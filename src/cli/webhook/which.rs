//! The webhook that a command is about.

use clap::Args;

use crate::cli::Failure;
use crate::cli::database::Changing;
use crate::features::admin::webhooks::error::WebhookError;
use crate::features::webhooks::store::targets::{self, Webhook};
use crate::types::webhook_name::WebhookName;

/// Its name.
#[derive(Debug, Args)]
pub struct Which {
    /// The webhook's name
    #[arg(value_parser = WebhookName::parse)]
    name: WebhookName,
}

impl Which {
    /// Finds it.
    ///
    /// # Errors
    /// When there is no such webhook.
    pub fn find(&self, database: &Changing) -> Result<Webhook, Failure> {
        database.read(|db| {
            let webhook = targets::webhook_named(db, &self.name)?;
            webhook.ok_or_else(|| WebhookError::NotFound.into())
        })
    }
}
