//! The password of whoever is signed in, asked for in a form before what a stolen cookie must not do.

use crate::features::browser::proof;
use crate::features::browser::who::Member;
use crate::http::form::{FieldError, Form};
use crate::http::refusal::Refusal;
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::ids::UserId;

/// The field.
pub(super) const FIELD: &str = "current_password";

/// How somebody has shown that it is them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// A moment ago, so that the form did not ask.
    Before,
    /// In this form.
    Here,
}

/// Whether the password was given: in this form, or in the last five minutes.
pub(super) async fn given(
    hub: &Hub,
    member: &Member,
    form: &Form,
) -> Result<Result<Given, FieldError>, Refusal> {
    if member.is_proven() {
        return Ok(Ok(Given::Before));
    }
    let typed = form.text(FIELD);
    if typed.is_empty() {
        return Ok(Err(FieldError::new(FIELD, "Fill in your password.")));
    }
    if proof::compare(hub, member.user.id, typed).await?.is_some() {
        return Ok(Ok(Given::Here));
    }
    refused(hub, member).await?;
    Ok(Err(FieldError::new(FIELD, "That is not your password.")))
}

/// Leaves the trace of a wrong password.
pub(super) async fn refused(hub: &Hub, member: &Member) -> Result<(), StoreError> {
    let change = RefuseProof {
        user: member.user.id,
        cause: member.cause(hub),
    };
    hub.store.write(change).await
}

struct RefuseProof {
    user: UserId,
    cause: Cause,
}

impl Change for RefuseProof {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        let target = Some(format!("user:{}", self.user));
        tx.audit(&self.cause, Action::ProofRefused, target, None)
    }
}
