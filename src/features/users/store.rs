//! All SQL on `users`.

pub mod moving;

use rusqlite::{Row, params};

use crate::crypto::hasher::StoredHash;
use crate::features::users::model::{NewUser, ProfileChange, User};
use crate::store::{Db, StoreError, Tx, bad_row};
use crate::types::email::Email;
use crate::types::ids::UserId;
use crate::types::profile::{Bio, WebUrl};
use crate::types::role::Role;
use crate::types::tier::Tier;
use crate::types::time::Timestamp;
use crate::types::username::Username;

/// How many columns [`read`] takes, in the order of every SELECT here: id, username, email, `email_verified`, bio, `profile_photo_url`,
/// `website_url`, `created_at`, `updated_at`, `is_active`, role, `premium_tier`.
pub const COLUMNS: usize = 12;

/// Reads a user from the columns that begin at `first`.
///
/// # Errors
/// When the row is impossible; the error names the column.
pub fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<User> {
    let role: String = row.get(first + 10)?;
    Ok(User {
        id: UserId(row.get(first)?),
        username: row.get(first + 1)?,
        email: row.get(first + 2)?,
        email_verified: row.get(first + 3)?,
        bio: row.get(first + 4)?,
        profile_photo_url: row.get(first + 5)?,
        website_url: row.get(first + 6)?,
        created_at: Timestamp::from_micros(row.get(first + 7)?),
        updated_at: Timestamp::from_micros(row.get(first + 8)?),
        is_active: row.get(first + 9)?,
        role: role
            .parse::<Role>()
            .map_err(|_| bad_row("users.role", &role))?,
        premium_tier: row.get(first + 11)?,
    })
}

/// A user by number.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn by_id(db: &Db<'_>, id: UserId) -> Result<Option<User>, StoreError> {
    db.optional(
        "SELECT id, username, email, email_verified, bio, profile_photo_url, website_url,
                created_at, updated_at, is_active, role, premium_tier
         FROM users
         WHERE id = $1",
        params![id.0],
        |row| read(row, 0),
    )
}

/// A user by name, in any case.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn by_name(db: &Db<'_>, name: &Username) -> Result<Option<User>, StoreError> {
    db.optional(
        "SELECT id, username, email, email_verified, bio, profile_photo_url, website_url,
                created_at, updated_at, is_active, role, premium_tier
         FROM users
         WHERE username_key = $1",
        params![name.key()],
        |row| read(row, 0),
    )
}

/// Users in the order of their numbers, after `after`, at most `limit`.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn list(db: &Db<'_>, after: UserId, limit: u32) -> Result<Vec<User>, StoreError> {
    db.all(
        "SELECT id, username, email, email_verified, bio, profile_photo_url, website_url,
                created_at, updated_at, is_active, role, premium_tier
         FROM users
         WHERE id > $1
         ORDER BY id
         LIMIT $2",
        params![after.0, limit],
        |row| read(row, 0),
    )
}

/// What a password is compared with.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Whose it is.
    pub user: UserId,
    /// Its hash.
    pub password_hash: StoredHash,
}

/// The credentials behind a name, in any case.
///
/// # Errors
/// What SQLite says.
pub fn credentials(db: &Db<'_>, name: &Username) -> Result<Option<Credentials>, StoreError> {
    db.optional(
        "SELECT id, password_hash
         FROM users
         WHERE username_key = $1",
        params![name.key()],
        |row| {
            Ok(Credentials {
                user: UserId(row.get(0)?),
                password_hash: StoredHash::from_row(row.get(1)?),
            })
        },
    )
}

/// The stored hash of a user's password.
///
/// # Errors
/// What SQLite says.
pub fn password_hash(db: &Db<'_>, id: UserId) -> Result<Option<StoredHash>, StoreError> {
    db.optional(
        "SELECT password_hash
         FROM users
         WHERE id = $1",
        params![id.0],
        |row| row.get(0).map(StoredHash::from_row),
    )
}

/// Which of a new user's values somebody else has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The name.
    Username,
    /// The address.
    Email,
}

/// Whether a name or an address is taken, the name asked first.
///
/// # Errors
/// What SQLite says.
pub fn taken(db: &Db<'_>, user: &NewUser) -> Result<Option<Taken>, StoreError> {
    let name = db.optional(
        "SELECT 1
         FROM users
         WHERE username_key = $1",
        params![user.username.key()],
        |_| Ok(Taken::Username),
    )?;
    match name {
        Some(taken) => Ok(Some(taken)),
        None => db.optional(
            "SELECT 1
             FROM users
             WHERE email_key = $1",
            params![user.email.key()],
            |_| Ok(Taken::Email),
        ),
    }
}

/// Makes a user.
///
/// # Errors
/// What SQLite says.
pub fn insert(tx: &Tx<'_>, user: &NewUser, now: Timestamp) -> Result<User, StoreError> {
    tx.one(
        "INSERT INTO users (username, username_key, email, email_key, password_hash, role, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
         RETURNING id, username, email, email_verified, bio, profile_photo_url, website_url,
                   created_at, updated_at, is_active, role, premium_tier",
        params![
            user.username.as_str(),
            user.username.key(),
            user.email.as_str(),
            user.email.key(),
            user.password_hash.as_str(),
            user.role.as_str(),
            now.micros()
        ],
        |row| read(row, 0),
    )
}

