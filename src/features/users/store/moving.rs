//! Users on their way from another system, and on their way out: with what only then leaves or enters their rows.

use rusqlite::params;

use crate::crypto::hasher::StoredHash;
use crate::features::users::model::{ImportedUser, User};
use crate::features::users::store::{COLUMNS, read};
use crate::store::{Db, StoreError, Tx};
use crate::types::ids::UserId;
use crate::types::profile::{Bio, WebUrl};
use crate::types::time::Timestamp;

/// Makes a user who comes from another system; their number.
///
/// # Errors
/// What SQLite says.
pub fn insert_imported(
    tx: &Tx<'_>,
    imported: &ImportedUser,
    now: Timestamp,
) -> Result<UserId, StoreError> {
    let user = &imported.user;
    tx.one(
        "INSERT INTO users (username, username_key, email, email_key, email_verified, password_hash, role, premium_tier,
                            is_active, bio, profile_photo_url, website_url, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         RETURNING id",
        params![
            user.username.as_str(),
            user.username.key(),
            user.email.as_str(),
            user.email.key(),
            imported.email_verified,
            user.password_hash.as_str(),
            user.role.as_str(),
            imported.premium_tier.as_str(),
            imported.is_active,
            imported.bio.as_ref().map(Bio::as_str),
            imported.profile_photo_url.as_ref().map(WebUrl::as_str),
            imported.website_url.as_ref().map(WebUrl::as_str),
            imported.created_at.unwrap_or(now).micros(),
            now.micros()
        ],
        |row| row.get(0).map(UserId),
    )
}

/// As [`super::list`], with the stored hash of each.
///
/// # Errors
/// What SQLite says, or an impossible row.
pub fn list_with_hashes(
    db: &Db<'_>,
    after: UserId,
    limit: u32,
) -> Result<Vec<(User, StoredHash)>, StoreError> {
    db.all(
        "SELECT id, username, email, email_verified, bio, profile_photo_url, website_url,
                created_at, updated_at, is_active, role, premium_tier, password_hash
         FROM users
         WHERE id > $1
         ORDER BY id
         LIMIT $2",
        params![after.0, limit],
        |row| Ok((read(row, 0)?, StoredHash::from_row(row.get(COLUMNS)?))),
    )
}
