//! `GET /admin/webhooks/new` and `POST /admin/webhooks/new`: a webhook is made, and its secret shown once.

use rocket::{State, get, post};
use rocket_dyn_templates::context;
use serde::Serialize;

use crate::crypto::webhook_keys::WebhookFacts;
use crate::features::admin::users::authority::{Act, check};
use crate::features::admin::webhooks::error::WebhookError;
use crate::features::browser::who::SuperAdministrator;
use crate::features::webhooks::address::judge_target;
use crate::features::webhooks::courier::Courier;
use crate::features::webhooks::model::{Kind, MAX_WEBHOOKS};
use crate::features::webhooks::store::targets::{self, NewWebhook, Webhook};
use crate::http::form::{FieldError, Form};
use crate::http::pages::Page;
use crate::http::refusal::Refusal;
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::salt::Salt;
use crate::types::target_url::TargetUrl;
use crate::types::token::TokenText;
use crate::types::webhook_name::WebhookName;

/// Where this page is: whoever has to give the password first comes back here.
const HERE: &str = "/admin/webhooks/new";

/// Makes a webhook.
pub struct AddWebhook {
    new: NewWebhook,
    cause: Cause,
}

impl AddWebhook {
    /// A webhook of this name. An address that is known now to be refused is refused now; what a name leads to is judged at each delivery.
    ///
    /// # Errors
    /// When its address may not be connected to, or it wants nothing.
    pub fn new(
        hub: &Hub,
        name: WebhookName,
        url: TargetUrl,
        kinds: Vec<Kind>,
        cause: Cause,
    ) -> Result<Self, WebhookError> {
        judge_target(&url, &hub.config.webhooks.allowed_networks).map_err(WebhookError::Refused)?;
        if kinds.is_empty() {
            return Err(WebhookError::NoEvents);
        }
        Ok(Self {
            new: NewWebhook {
                name,
                url,
                kinds,
                salt: Salt::generate(hub.entropy.as_ref()),
                key: hub.webhook_keys.present(),
            },
            cause,
        })
    }
}

impl Change for AddWebhook {
    type Outcome = Webhook;
    type Error = WebhookError;

    fn apply(self, tx: &Tx<'_>) -> Result<Webhook, WebhookError> {
        check(tx, &self.cause, Act::Webhooks, None)?;
        if targets::webhook_named(tx, &self.new.name)?.is_some() {
            return Err(WebhookError::NameTaken);
        }
        let present = targets::webhooks(tx)?.len();
        if u32::try_from(present).is_ok_and(|present| present >= MAX_WEBHOOKS) {
            return Err(WebhookError::TooMany);
        }
        let webhook = targets::add(tx, &self.new, self.cause.at.wall)?;
        // The host alone: the rest of the address may hold a secret.
        let host = webhook.url.host();
        tx.audit(
            &self.cause,
            Action::WebhookAdd,
            Some(format!("webhook:{}", webhook.id)),
            Some(format!("name={} host={host}", webhook.name)),
        )?;
        Ok(webhook)
    }
}

/// The secret of a webhook that was just given one.
///
/// # Errors
/// When its key went out of the ring in the same moment, which no rotation does.
pub fn secret(hub: &Hub, facts: WebhookFacts<'_>) -> Result<TokenText, StoreError> {
    let secret = hub.webhook_keys.secret(facts);
    let secret = secret.map(|secret| secret.shown());
    secret.ok_or_else(|| StoreError::Broken("the present key is not at hand".to_owned()))
}

/// What was typed.
#[derive(Serialize, Default)]
struct Typed<'form> {
    name: &'form str,
    url: &'form str,
}

/// An event to tick.
#[derive(Serialize)]
struct Choice {
    kind: &'static str,
    meaning: &'static str,
    is_ticked: bool,
}

/// Asks for name, address and events.
///
/// # Errors
/// When the password has to be given first.
#[get("/admin/webhooks/new")]
pub fn ask(administrator: SuperAdministrator) -> Result<Page, Refusal> {
    administrator.proven(HERE)?;
    Ok(form(&administrator, &Typed::default(), &[], &[]))
}

/// Makes it. This form is answered by its page: what is shown once and stands nowhere cannot be fetched by a second request.
///
/// # Errors
/// What was typed wrongly comes back with the form.
#[post("/admin/webhooks/new", data = "<form>")]
pub async fn add(
    hub: &State<Hub>,
    courier: Option<&State<Courier>>,
    administrator: SuperAdministrator,
    form: Form,
) -> Result<Page, Refusal> {
    administrator.proven(HERE)?;
    let typed = Typed {
        name: form.text("name").trim(),
        url: form.text("url").trim(),
    };
    let kinds: Vec<Kind> = form.all("events").filter_map(Kind::wanted).collect();
    let again = |errors: &[FieldError]| {
        let page = self::form(&administrator, &typed, &kinds, errors);
        Refusal::from(page.with_status(422))
    };
    let name = WebhookName::parse(typed.name);
    let url = TargetUrl::parse(typed.url);
    let (name, url) = match (name, url) {
        (Ok(name), Ok(url)) => (name, url),
        (name, url) => {
            let name = name
                .err()
                .map(|error| FieldError::new("name", format!("{error}.")));
            let url = url
                .err()
                .map(|error| FieldError::new("url", format!("{error}.")));
            let errors: Vec<FieldError> = name.into_iter().chain(url).collect();
            return Err(again(&errors));
        }
    };
    let change = AddWebhook::new(hub, name, url, kinds.clone(), administrator.cause(hub));
    let made = match change {
        Ok(change) => hub.store.write(change).await,
        Err(error) => Err(error),
    };
    let wrong = |field, text: &str| again(&[FieldError::new(field, text.to_owned())]);
    match made {
        Ok(webhook) => {
            if let Some(courier) = courier {
                courier.wake();
            }
            let secret = secret(hub, webhook.facts())?;
            Ok(administrator.page(
                "admin/webhooks/secret_made.html",
                context! { id: webhook.id.0, name: &webhook.name, secret: secret.reveal(), is_renewed: false },
            ))
        }
        Err(WebhookError::NameTaken) => {
            Err(wrong("name", "There is a webhook of this name already."))
        }
        Err(WebhookError::NoEvents) => Err(wrong("events", "Choose at least one event.")),
        Err(WebhookError::Refused(why)) => Err(wrong("url", &format!("It cannot be told: {why}."))),
        Err(WebhookError::TooMany) => Err(wrong(
            "",
            "There are as many webhooks as there may be. Delete those that nobody needs.",
        )),
        Err(error) => Err(error.into()),
    }
}

fn form(
    administrator: &SuperAdministrator,
    typed: &Typed<'_>,
    ticked: &[Kind],
    errors: &[FieldError],
) -> Page {
    let choices = Kind::WANTED.map(|kind| Choice {
        kind: kind.as_str(),
        meaning: kind.meaning(),
        is_ticked: ticked.contains(&kind),
    });
    administrator.page(
        "admin/webhooks/new.html",
        context! { typed, choices, errors },
    )
}
