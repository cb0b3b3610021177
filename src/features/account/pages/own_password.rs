//! The password of whoever is signed in, asked for in a form before what a stolen cookie must not do.

use crate::features::browser::who::Member;
use crate::features::sessions::proof::{self, ProofError};
use crate::http::form::{FieldError, Form};
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::Refusal;
use crate::hub::Hub;
use crate::hub::throttle::model::TooMany;

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

/// Why it was not given.
pub(super) struct Problem {
    /// What stands beside the field.
    pub(super) error: FieldError,
    too_many: Option<TooMany>,
}

impl Problem {
    fn of(text: &'static str) -> Self {
        Self {
            error: FieldError::new(FIELD, text),
            too_many: None,
        }
    }

    /// The form again, which shows the error.
    pub(super) fn refuse(&self, page: Page) -> Refusal {
        match self.too_many {
            None => page.with_status(422).into(),
            Some(too_many) => page.for_too_many(too_many).into(),
        }
    }
}

impl From<TooMany> for Problem {
    fn from(too_many: TooMany) -> Self {
        Self {
            error: FieldError::new(FIELD, too_many.sentence()),
            too_many: Some(too_many),
        }
    }
}

/// Whether the password was given: in this form, or in the last five minutes.
pub(super) async fn given(
    hub: &Hub,
    member: &Member,
    form: &Form,
) -> Result<Result<Given, Problem>, Refusal> {
    if member.is_proven() {
        return Ok(Ok(Given::Before));
    }
    let typed = form.text(FIELD);
    if typed.is_empty() {
        return Ok(Err(Problem::of("Fill in your password.")));
    }
    let (user, cause) = (member.user.id, member.cause(hub));
    match proof::prove(hub, member.session, user, typed, cause).await {
        Ok(_) => Ok(Ok(Given::Here)),
        Err(ProofError::Wrong) => Ok(Err(Problem::of("That is not your password."))),
        Err(ProofError::TooMany(too_many)) => Ok(Err(too_many.into())),
        Err(error) => Err(ApiError::from(error).into()),
    }
}
