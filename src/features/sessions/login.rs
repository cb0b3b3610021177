//! `POST /api/auth/login`: a name and a password for a pair of tokens.

use rocket::{State, post};
use utoipa::ToSchema;

use crate::crypto::hasher::{Comer, Comparison, StoredHash};
use crate::features::attempts::attempt::{Attempt, Trace, counted_with};
use crate::features::sessions::error::LoginError;
use crate::features::sessions::example;
use crate::features::sessions::issue::{self, PairBody};
use crate::features::sessions::model::Session;
use crate::features::sessions::start::{self, NewSession};
use crate::features::users::model::{FullUser, User};
use crate::features::users::store::{self as users, Credentials};
use crate::http::answer::Answer;
use crate::http::body::Body;
use crate::http::client::Client;
use crate::http::problem::ApiError;
use crate::hub::Hub;
use crate::hub::counts::{SignIn as Ended, SignInWay};
use crate::hub::throttle::model::Tries;
use crate::store::audit::Action;
use crate::store::{Change, Db, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::ids::UserId;
use crate::types::password::{self, Password};
use crate::types::sender_network::SenderNetwork;
use crate::types::username::Username;

/// Who signs in.
#[derive(ToSchema)]
pub struct Login {
    /// The name of the account, in any case. Never the address.
    #[schema(pattern = r"\S")]
    pub username: String,
    /// Its password.
    #[schema(pattern = r"\S")]
    pub password: String,
}

/// Begins a session for whoever knows a name's password.
///
/// # Errors
/// See [`LoginError`].
#[utoipa::path(
    post,
    path = "/api/auth/login",
    operation_id = "login",
    tag = "Signing in and out",
    summary = "Sign in",
    description = "A name and a password for a pair of tokens, and a session that stands in every list. An unknown name and a wrong password are answered alike. Tries are limited, by account and by network.",
    request_body(content = Login, description = "The account.", example = json!({"username": "johndoe123", "password": "correct horse 7"})),
    responses(
        (status = 200, description = "Signed in.", body = PairBody<'_, FullUser<'_>>, example = json!(example::pair("Login successful", example::user().full()))),
        LoginError,
    ),
)]
#[post("/api/auth/login", data = "<body>")]
pub async fn login(hub: &State<Hub>, client: Client, body: Body) -> Result<Answer, ApiError> {
    let answered = answer(hub, client, body).await;
    let ended = answered.as_ref().map_or_else(ended, |_| Ended::Success);
    hub.counts.sign_in(SignInWay::Api, ended);
    answered.map_err(|refused| match refused {
        Refused::Body(error) => error,
        Refused::SignIn(error) => error.into(),
    })
}

/// Why there is no answer with tokens.
enum Refused {
    /// The body is no JSON.
    Body(ApiError),
    /// See there.
    SignIn(LoginError),
}

impl<E: Into<LoginError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::SignIn(error.into())
    }
}

async fn answer(hub: &Hub, client: Client, body: Body) -> Result<Answer, Refused> {
    let fields = body.fields().map_err(Refused::Body)?;
    let fields = fields.ok_or(LoginError::NoData)?;
    let (Some(name), Some(password)) = (fields.text("username"), fields.text("password")) else {
        return Err(LoginError::MissingFields.into());
    };
    let cause = client.cause(hub);
    let (session, user) = sign_in(hub, name, password, cause.clone()).await?;
    let pair = issue::pair(hub, &session, &user, cause.at.wall)?;
    Ok(Answer::ok(&pair.body("Login successful", user.full())))
}

fn ended(refused: &Refused) -> Ended {
    match refused {
        Refused::Body(_) => Ended::Malformed,
        Refused::SignIn(error) => error.ended(),
    }
}

/// Begins an API session for whoever knows the password.
async fn sign_in(
    hub: &Hub,
    name: &str,
    password: &str,
    cause: Cause,
) -> Result<(Session, User), LoginError> {
    let begin = |admission| SignIn {
        admission,
        session: NewSession::draw(hub),
    };
    let (session, user) = with_password(hub, name, password, cause, begin).await?;
    Ok((*session, *user))
}

/// How often a sign-in is judged anew because the stored hash changed while it was compared: once, for the hash that another sign-in renewed.
const TRIES: usize = 2;

