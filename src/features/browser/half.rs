//! `GET /login/second-factor` and `POST /login/second-factor`: the second step of a sign-in.
//!
//! Between the steps there is no session: the browser holds a value that opens this page and nothing else, for five minutes.

use rocket::request::{FromRequest, Outcome, Request};
use rocket::{State, get, post};
use rocket_dyn_templates::context;
use sha2::{Digest, Sha256};

use crate::features::browser::begin::{Begun, NewBrowser};
use crate::features::browser::current::Current;
use crate::features::browser::model::{HALF_SIGN_IN, is_within};
use crate::features::browser::sign_in::local;
use crate::features::browser::store::{self, Half};
use crate::features::browser::who::with_next;
use crate::features::second_factors::check::{Check, Checked};
use crate::features::second_factors::model::Presented;
use crate::features::users::store as users;
use crate::http::client::Client;
use crate::http::cookies::{self, Cookie};
use crate::http::form::{FieldError, Form};
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::refusal::{Away, Refusal};
use crate::http::view::View;
use crate::hub::Hub;
use crate::hub::counts::{SignIn, SignInWay};
use crate::hub::throttle::model::{Refused, TooMany, Tries};
use crate::store::audit::Action;
use crate::store::{Change, Db, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::held_value::{HeldValue, ValueHash};
use crate::types::ids::UserId;
use crate::types::local_path::LocalPath;
use crate::types::time::Moment;

/// A right password that is to be remembered until the second factor comes.
#[derive(Debug)]
pub struct NewHalf(ValueHash);

impl NewHalf {
    /// Draws the value that the browser holds meanwhile.
    #[must_use]
    pub fn draw(hub: &Hub) -> (Self, HeldValue) {
        let value = HeldValue::generate(hub.entropy.as_ref());
        (Self(value.hash()), value)
    }

    /// Remembers it.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn remember(&self, tx: &Tx<'_>, user: UserId, cause: &Cause) -> Result<(), StoreError> {
        let half = Half {
            user,
            password_mark: password_mark(tx, user)?.unwrap_or_default(),
            made: cause.at,
        };
        store::remember_half(tx, &self.0, &half)?;
        tx.audit(
            cause,
            Action::SignInHalf,
            Some(format!("user:{user}")),
            None,
        )
    }
}

/// Tells one stored password from the next, without being one.
fn password_mark(db: &Db<'_>, user: UserId) -> Result<Option<[u8; 32]>, StoreError> {
    let stored = users::password_hash(db, user)?;
    Ok(stored.map(|hash| Sha256::digest(hash.as_str()).into()))
}

/// The way to the second step.
#[must_use]
pub fn hand_over(value: &HeldValue, next: Option<&LocalPath>) -> Away {
    let next = next.map_or("", LocalPath::as_str);
    let to = with_next("/login/second-factor", next);
    Away::to(to).giving(
        Cookie::HalfSignIn,
        value.reveal(),
        Some(HALF_SIGN_IN.as_secs()),
    )
}

/// The value that a browser shows for its first step.
pub struct Shown(Option<ValueHash>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Shown {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        let value = cookies::held(request, Cookie::HalfSignIn);
        Outcome::Success(Self(value.map(|value| value.hash())))
    }
}

/// Asks for the second factor.
///
/// # Errors
/// Whoever has not given their password, or too long ago, begins anew.
#[get("/login/second-factor?<next>")]
pub fn ask(
    hub: &State<Hub>,
    view: View,
    shown: Shown,
    next: Option<&str>,
) -> Result<Page, Refusal> {
    let half = match &shown.0 {
        Some(value) => hub.store.read(|db| store::half(db, value))?,
        None => None,
    };
    let now = hub.clock.now();
    if !half.is_some_and(|half| is_in_time(half.made, now)) {
        return Err(begin_anew().into());
    }
    Ok(form(&view, local(next.unwrap_or_default()).as_ref(), &[]))
}

