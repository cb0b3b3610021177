//! Who reads the feed: a service account's token, judged against the database. It opens this feed and nothing else.

use crate::crypto::service_keys::{Presented, ServiceKeys};
use crate::features::revocations::error::FeedError;
use crate::features::revocations::store::{self, Account};
use crate::features::sessions::access::follow_rotation;
use crate::http::authorization::Authorization;
use crate::hub::Hub;

/// Judges what stands in the `Authorization` header.
///
/// # Errors
/// Why its bearer is told nothing.
pub fn authenticate(hub: &Hub, authorization: &Authorization) -> Result<Account, FeedError> {
    let token = authorization.bearer().ok_or(FeedError::Missing)?;
    let presented = Presented::parse(token).ok_or(FeedError::Invalid)?;
    let (account, present) = hub.store.read(|db| store::claimed(db, presented.id))?;
    // This account's key may be the new one.
    follow_rotation(hub, present)?;
    let account = account.ok_or(FeedError::Invalid)?;
    if hub.service_keys.proves(&presented, account.facts()) {
        Ok(account)
    } else {
        Err(FeedError::Invalid)
    }
}

/// Whether an account's token can be told with the keys that are here.
#[must_use]
pub fn has_its_key(keys: &ServiceKeys, account: &Account) -> bool {
    keys.holds(account.key)
}
