//! `GET /admin/settings/keys/rotate` and `POST /admin/settings/keys/rotate`: another key in the place of the present one.

use rocket::tokio::task::spawn_blocking;
use rocket::{State, get, post};
use rocket_dyn_templates::context;

use crate::crypto::ring::KnownKey;
use crate::features::admin::settings::show::Key;
use crate::features::browser::who::SuperAdministrator;
use crate::http::form::{FieldError, Form};
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::{Away, Refusal};
use crate::http::times::Shown;
use crate::hub::keys::RotationError;
use crate::hub::{Hub, keys};
use crate::types::ids::KeyId;

/// Where this page is: whoever has to give the password first comes back here.
const HERE: &str = "/admin/settings/keys/rotate";

/// Says what a rotation does, and asks.
///
/// # Errors
/// When the password has to be given first, or the database cannot be read.
#[get("/admin/settings/keys/rotate")]
pub fn ask(hub: &State<Hub>, administrator: SuperAdministrator) -> Result<Page, Refusal> {
    administrator.proven(HERE)?;
    page(hub, &administrator, &[])
}

/// Rotates the key that the page named, and only that: whoever sends the form twice rotates once.
///
/// # Errors
/// When the password has to be given first; the page again when the key was not rotated, with the reason.
#[post("/admin/settings/keys/rotate", data = "<form>")]
pub async fn rotate(
    hub: &State<Hub>,
    administrator: SuperAdministrator,
    form: Form,
) -> Result<Away, Refusal> {
    administrator.proven(HERE)?;
    let replaces = form.text("replaces").parse().map(KeyId);
    let replaces = replaces.map_err(|_| ApiError::of_status(422))?;
    let (rotation, cause) = (hub.rotation(), administrator.cause(hub));
    let rotated = spawn_blocking(move || rotation.run(Some(replaces), &cause)).await;
    match rotated.map_err(|_| ApiError::of_status(500))? {
        Ok(made) => {
            tracing::info!(key = %made.id, fingerprint = made.fingerprint(), "the key was rotated");
            Ok(Away::to("/admin/settings").noting(Note::new("key_rotated")))
        }
        Err(error) => {
            let (status, text) = told(&error);
            let errors = [FieldError::new("", text)];
            let again = page(hub, &administrator, &errors)?;
            Err(again.with_status(status).into())
        }
    }
}

/// What the page says of a rotation that did not take place.
fn told(error: &RotationError) -> (u16, String) {
    match error {
        RotationError::Configured
        | RotationError::UnderWay
        | RotationError::Overtaken
        | RotationError::TooOften { .. } => (409, sentence(&error.to_string())),
        RotationError::Forbidden => (403, sentence(&error.to_string())),
        RotationError::Lock(_)
        | RotationError::Key(_)
        | RotationError::WrongKey
        | RotationError::Store(_) => {
            tracing::error!(%error, "the key was not rotated");
            let text = "The key was not rotated, and nothing else was changed: the data directory could not be written, or does not hold what it should. The log of the Hub says more.";
            (503, text.to_owned())
        }
    }
}

fn page(
    hub: &Hub,
    administrator: &SuperAdministrator,
    errors: &[FieldError],
) -> Result<Page, Refusal> {
    let now = hub.clock.now().wall;
    let lifetimes = keys::lifetimes(&hub.config);
    let known: Vec<KnownKey> = hub.store.read(keys::known)?;
    let present = known.first().map(|key| Key::of(key, lifetimes, now));
    let hindrance = hub.rotation().is_possible(&known).err();
    Ok(administrator.page(
        "admin/settings/rotate_key.html",
        context! {
            present: present,
            access_until: Shown::new(now.plus(lifetimes.access), now),
            refresh_until: Shown::new(now.plus(lifetimes.refresh), now),
            hindrance: hindrance.map(|error| sentence(&error.to_string())),
            errors: errors,
        },
    ))
}

/// An error of the command line as a sentence of a page.
fn sentence(line: &str) -> String {
    let mut letters = line.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
