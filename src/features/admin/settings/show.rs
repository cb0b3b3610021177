//! `GET /admin/settings`: the configuration in effect with where each value came from, the keys, and the backups.

use rocket::{State, get};
use rocket_dyn_templates::context;
use serde::Serialize;

use crate::config::{Origin, SETTINGS, Setting};
use crate::crypto::ring::{KeyState, KnownKey, Lifetimes};
use crate::features::admin::backups::scheduled::LastFailure;
use crate::features::browser::who::SuperAdministrator;
use crate::http::figures::size;
use crate::http::pages::Page;
use crate::http::refusal::Refusal;
use crate::http::times::Shown;
use crate::hub::{Hub, Place, keys};
use crate::store::backup::{self, Kind, Listed};
use crate::store::schema;
use crate::types::time::Timestamp;

/// Shows them.
///
/// # Errors
/// When the database cannot be read.
#[get("/admin/settings")]
pub fn show(
    hub: &State<Hub>,
    last_failure: &State<LastFailure>,
    administrator: SuperAdministrator,
) -> Result<Page, Refusal> {
    let now = hub.clock.now().wall;
    let lifetimes = keys::lifetimes(&hub.config);
    let known = hub.store.read(keys::known)?;
    let keys: Vec<Key> = known
        .iter()
        .map(|key| Key::of(key, lifetimes, now))
        .collect();
    let place = Place::new(&hub.config.data_dir);
    let (copies, backups) = (backup::list(&place.backups()).ok(), place.backups());
    let more = copies
        .as_ref()
        .map_or(0, |copies| copies.len().saturating_sub(MAX_COPIES));
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
            schema: schema::known(),
            directory: directory.display().to_string(),
            is_configured: is_configured,
            given: settings.iter().filter(|line| line.is_given).count(),
            settings: settings,
            keys: keys,
            backups: backups.display().to_string(),
            copies: copies.map(|copies| {
                let shown = copies.iter().take(MAX_COPIES);
                shown.map(|copy| Copy::of(copy, now)).collect::<Vec<_>>()
            }),
            more_copies: more,
            is_scheduled: !hub.config.backup.every.is_zero(),
            failure: last_failure.told().map(|(_, text)| text),
        },
    ))
}

/// Copies that the page shows: it stays as small as every page.
const MAX_COPIES: usize = 20;

/// A copy of the database as the page shows it.
#[derive(Serialize)]
struct Copy {
    name: String,
    why: String,
    written: Shown,
    size: String,
}

impl Copy {
    fn of(copy: &Listed, now: Timestamp) -> Self {
        Self {
            name: copy.name.to_string(),
            why: match copy.name.kind {
                Kind::Asked => "asked for".to_owned(),
                Kind::Scheduled { .. } => "scheduled".to_owned(),
                Kind::BeforeSchema { version } => format!("before schema {version}"),
                Kind::Replaced => "replaced by a backup".to_owned(),
            },
            written: Shown::new(copy.written_at, now),
            size: size(copy.bytes),
        }
    }
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
