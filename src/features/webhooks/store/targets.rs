//! All SQL on `webhooks` and `webhook_kinds`.

use rusqlite::{Row, params};

use crate::crypto::webhook_keys::WebhookFacts;
use crate::features::webhooks::model::{Kind, MAX_WEBHOOKS};
use crate::store::{Db, StoreError, Tx, bad_row};
use crate::types::ids::{KeyId, WebhookId};
use crate::types::salt::Salt;
use crate::types::target_url::TargetUrl;
use crate::types::time::{Moment, Timestamp};
use crate::types::webhook_name::WebhookName;

/// A webhook: a receiver, and what it wants to be told.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its number.
    pub id: WebhookId,
    /// Its name.
    pub name: String,
    /// Where it is told.
    pub url: TargetUrl,
    salt: Salt,
    /// The key that its secret is made with.
    pub key: KeyId,
    /// The secret before this one.
    pub old: Option<OldSecret>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it was disabled, if it is.
    pub disabled: Option<Moment>,
    /// Deliveries that are still to be made.
    pub waiting: u64,
    /// Deliveries that were given up.
    pub dead: u64,
    /// Events for which there was no room.
    pub lost: u64,
}

/// What is left of a secret that was replaced.
#[derive(Clone, Debug)]
pub struct OldSecret {
    salt: Salt,
    /// The key that it is made with.
    pub key: KeyId,
    /// When it was replaced.
    pub replaced: Moment,
}

impl Webhook {
    /// What its secret is made of.
    #[must_use]
    pub fn facts(&self) -> WebhookFacts<'_> {
        WebhookFacts {
            id: self.id,
            salt: &self.salt,
            key: self.key,
        }
    }

    /// What the secret before that is made of.
    #[must_use]
    pub fn old_facts(&self) -> Option<WebhookFacts<'_>> {
        let old = self.old.as_ref()?;
        Some(WebhookFacts {
            id: self.id,
            salt: &old.salt,
            key: old.key,
        })
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let url: String = row.get(2)?;
        let old = (
            row.get(5)?,
            row.get(6)?,
            moment(row.get(7)?, row.get(8)?, row.get(9)?),
        );
        let count = |at| row.get::<_, i64>(at).map(i64::unsigned_abs);
        Ok(Self {
            id: WebhookId(row.get(0)?),
            name: row.get(1)?,
            url: TargetUrl::parse(&url).map_err(|_| bad_row("webhooks.url", "no address"))?,
            salt: Salt::from_row(row.get(3)?),
            key: KeyId(row.get(4)?),
            old: match old {
                (Some(salt), Some(key), Some(replaced)) => Some(OldSecret {
                    salt: Salt::from_row(salt),
                    key: KeyId(key),
                    replaced,
                }),
                _ => None,
            },
            made_at: Timestamp::from_micros(row.get(10)?),
            disabled: moment(row.get(11)?, row.get(12)?, row.get(13)?),
            waiting: count(14)?,
            dead: count(15)?,
            lost: count(16)?,
        })
    }
}

/// A moment from three columns that may be empty.
fn moment(at: Option<i64>, steady: Option<i64>, boot: Option<u32>) -> Option<Moment> {
    Some(Moment::from_row(at?, steady?, boot?))
}

/// The webhook of a number.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn webhook(db: &Db<'_>, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
    db.optional(
        "SELECT id, name, url, salt, key, old_salt, old_key, renewed_at, renewed_steady, renewed_boot,
                made_at, disabled_at, disabled_steady, disabled_boot, waiting, dead, lost
         FROM webhooks
         WHERE id = $1",
        params![id.0],
        Webhook::read,
    )
}

/// The webhook of a name.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn webhook_named(db: &Db<'_>, name: &WebhookName) -> Result<Option<Webhook>, StoreError> {
    db.optional(
        "SELECT id, name, url, salt, key, old_salt, old_key, renewed_at, renewed_steady, renewed_boot,
                made_at, disabled_at, disabled_steady, disabled_boot, waiting, dead, lost
         FROM webhooks
         WHERE name_key = $1",
        params![name.key()],
        Webhook::read,
    )
}

/// All webhooks, by name.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn webhooks(db: &Db<'_>) -> Result<Vec<Webhook>, StoreError> {
    db.all(
        "SELECT id, name, url, salt, key, old_salt, old_key, renewed_at, renewed_steady, renewed_boot,
                made_at, disabled_at, disabled_steady, disabled_boot, waiting, dead, lost
         FROM webhooks
         ORDER BY name_key
         LIMIT $1",
        params![MAX_WEBHOOKS],
        Webhook::read,
    )
}