/// Whether another user has this address.
///
/// # Errors
/// What SQLite says.
pub fn email_taken_by_other(db: &Db<'_>, key: &str, user: UserId) -> Result<bool, StoreError> {
    let other = db.optional(
        "SELECT 1
         FROM users
         WHERE email_key = $1 AND id <> $2",
        params![key, user.0],
        |_| Ok(()),
    )?;
    Ok(other.is_some())
}

/// Changes a profile; `None` when there is no such user.
///
/// # Errors
/// What SQLite says.
pub fn update_profile(
    tx: &Tx<'_>,
    user: UserId,
    change: &ProfileChange,
    now: Timestamp,
) -> Result<Option<User>, StoreError> {
    let (bio, website, photo) = (&change.bio, &change.website_url, &change.profile_photo_url);
    tx.optional(
        "UPDATE users
         SET bio = CASE WHEN $2 THEN $3 ELSE bio END,
             website_url = CASE WHEN $4 THEN $5 ELSE website_url END,
             profile_photo_url = CASE WHEN $6 THEN $7 ELSE profile_photo_url END,
             email_verified = CASE WHEN $8 IS NULL OR $9 = email_key THEN email_verified ELSE 0 END,
             email = coalesce($8, email),
             email_key = coalesce($9, email_key),
             updated_at = max($10, updated_at)
         WHERE id = $1
         RETURNING id, username, email, email_verified, bio, profile_photo_url, website_url,
                   created_at, updated_at, is_active, role, premium_tier",
        params![
            user.0,
            bio.is_made(),
            bio.value().map(Bio::as_str),
            website.is_made(),
            website.value().map(WebUrl::as_str),
            photo.is_made(),
            photo.value().map(WebUrl::as_str),
            change.email.as_ref().map(Email::as_str),
            change.email.as_ref().map(Email::key),
            now.micros()
        ],
        |row| read(row, 0),
    )
}

/// Stores a stronger hash of the same password.
///
/// # Errors
/// What SQLite says.
pub fn replace_password_hash(
    tx: &Tx<'_>,
    user: UserId,
    renewed: &StoredHash,
) -> Result<(), StoreError> {
    tx.execute_on_one(
        "UPDATE users
         SET password_hash = $2
         WHERE id = $1",
        params![user.0, renewed.as_str()],
    )
}

/// Stores the hash of a new password.
///
/// # Errors
/// What SQLite says.
pub fn set_password_hash(
    tx: &Tx<'_>,
    user: UserId,
    new: &StoredHash,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute_on_one(
        "UPDATE users
         SET password_hash = $2, updated_at = max($3, updated_at)
         WHERE id = $1",
        params![user.0, new.as_str(), now.micros()],
    )
}

/// Locks a user out or lets them in.
///
/// # Errors
/// What SQLite says.
pub fn set_active(
    tx: &Tx<'_>,
    user: UserId,
    active: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute_on_one(
        "UPDATE users
         SET is_active = $2, updated_at = max($3, updated_at)
         WHERE id = $1",
        params![user.0, active, now.micros()],
    )
}

/// Gives a user another role.
///
/// # Errors
/// What SQLite says.
pub fn set_role(tx: &Tx<'_>, user: UserId, role: Role, now: Timestamp) -> Result<(), StoreError> {
    tx.execute_on_one(
        "UPDATE users
         SET role = $2, updated_at = max($3, updated_at)
         WHERE id = $1",
        params![user.0, role.as_str(), now.micros()],
    )
}

/// Gives a user another tier.
///
/// # Errors
/// What SQLite says.
pub fn set_tier(tx: &Tx<'_>, user: UserId, tier: &Tier, now: Timestamp) -> Result<(), StoreError> {
    tx.execute_on_one(
        "UPDATE users
         SET premium_tier = $2, updated_at = max($3, updated_at)
         WHERE id = $1",
        params![user.0, tier.as_str(), now.micros()],
    )
}

/// Whether an active SUPERADMIN other than this user is left.
///
/// # Errors
/// What SQLite says.
pub fn has_other_super_admin(db: &Db<'_>, user: UserId) -> Result<bool, StoreError> {
    let other = db.optional(
        "SELECT 1
         FROM users
         WHERE role = 'SUPERADMIN' AND is_active = 1 AND id <> $1
         LIMIT 1",
        params![user.0],
        |_| Ok(()),
    )?;
    Ok(other.is_some())
}

/// Deletes a user. Their number never returns.
///
/// # Errors
/// What SQLite says.
pub fn delete(tx: &Tx<'_>, user: UserId) -> Result<(), StoreError> {
    tx.execute_on_one(
        "DELETE FROM users
         WHERE id = $1",
        params![user.0],
    )
}