/// Compares a password and applies what `begin` makes of the admission. A name that does not exist costs what a wrong password costs: the same
/// look-ups, one hash, one audit row, one count. Both are held back alike, before anything is hashed.
///
/// # Errors
/// See [`LoginError`].
pub async fn with_password<T, C>(
    hub: &Hub,
    name: &str,
    password: &str,
    cause: Cause,
    begin: impl Fn(Admission) -> C,
) -> Result<T, LoginError>
where
    T: Send + 'static,
    C: Change<Outcome = SignedIn<T>, Error = StoreError>,
{
    // No password has more bytes, whoever's it is, and none is hashed.
    let possible = password.len() <= password::MAX_BYTES;
    let caller = hub.throttle.caller(cause.address);
    hub.throttle.take(Tries::SignIn, caller)?;
    let subject = hub.attempt_keys.account(name);
    let name = Username::parse(name).ok();
    let look_up = |db: &Db<'_>| match &name {
        Some(name) => users::credentials(db, name),
        None => Ok(None),
    };
    let (mut found, counted) = hub.store.read(|db| {
        let found = look_up(db)?;
        let user = found.as_ref().map(|credentials| credentials.user);
        let counted = counted_with(db, subject, user, caller, cause.at)?;
        Ok::<_, StoreError>((found, counted))
    })?;
    let attempt = Attempt::begin(hub, Tries::FailedSignIn, caller, counted, cause.at).await?;
    let mut who = Comer::Named((subject, SenderNetwork::of(cause.address)));
    let mut known = found.as_ref().map(|credentials| credentials.user);
    for _ in 0..if possible { TRIES } else { 0 } {
        let stored = found
            .as_ref()
            .map(|credentials| credentials.password_hash.clone());
        let compared = hub
            .hasher
            .compare(Password::new(password), stored, who)
            .await?;
        let (Comparison::Same { renewed }, Some(credentials)) = (compared, found) else {
            break;
        };
        let admission = Admission {
            credentials,
            renewed,
            trace: attempt.trace(),
            cause: cause.clone(),
        };
        match hub.store.write(begin(admission)).await? {
            SignedIn::Done(done) => return Ok(done),
            SignedIn::Disabled => {
                attempt.failed();
                return Err(LoginError::Disabled);
            }
            SignedIn::Changed => {}
        }
        who = Comer::Expected;
        found = hub.store.read(look_up)?;
        known = found.as_ref().map(|credentials| credentials.user);
    }
    let change = RefuseSignIn {
        user: known,
        trace: attempt.trace(),
        cause,
    };
    hub.store.write(change).await?;
    attempt.failed();
    Err(LoginError::InvalidCredentials)
}

/// A user whose password was right a moment ago: what a change that signs them in begins with.
pub struct Admission {
    credentials: Credentials,
    /// A stronger hash to store.
    renewed: Option<StoredHash>,
    trace: Trace,
    cause: Cause,
}

/// What a change that signs somebody in found and did.
pub enum SignedIn<T> {
    /// They are signed in.
    Done(T),
    /// The user is locked out.
    Disabled,
    /// The stored hash is another one by now, or gone with its user. Nothing was written.
    Changed,
}

impl Admission {
    /// Looks again, in the transaction, and lets the user in, or tells why not. The cause that comes back names them.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn admit(self, tx: &Tx<'_>) -> Result<Admitted, StoreError> {
        let id = self.credentials.user;
        let compared = &self.credentials.password_hash;
        let (Some(user), Some(current)) = (users::by_id(tx, id)?, users::password_hash(tx, id)?)
        else {
            return Ok(Admitted::Changed);
        };
        if current != *compared {
            return Ok(Admitted::Changed);
        }
        if !user.is_active {
            refused(tx, Some(id), "disabled", self.trace, &self.cause)?;
            return Ok(Admitted::Disabled);
        }
        self.trace.passed(tx)?;
        let cause = self.cause.by_user(id);
        if let Some(renewed) = &self.renewed {
            users::replace_password_hash(tx, id, renewed)?;
            let target = Some(format!("user:{id}"));
            tx.audit(&cause, Action::PasswordRenew, target, None)?;
        }
        Ok(Admitted::User(Box::new(user), Box::new(cause)))
    }
}

/// What [`Admission::admit`] found.
pub enum Admitted {
    /// The user, and the cause of what follows, which names them.
    User(Box<User>, Box<Cause>),
    /// The user is locked out; the refusal is written.
    Disabled,
    /// As [`SignedIn::Changed`].
    Changed,
}

/// Begins a session that holds tokens.
struct SignIn {
    admission: Admission,
    session: NewSession,
}

impl Change for SignIn {
    type Outcome = SignedIn<(Box<Session>, Box<User>)>;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Self::Outcome, StoreError> {
        Ok(match self.admission.admit(tx)? {
            Admitted::User(user, cause) => {
                let session = start::start(tx, &self.session, user.id, &cause)?;
                SignedIn::Done((Box::new(session), user))
            }
            Admitted::Disabled => SignedIn::Disabled,
            Admitted::Changed => SignedIn::Changed,
        })
    }
}

/// Leaves the trace of a refused sign-in.
struct RefuseSignIn {
    /// Whose password it was not, if there is such a user.
    user: Option<UserId>,
    trace: Trace,
    cause: Cause,
}

impl Change for RefuseSignIn {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        let reason = match self.user {
            Some(_) => "wrong_password",
            None => "unknown_name",
        };
        refused(tx, self.user, reason, self.trace, &self.cause)
    }
}

/// What was typed as a name that does not exist is not written down: it may be a password in the wrong field. The row tells when a wait begins; a try
/// that comes before its end leaves none.
fn refused(
    tx: &Tx<'_>,
    user: Option<UserId>,
    reason: &str,
    trace: Trace,
    cause: &Cause,
) -> Result<(), StoreError> {
    let failures = trace.failed_at_sign_in(tx, user, cause)?;
    let detail = if failures.begin_a_wait() {
        format!("reason={reason} {failures}")
    } else {
        format!("reason={reason}")
    };
    tx.audit(
        cause,
        Action::SignInRefused,
        user.map(|user| format!("user:{user}")),
        Some(detail),
    )
}