/// What a webhook wants, in the order of [`Kind::WANTED`].
///
/// # Errors
/// What SQLite says.
pub fn kinds(db: &Db<'_>, id: WebhookId) -> Result<Vec<Kind>, StoreError> {
    let mut kinds: Vec<Kind> = db
        .all(
            "SELECT kind
             FROM webhook_kinds
             WHERE webhook_id = $1
             LIMIT 100",
            params![id.0],
            |row| Ok(Kind::wanted(&row.get::<_, String>(0)?)),
        )?
        .into_iter()
        .flatten()
        .collect();
    kinds.sort_unstable();
    Ok(kinds)
}

/// What a new webhook is.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// Its name.
    pub name: WebhookName,
    /// Where it is told.
    pub url: TargetUrl,
    /// What it wants.
    pub kinds: Vec<Kind>,
    /// What its secret is made of, beside the key.
    pub salt: Salt,
    /// The key.
    pub key: KeyId,
}

/// Makes a webhook.
///
/// # Errors
/// What SQLite says.
pub fn add(tx: &Tx<'_>, new: &NewWebhook, at: Timestamp) -> Result<Webhook, StoreError> {
    let made = tx.one(
        "INSERT INTO webhooks (name, name_key, url, salt, key, made_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         RETURNING id, name, url, salt, key, old_salt, old_key, renewed_at, renewed_steady, renewed_boot,
                   made_at, disabled_at, disabled_steady, disabled_boot, waiting, dead, lost",
        params![
            new.name.as_str(),
            new.name.key(),
            new.url.whole(),
            new.salt.reveal(),
            new.key.0,
            at.micros()
        ],
        Webhook::read,
    )?;
    for kind in &new.kinds {
        tx.execute_on_one(
            "INSERT INTO webhook_kinds (kind, webhook_id)
             VALUES ($1, $2)",
            params![kind.as_str(), made.id.0],
        )?;
    }
    Ok(made)
}

/// Removes a webhook, and with it all that was on its way. Its number never returns.
///
/// # Errors
/// What SQLite says.
pub fn remove(tx: &Tx<'_>, id: WebhookId) -> Result<(), StoreError> {
    tx.execute_on_one(
        "DELETE FROM webhooks
         WHERE id = $1",
        params![id.0],
    )
}

/// Gives a webhook another secret. The one before goes on to sign for a while.
///
/// # Errors
/// What SQLite says.
pub fn renew_secret(
    tx: &Tx<'_>,
    id: WebhookId,
    salt: &Salt,
    key: KeyId,
    now: Moment,
) -> Result<(), StoreError> {
    tx.execute_on_one(
        "UPDATE webhooks
         SET old_salt = salt, old_key = key, renewed_at = $4, renewed_steady = $5, renewed_boot = $6,
             salt = $2, key = $3
         WHERE id = $1",
        params![
            id.0,
            salt.reveal(),
            key.0,
            now.wall.micros(),
            now.steady,
            now.boot
        ],
    )
}

/// Disables a webhook: nothing is written for it, and nothing sent to it.
///
/// # Errors
/// What SQLite says.
pub fn disable(tx: &Tx<'_>, id: WebhookId, now: Moment) -> Result<(), StoreError> {
    tx.execute_on_one(
        "UPDATE webhooks
         SET disabled_at = $2, disabled_steady = $3, disabled_boot = $4
         WHERE id = $1",
        params![id.0, now.wall.micros(), now.steady, now.boot],
    )
}

/// Enables a webhook. What waits begins anew.
///
/// # Errors
/// What SQLite says.
pub fn enable(tx: &Tx<'_>, id: WebhookId) -> Result<(), StoreError> {
    tx.execute_on_one(
        "UPDATE webhooks
         SET disabled_at = NULL, disabled_steady = NULL, disabled_boot = NULL
         WHERE id = $1",
        params![id.0],
    )
}

/// Whether there is a webhook that is enabled.
///
/// # Errors
/// What SQLite says.
pub fn has_enabled(db: &Db<'_>) -> Result<bool, StoreError> {
    db.one(
        "SELECT EXISTS (SELECT 1 FROM webhooks WHERE disabled_at IS NULL)",
        params![],
        |row| row.get(0),
    )
}

/// The webhooks that something waits for, by number.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn with_work(db: &Db<'_>) -> Result<Vec<Webhook>, StoreError> {
    db.all(
        "SELECT id, name, url, salt, key, old_salt, old_key, renewed_at, renewed_steady, renewed_boot,
                made_at, disabled_at, disabled_steady, disabled_boot, waiting, dead, lost
         FROM webhooks
         WHERE disabled_at IS NULL AND waiting > 0
         ORDER BY id
         LIMIT $1",
        params![MAX_WEBHOOKS],
        Webhook::read,
    )
}
