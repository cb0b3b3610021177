//! `POST /account/profile`: what one tells about oneself, and one's address.

use rocket::{State, post};
use serde::Serialize;

use crate::features::account::error::ProfileError;
use crate::features::account::me::UpdateProfile;
use crate::features::account::pages::overview;
use crate::features::browser::who::Member;
use crate::features::users::model::{Edit, ProfileChange, User};
use crate::http::form::{FieldError, Form};
use crate::http::notes::Note;
use crate::http::problem::ApiError;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::types::email::Email;
use crate::types::profile::{Bio, WebUrl};

/// The profile as it stands in the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Typed {
    email: String,
    bio: String,
    website_url: String,
    profile_photo_url: String,
}

impl Typed {
    /// As the database has it.
    pub(super) fn of(user: &User) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Self {
            email: user.email.clone(),
            bio: text(&user.bio),
            website_url: text(&user.website_url),
            profile_photo_url: text(&user.profile_photo_url),
        }
    }

    fn of_form(form: &Form) -> Self {
        let line = |name| form.text(name).trim().to_owned();
        Self {
            email: line("email"),
            // Browsers send two characters for one line break, which a limit of characters would count twice.
            bio: form.text("bio").replace("\r\n", "\n"),
            website_url: line("website_url"),
            profile_photo_url: line("profile_photo_url"),
        }
    }

    /// What differs from the profile as it is; or everything that breaks a rule.
    fn change(&self, before: &Self) -> Result<ProfileChange, Vec<FieldError>> {
        let mut problems = Vec::new();
        let mut broken = |field, error: ProfileError| {
            problems.push(FieldError::new(
                field,
                ApiError::from(error).text().to_owned(),
            ));
        };
        let bio = edit(&before.bio, &self.bio, |text| {
            Bio::parse(text).map_err(|rule| broken("bio", ProfileError::Bio(rule)))
        });
        let website_url = edit(&before.website_url, &self.website_url, |text| {
            WebUrl::parse(text).map_err(|_| broken("website_url", ProfileError::Url("The website")))
        });
        let photo = (&before.profile_photo_url, &self.profile_photo_url);
        let profile_photo_url = edit(photo.0, photo.1, |text| {
            WebUrl::parse(text)
                .map_err(|_| broken("profile_photo_url", ProfileError::Url("The picture")))
        });
        let email = (self.email != before.email)
            .then(|| {
                Email::parse(&self.email)
                    .map_err(|rule| broken("email", ProfileError::Email(rule)))
                    .ok()
            })
            .flatten();
        if problems.is_empty() {
            Ok(ProfileChange {
                bio,
                website_url,
                profile_photo_url,
                email,
            })
        } else {
            Err(problems)
        }
    }
}

fn edit<T>(before: &str, after: &str, parse: impl FnOnce(&str) -> Result<T, ()>) -> Edit<T> {
    if after == before {
        Edit::Keep
    } else if after.is_empty() {
        Edit::Clear
    } else {
        // What breaks a rule was noted where it was parsed, and then nothing is changed.
        parse(after).map_or(Edit::Keep, Edit::To)
    }
}

/// Saves the profile. What was typed wrongly comes back with the form, and so does the rest.
///
/// # Errors
/// See [`ProfileError`].
#[post("/account/profile", data = "<form>")]
pub(super) async fn save(hub: &State<Hub>, member: Member, form: Form) -> Result<Away, Refusal> {
    let typed = Typed::of_form(&form);
    let again = |problems: &[FieldError]| -> Refusal {
        match overview::page(hub, &member, &typed, problems) {
            Ok(page) => page.with_status(422).into(),
            Err(refusal) => refusal,
        }
    };
    let change = typed
        .change(&Typed::of(&member.user))
        .map_err(|problems| again(&problems))?;
    if change.fields().is_empty() {
        return Ok(Away::to("/account").noting(Note::new("profile_unchanged")));
    }
    let update = UpdateProfile {
        user: member.user.id,
        change,
        cause: member.cause(hub),
    };
    match hub.store.write(update).await {
        Ok(_) => Ok(Away::to("/account").noting(Note::new("profile_saved"))),
        Err(error @ ProfileError::EmailTaken) => Err(again(&[FieldError::new(
            "email",
            ApiError::from(error).text().to_owned(),
        )])),
        // Signed out meanwhile.
        Err(ProfileError::Access(_)) => Err(Away::to("/login").into()),
        Err(error) => Err(ApiError::from(error).into()),
    }
}
