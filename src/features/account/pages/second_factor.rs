//! `GET /account/second-factor` and `POST /account/second-factor`: adding a second factor, and what there is of it.

use rocket::{State, get, post};
use rocket_dyn_templates::context;

use crate::features::account::pages::overview;
use crate::features::account::pages::own_password::{self, Given};
use crate::features::browser::renew::{NewValues, RenewCookies};
use crate::features::browser::who::Member;
use crate::features::second_factors::enrol::{self, Enrol, Enrolled, Enrolment};
use crate::features::second_factors::error::SecondFactorError;
use crate::features::sessions::error::AccessError;
use crate::http::form::{FieldError, Form};
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::store::{Change, Tx};

/// Where these pages stand.
pub(super) const PATH: &str = "/account/second-factor";

/// Shows the second factor that counts, the secret of one that is being added, or how to begin.
///
/// # Errors
/// When the store fails.
#[get("/account/second-factor")]
pub(super) fn show(hub: &State<Hub>, member: Member) -> Result<Page, Refusal> {
    page(hub, &member, &[])
}

/// The page, with what was wrong. The secret is shown only to somebody who gave the password a moment ago.
pub(super) fn page(hub: &Hub, member: &Member, errors: &[FieldError]) -> Result<Page, Refusal> {
    let now = hub.clock.now();
    if let Some(factor) = overview::second_factor(hub, member, now.wall)? {
        return Ok(member.page("account/second_factor.html", context! { factor, errors }));
    }
    if member.is_proven()
        && let Some(shown) = enrol::shown(hub, &member.user, now)?
    {
        let shows = context! { shown, errors };
        return Ok(member.page("account/set_up_second_factor.html", shows));
    }
    let asks_password = !member.is_proven();
    let shows = context! { asks_password, errors };
    Ok(member.page("account/begin_second_factor.html", shows))
}

/// Draws a secret, to be shown by the page above.
///
/// # Errors
/// A missing or wrong password brings the form back.
#[post("/account/second-factor", data = "<form>")]
pub(super) async fn begin(hub: &State<Hub>, member: Member, form: Form) -> Result<Away, Refusal> {
    let given = match own_password::given(hub, &member, &form).await? {
        Ok(given) => given,
        Err(problem) => {
            let page = page(hub, &member, std::slice::from_ref(&problem.error))?;
            return Err(problem.refuse(page));
        }
    };
    let (renew, values) = match given {
        Given::Before => (None, None),
        Given::Here => {
            let (renew, values) = RenewCookies::draw_for_account(hub, member.cookie);
            (Some(renew), Some(values))
        }
    };
    let change = Begin {
        enrol: Enrol {
            session: member.session,
            enrolment: Enrolment::draw(hub),
            cause: member.cause(hub),
        },
        renew,
    };
    let enrolled = hub.store.write(change).await.map_err(failed)?;
    let away = Away::to(PATH);
    let away = match &values {
        Some(values) => NewValues::hand_over(values, hub, away),
        None => away,
    };
    Ok(match enrolled {
        Enrolled::Pending => away,
        Enrolled::HasOne => away.noting(Note::new("second_factor_present")),
    })
}

/// Draws the secret, and notes at the browser's cookie that the password was given.
struct Begin {
    enrol: Enrol,
    renew: Option<RenewCookies>,
}

impl Change for Begin {
    type Outcome = Enrolled;
    type Error = SecondFactorError;

    fn apply(self, tx: &Tx<'_>) -> Result<Enrolled, SecondFactorError> {
        if let Some(renew) = &self.renew
            && !renew.apply(tx, self.enrol.session, self.enrol.cause.at)?
        {
            return Err(AccessError::SessionUnknown.into());
        }
        self.enrol.apply(tx)
    }
}

/// What an act that failed is answered with: whoever was signed out meanwhile signs in again.
pub(super) fn failed(error: SecondFactorError) -> Refusal {
    match error {
        SecondFactorError::Access(_) => Away::to("/login").into(),
        SecondFactorError::Store(_) => ApiError::from(error).into(),
    }
}
