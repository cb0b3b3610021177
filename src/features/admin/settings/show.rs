//! `GET /admin/settings`: the configuration in effect with where each value came from, and the keys.

use rocket::{State, get};
use rocket_dyn_templates::context;
use serde::Serialize;

use crate::config::{Origin, SETTINGS, Setting};
use crate::crypto::ring::{KeyState, KnownKey, Lifetimes};
use crate::features::browser::who::SuperAdministrator;
use crate::http::pages::Page;
use crate::http::refusal::Refusal;
use crate::http::times::Shown;
use crate::hub::{Hub, Place, keys};
use crate::store::schema;
use crate::types::time::Timestamp;

/// Shows them.
///
/// # Errors
/// When the database cannot be read.
#[get("/admin/settings")]
pub fn show(hub: &State<Hub>, administrator: SuperAdministrator) -> Result<Page, Refusal> {
    let now = hub.clock.now().wall;
    let lifetimes = keys::lifetimes(&hub.config);
    let known = hub.store.read(keys::known)?;
    let keys: Vec<Key> = known
        .iter()
        .map(|key| Key::of(key, lifetimes, now))
        .collect();
    let place = Place::new(&hub.config.data_dir);
    let directory = std::fs::canonicalize(&place.directory).unwrap_or(place.directory);
    let is_configured = hub.config.secret_key.is_some();
    let origins = hub.origins();
    let settings: Vec<Line<'_>> = SETTINGS
        .iter()
        .zip(origins.iter())
        .map(|(setting, origin)| Line::of(setting, origin))
        .collect();
    Ok(administrator.page(
        "admin/settings/show.html",
        context! {
            version: env!("CARGO_PKG_VERSION"),
            sqlite: rusqlite::version(),
            schema: schema::migrations().last().map(|last| last.version),
            directory: directory.display().to_string(),
            is_configured: is_configured,
            given: settings.iter().filter(|line| line.is_given).count(),
            settings: settings,
            keys: keys,
        },
    ))
}

/// A key as pages show it.
#[derive(Serialize)]
pub(super) struct Key {
    id: i64,
    fingerprint: String,
    made: Option<Shown>,
    replaced: Option<Shown>,
    /// `present`, `verifies` or `retired`.
    state: &'static str,
    until: Option<Shown>,
}

impl Key {
    pub(super) fn of(key: &KnownKey, lifetimes: Lifetimes, now: Timestamp) -> Self {
        let (state, until) = match key.state(lifetimes, now) {
            KeyState::Present => ("present", None),
            KeyState::Verifies { until } => ("verifies", Some(until)),
            KeyState::Retired => ("retired", None),
        };
        let shown = |at: Option<Timestamp>| at.map(|at| Shown::new(at, now));
        Self {
            id: key.id.0,
            fingerprint: key.fingerprint(),
            made: shown(key.made_at),
            replaced: shown(key.replaced_at),
            state,
            until: shown(until),
        }
    }
}

/// A setting as the page shows it.
#[derive(Serialize)]
struct Line<'page> {
    key: &'static str,
    variable: &'static str,
    meaning: &'static str,
    /// Of a secret only whether there is one.
    value: &'page str,
    from: &'page str,
    is_given: bool,
    is_secret: bool,
}

impl<'page> Line<'page> {
    fn of(setting: &Setting, origin: &'page Origin) -> Self {
        let value = match (setting.secret, origin.value.is_empty()) {
            (true, true) => "not set",
            (true, false) => "set",
            (false, _) => &origin.value,
        };
        Self {
            key: setting.key,
            variable: setting.env,
            meaning: setting.meaning,
            value,
            from: &origin.from,
            is_given: origin.from != "default",
            is_secret: setting.secret,
        }
    }
}
