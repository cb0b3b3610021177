//! `hub webhook add`: makes a webhook and prints its secret, once.

use clap::Args;

use crate::cli::database::Changing;
use crate::cli::output::print;
use crate::cli::{Exit, Failure, Global, Outcome};
use crate::features::admin::webhooks::add::{self, AddWebhook};
use crate::features::webhooks::model::Kind;
use crate::types::target_url::TargetUrl;
use crate::types::webhook_name::WebhookName;

/// Make a webhook and print its secret, which is shown this once.
#[derive(Debug, Args)]
pub struct Add {
    /// The webhook's name: 1 to 64 letters, digits, dots, underscores and hyphens
    #[arg(value_parser = WebhookName::parse)]
    name: WebhookName,
    /// Where it is told: an https:// address
    #[arg(value_parser = TargetUrl::parse)]
    url: TargetUrl,
    /// What it is told, such as session.ended,user.deleted; all events if this is left out
    #[arg(long, value_name = "EVENTS", value_delimiter = ',')]
    events: Vec<String>,
}

impl Add {
    /// Makes it. Only the secret stands on standard output, so that it can go straight to where the receiver finds it.
    ///
    /// # Errors
    /// When the name is taken, the address may not be connected to, an event is unknown, or there are as many webhooks as there may be.
    pub fn run(self, global: &Global) -> Outcome {
        let kinds = kinds(&self.events)?;
        let database = Changing::open(global)?;
        let hub = &database.hub;
        let change = AddWebhook::new(hub, self.name, self.url, kinds, database.cause())?;
        let webhook = database.apply(change)?;
        print(add::secret(hub, webhook.facts())?.reveal())
    }
}

fn kinds(typed: &[String]) -> Result<Vec<Kind>, Failure> {
    if typed.is_empty() {
        return Ok(Kind::WANTED.to_vec());
    }
    let mut kinds = Vec::new();
    for text in typed {
        let kind = Kind::wanted(text.trim()).ok_or_else(|| {
            let known = Kind::WANTED.map(Kind::as_str).join(", ");
            Failure::new(
                Exit::Usage,
                format!("--events: {text:?} is no event; there are {known}"),
            )
        })?;
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    Ok(kinds)
}