/// Takes the code and signs in.
///
/// # Errors
/// A wrong code brings the form back.
#[post("/login/second-factor", data = "<form>")]
pub async fn give(
    hub: &State<Hub>,
    client: Client,
    view: View,
    current: Current,
    shown: Shown,
    form: Form,
) -> Result<Away, Refusal> {
    let next = local(form.text("next"));
    let again = |problem: String| {
        let errors = [FieldError::new("code", problem)];
        let page = self::form(&view, next.as_ref(), &errors);
        Refusal::from(page.with_status(422))
    };
    let too_many = |too_many: TooMany| {
        let errors = [FieldError::new("code", too_many.sentence())];
        let page = self::form(&view, next.as_ref(), &errors);
        Refusal::from(page.for_too_many(too_many))
    };
    let value = shown.0.ok_or_else(begin_anew)?;
    let count = |ended| hub.counts.sign_in(SignInWay::SecondFactor, ended);
    let presented = Presented::parse(form.text("code")).map_err(|error| {
        count(SignIn::Malformed);
        again(error.to_string())
    })?;
    let half = hub.store.read(|db| store::half(db, &value))?;
    let half = half.ok_or_else(begin_anew)?;
    let caller = hub.throttle.caller(client.address);
    let reserved = hub.throttle.reserve(Tries::FailedCode, caller);
    let mut reserved = reserved.map_err(|wait| {
        count(SignIn::Throttled);
        too_many(wait)
    })?;
    let (browser, values) = NewBrowser::draw(hub, current.value());
    let cause = client.cause(hub);
    let change = Finish {
        value,
        check: Check::new(hub, half.user, presented, cause.clone()),
        browser,
        cause,
    };
    let finished = hub.store.write(change).await;
    count(match &finished {
        Ok(Finished::Begun(_)) => SignIn::Success,
        Ok(Finished::Refused(Checked::Wait(_))) => SignIn::Throttled,
        Ok(Finished::Refused(_)) => SignIn::Wrong,
        Ok(Finished::BeginAnew) => SignIn::TooLate,
        Err(_) => SignIn::Failed,
    });
    match finished? {
        Finished::Begun(begun) => Ok(values.hand_over(hub, &begun, next)),
        Finished::Refused(Checked::Wait(after)) => {
            hub.throttle.refused(Refused::Account);
            Err(too_many(TooMany { after }))
        }
        Finished::Refused(checked) => {
            reserved.spend();
            Err(again(sentence(checked)))
        }
        Finished::BeginAnew => Err(begin_anew().into()),
    }
}

fn begin_anew() -> Away {
    Away::to("/login")
        .taking(Cookie::HalfSignIn)
        .noting(Note::new("sign_in_anew"))
}

fn is_in_time(made: Moment, now: Moment) -> bool {
    is_within(made, HALF_SIGN_IN, now)
}

fn form(view: &View, next: Option<&LocalPath>, errors: &[FieldError]) -> Page {
    view.page(
        "second_step.html",
        context! {
            next: next.map(LocalPath::as_str),
            errors: errors,
        },
    )
}

/// Why a code was refused.
fn sentence(checked: Checked) -> String {
    match checked {
        Checked::Used => "That code was used already. Wait for the next one.".to_owned(),
        Checked::Wait(after) => TooMany { after }.sentence(),
        Checked::Wrong | Checked::Absent | Checked::Right | Checked::Recovered { .. } => {
            "That code is not right. Codes change every 30 seconds.".to_owned()
        }
    }
}

/// Judges the second factor and begins the session, in one transaction.
struct Finish {
    value: ValueHash,
    check: Check,
    browser: NewBrowser,
    cause: Cause,
}

enum Finished {
    Begun(Box<Begun>),
    Refused(Checked),
    /// The first step is too long ago, the password was changed since, or the user is gone or locked out.
    BeginAnew,
}

impl Change for Finish {
    type Outcome = Finished;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Finished, StoreError> {
        let Some(half) = store::half(tx, &self.value)? else {
            return Ok(Finished::BeginAnew);
        };
        let user = users::by_id(tx, half.user)?.filter(|user| user.is_active);
        let same_password = password_mark(tx, half.user)? == Some(half.password_mark);
        let Some(user) = user.filter(|_| same_password && is_in_time(half.made, self.cause.at))
        else {
            store::forget_half(tx, &self.value)?;
            return Ok(Finished::BeginAnew);
        };
        let checked = self.check.within(tx)?;
        if checked == Checked::Absent {
            store::forget_half(tx, &self.value)?;
            return Ok(Finished::BeginAnew);
        }
        if !checked.is_passed() {
            return Ok(Finished::Refused(checked));
        }
        store::forget_half(tx, &self.value)?;
        let cause = self.cause.by_user(user.id);
        let begun = self.browser.begin(tx, user, &cause)?;
        Ok(Finished::Begun(Box::new(begun)))
    }
}
