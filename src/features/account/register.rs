//! `POST /api/auth/register`: a new account, signed in at once.

use rocket::{State, post};

use crate::config::Registration;
use crate::crypto::hasher::Comer;
use crate::features::account::error::RegisterError;
use crate::features::passwords::model as passwords;
use crate::features::sessions::example;
use crate::features::sessions::issue;
use crate::features::sessions::issue::PairBody;
use crate::features::sessions::model::Session;
use crate::features::sessions::start::{self, NewSession};
use crate::features::users::model::PublicUser;
use crate::features::users::model::{NewUser, User};
use crate::features::users::store as users;
use crate::http::answer::Answer;
use crate::http::body::{Body, Fields};
use crate::http::client::Client;
use crate::http::problem::ApiError;
use crate::hub::Hub;
use crate::hub::throttle::model::Tries;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::email::Email;
use crate::types::password::Password;
use crate::types::role::Role;
use crate::types::sender_network::SenderNetwork;
use crate::types::username::Username;
use utoipa::ToSchema;

/// A new account.
#[derive(ToSchema)]
pub struct NewAccount {
    /// Unique without regard to case.
    #[schema(min_length = 3, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    pub username: String,
    /// Unique without regard to case; at most 64 bytes before the `@`, 254 in all.
    #[schema(
        max_length = 254,
        pattern = r"^(?![^@]*[.][.@])[A-Za-z0-9!#$%&'*+/=?^_`{|}~-][A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{0,63}@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$"
    )]
    pub email: String,
    /// At least one letter and one digit, of any script; none that everybody tries first, and not the name or the address again. A longer minimum can be
    /// configured.
    #[schema(
        min_length = 8,
        max_length = 128,
        pattern = r"^(?=[\s\S]*\p{L})(?=[\s\S]*\p{N})"
    )]
    pub password: String,
}

/// Makes an account and begins its first session.
///
/// # Errors
/// See [`RegisterError`].
#[utoipa::path(
    post,
    path = "/api/auth/register",
    operation_id = "register",
    tag = "Signing in and out",
    summary = "Make an account",
    description = "A new account with role USER, signed in at once. Unknown fields are ignored: nobody gives themselves a role. Can be switched off (HUB_REGISTRATION).",
    request_body(content = NewAccount, description = "The account.", example = json!({"username": "johndoe123", "email": "john@example.com", "password": "correct horse 7"})),
    responses(
        (status = 201, description = "The account is made and signed in.", body = PairBody<'_, PublicUser<'_>>, example = json!(example::pair("User registered successfully", example::user().public()))),
        RegisterError,
    ),
)]
#[post("/api/auth/register", data = "<body>")]
pub async fn register(hub: &State<Hub>, client: Client, body: Body) -> Result<Answer, ApiError> {
    if hub.config.registration == Registration::Closed {
        return Err(RegisterError::Closed.into());
    }
    let fields = body.fields()?.ok_or(RegisterError::NoData)?;
    let (username, email, password) = parse(hub, &fields)?;
    let caller = hub.throttle.caller(client.address);
    let in_time = hub.throttle.take(Tries::Register, caller);
    in_time.map_err(RegisterError::from)?;
    let name = hub.attempt_keys.account(username.as_str());
    let who = Comer::Named((name, SenderNetwork::of(client.address)));
    let password_hash = hub
        .hasher
        .make(password, who)
        .await
        .map_err(RegisterError::from)?;
    let cause = client.cause(hub);
    let now = cause.at.wall;
    let change = Register {
        user: NewUser {
            username,
            email,
            password_hash,
            role: Role::User,
        },
        session: NewSession::draw(hub),
        cause,
    };
    let (session, user) = hub.store.write(change).await?;
    let pair = issue::pair(hub, &session, &user, now).map_err(RegisterError::from)?;
    Ok(Answer::created(
        &pair.body("User registered successfully", user.public()),
    ))
}

fn parse(hub: &Hub, fields: &Fields) -> Result<(Username, Email, Password), RegisterError> {
    let (Some(username), Some(email), Some(password)) = (
        fields.text("username"),
        fields.text("email"),
        fields.text("password"),
    ) else {
        return Err(RegisterError::MissingFields);
    };
    let username = Username::parse(username).map_err(RegisterError::Username)?;
    let email = Email::parse(email).map_err(RegisterError::Email)?;
    let password = Password::new(password);
    let min_chars = hub.config.password_min_length;
    passwords::check(&password, min_chars, username.as_str(), email.as_str())
        .map_err(RegisterError::Password)?;
    Ok((username, email, password))
}

struct Register {
    user: NewUser,
    session: NewSession,
    cause: Cause,
}

impl Change for Register {
    type Outcome = (Session, User);
    type Error = RegisterError;

    fn apply(self, tx: &Tx<'_>) -> Result<(Session, User), RegisterError> {
        if let Some(taken) = users::taken(tx, &self.user)? {
            return Err(RegisterError::Taken(taken));
        }
        let user = users::insert(tx, &self.user, self.cause.at.wall)?;
        let cause = self.cause.by_user(user.id);
        let target = Some(format!("user:{}", user.id));
        tx.audit(&cause, Action::UserRegister, target, None)?;
        let session = start::start(tx, &self.session, user.id, &cause)?;
        Ok((session, user))
    }
}
