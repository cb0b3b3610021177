//! What a form that makes an account is filled in with, and what may be wrong with it.

use serde::Serialize;

use crate::crypto::hasher::{Comer, StoredHash};
use crate::features::admin::users::error::AdministrationError;
use crate::features::passwords::model as passwords;
use crate::features::sessions::error::LoginError;
use crate::http::form::{FieldError, Form};
use crate::http::problem::ApiError;
use crate::http::refusal::Refusal;
use crate::hub::Hub;
use crate::types::email::Email;
use crate::types::password::Password;
use crate::types::username::Username;

/// What was typed and comes back with the form: never the password.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Typed {
    /// The name.
    pub username: String,
    /// The address.
    pub email: String,
}

impl Typed {
    /// Takes it from a form.
    #[must_use]
    pub fn of(form: &Form) -> Self {
        Self {
            username: form.text("username").trim().to_owned(),
            email: form.text("email").trim().to_owned(),
        }
    }
}

/// Reads name, address and the new password, which was typed twice.
///
/// # Errors
/// Everything that is wrong, each at its field.
pub fn parse(
    hub: &Hub,
    typed: &Typed,
    form: &Form,
) -> Result<(Username, Email, Password), Vec<FieldError>> {
    let mut errors = Vec::new();
    let username = Username::parse(&typed.username)
        .map_err(|error| errors.push(FieldError::new("username", error.to_string())));
    let email = Email::parse(&typed.email)
        .map_err(|error| errors.push(FieldError::new("email", error.to_string())));
    let password =
        new_password(hub, form, &typed.username, &typed.email).map_err(|error| errors.push(error));
    match (username, email, password) {
        (Ok(username), Ok(email), Ok(password)) => Ok((username, email, password)),
        _ => Err(errors),
    }
}

/// Reads a new password, typed twice, for somebody of this name and address.
///
/// # Errors
/// The rule that it breaks, or that the two differ.
pub fn new_password(
    hub: &Hub,
    form: &Form,
    username: &str,
    email: &str,
) -> Result<Password, FieldError> {
    let text = form.text("password");
    if text != form.text("password_again") {
        return Err(FieldError::new(
            "password_again",
            "The two passwords differ.",
        ));
    }
    let password = Password::new(text);
    let min_chars = hub.config.password_min_length;
    passwords::check(&password, min_chars, username, email)
        .map_err(|error| FieldError::new("password", error.to_string()))?;
    Ok(password)
}

/// Hashes a new password, for an administrator or whoever holds the setup link.
///
/// # Errors
/// 503 when too many wait.
pub async fn hash(hub: &Hub, password: Password) -> Result<StoredHash, Refusal> {
    let hashed = hub.hasher.make(password, Comer::Expected).await;
    Ok(hashed.map_err(|error| ApiError::from(LoginError::from(error)))?)
}

/// An act's error at the field that it is about.
#[must_use]
pub fn field_error(error: &AdministrationError) -> FieldError {
    match error {
        AdministrationError::UsernameTaken => {
            FieldError::new("username", "Somebody has this name already.")
        }
        AdministrationError::EmailTaken => {
            FieldError::new("email", "Somebody has this address already.")
        }
        other => FieldError::new("", other.to_string()),
    }
}
