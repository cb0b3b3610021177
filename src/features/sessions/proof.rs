//! The password again, of somebody who is signed in. Wrong ones are counted against their session, so that no stranger's guesses hold it back, and
//! theirs hold back no sign-in.

use std::time::Duration;

use crate::crypto::hasher::{Comer, Comparison, HasherError, StoredHash};
use crate::features::attempts::attempt::{Attempt, Held, Trace};
use crate::features::users::store as users;
use crate::http::problem::ApiError;
use crate::hub::Hub;
use crate::hub::throttle::Counted;
use crate::hub::throttle::model::{TooMany, Tries};
use crate::store::audit::Action;
use crate::store::{Change, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::ids::{SessionId, UserId};
use crate::types::password::{self, Password};
use crate::types::sender_network::SenderNetwork;

/// Why the password did not prove anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofError {
    /// It is another one. That is written.
    Wrong,
    /// Too many were wrong before: it was not compared.
    TooMany(TooMany),
    /// Too many passwords wait to be compared.
    Busy(Duration),
    /// The database or the hasher failed.
    Store(StoreError),
}

impl From<StoreError> for ProofError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Held> for ProofError {
    fn from(held: Held) -> Self {
        match held {
            Held::TooMany(too_many) => Self::TooMany(too_many),
            Held::Store(error) => Self::Store(error),
        }
    }
}

impl From<HasherError> for ProofError {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Busy(after) => Self::Busy(after),
            HasherError::Unreadable | HasherError::Failed => {
                Self::Store(StoreError::Broken(error.to_string()))
            }
        }
    }
}

impl From<ProofError> for ApiError {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Wrong => Self::new(401, "Invalid credentials", "invalid_credentials"),
            ProofError::TooMany(too_many) => too_many.into(),
            ProofError::Busy(after) => Self::busy_for(after),
            ProofError::Store(error) => {
                Self::store(error, "Internal server error", "internal_error")
            }
        }
    }
}

/// The stored hash that fitted the password of whoever acts in a session.
///
/// # Errors
/// See [`ProofError`].
pub async fn prove(
    hub: &Hub,
    session: SessionId,
    user: UserId,
    password: &str,
    cause: Cause,
) -> Result<StoredHash, ProofError> {
    let counted = Counted {
        subject: hub.attempt_keys.session(session),
        network: None,
    };
    let caller = hub.throttle.caller(cause.address);
    let attempt = Attempt::begin(hub, Tries::FailedProof, caller, counted, cause.at).await?;
    let stored = hub.store.read(|db| users::password_hash(db, user))?;
    let possible = password.len() <= password::MAX_BYTES;
    if let Some(stored) = stored.filter(|_| possible) {
        let password = Password::new(password);
        let who = Comer::Named((counted.subject, SenderNetwork::of(cause.address)));
        let compared = hub
            .hasher
            .compare(password, Some(stored.clone()), who)
            .await?;
        if matches!(compared, Comparison::Same { .. }) {
            attempt.passed(hub).await?;
            return Ok(stored);
        }
    }
    let change = RefuseProof {
        user,
        trace: attempt.trace(),
        cause,
    };
    hub.store.write(change).await?;
    attempt.failed();
    Err(ProofError::Wrong)
}

/// Leaves the trace of a wrong password.
struct RefuseProof {
    user: UserId,
    trace: Trace,
    cause: Cause,
}

impl Change for RefuseProof {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        let failures = self.trace.failed(tx, self.cause.at)?;
        let target = Some(format!("user:{}", self.user));
        let detail = failures.begin_a_wait().then(|| failures.to_string());
        tx.audit(&self.cause, Action::ProofRefused, target, detail)
    }
}
