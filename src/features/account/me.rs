//! `GET` and `PATCH /api/auth/me`: one's own profile.

use rocket::{State, get, patch};
use serde::Serialize;

use crate::features::account::error::ProfileError;
use crate::features::sessions::access::authenticate;
use crate::features::users::model::{Edit, FullUser, ProfileChange, User};
use crate::features::users::store as users;
use crate::http::answer::Answer;
use crate::http::authorization::Authorization;
use crate::http::body::{Body, Field, Fields};
use crate::http::client::Client;
use crate::http::problem::ApiError;
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Tx};
use crate::types::cause::Cause;
use crate::types::email::{Email, EmailError};
use crate::types::ids::UserId;
use crate::types::profile::{Bio, WebUrl};

#[derive(Serialize)]
struct Me<'user> {
    user: FullWithTier<'user>,
}

#[derive(Serialize)]
struct FullWithTier<'user> {
    #[serde(flatten)]
    full: FullUser<'user>,
    is_premium: bool,
}

#[derive(Serialize)]
struct Updated<'user> {
    message: &'static str,
    user: FullWithTier<'user>,
}

fn body(user: &User) -> FullWithTier<'_> {
    FullWithTier {
        full: user.full(),
        is_premium: user.is_premium(),
    }
}

/// Shows the caller's profile.
///
/// # Errors
/// See [`crate::features::sessions::error::AccessError`].
#[get("/api/auth/me")]
pub async fn show(hub: &State<Hub>, authorization: Authorization) -> Result<Answer, ApiError> {
    let caller = authenticate(hub, &authorization)?;
    Ok(Answer::ok(&Me {
        user: body(&caller.user),
    }))
}

/// Changes the caller's profile: the fields that the body names, and no others. `null` empties a field.
///
/// # Errors
/// See [`ProfileError`].
#[patch("/api/auth/me", data = "<body>")]
pub async fn update(
    hub: &State<Hub>,
    client: Client,
    authorization: Authorization,
    body: Body,
) -> Result<Answer, ApiError> {
    let caller = authenticate(hub, &authorization)?;
    let fields = body.fields()?.ok_or(ProfileError::NoData)?;
    let change = parse(&fields)?;
    let user = if change.fields().is_empty() {
        // Nothing changes, so nothing is written.
        caller.user
    } else {
        let cause = client.cause(hub).by_user(caller.user.id);
        let user = caller.user.id;
        let change = UpdateProfile {
            user,
            change,
            cause,
        };
        hub.store.write(change).await?
    };
    Ok(Answer::ok(&Updated {
        message: "Profile updated successfully",
        user: self::body(&user),
    }))
}

fn parse(fields: &Fields) -> Result<ProfileChange, ProfileError> {
    let email = match fields.field("email") {
        Field::Absent => None,
        Field::Empty => return Err(ProfileError::Email(EmailError::Form)),
        Field::NotText => return Err(ProfileError::NotText("email")),
        Field::Text(text) => Some(Email::parse(text).map_err(ProfileError::Email)?),
    };
    Ok(ProfileChange {
        bio: optional(fields, "bio", |text| {
            Bio::parse(text).map_err(ProfileError::Bio)
        })?,
        website_url: optional(fields, "website_url", |text| url(text, "website_url"))?,
        profile_photo_url: optional(fields, "profile_photo_url", |text| {
            url(text, "profile_photo_url")
        })?,
        email,
    })
}

fn optional<T>(
    fields: &Fields,
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<T, ProfileError>,
) -> Result<Edit<T>, ProfileError> {
    match fields.field(name) {
        Field::Absent => Ok(Edit::Keep),
        Field::Empty => Ok(Edit::Clear),
        Field::NotText => Err(ProfileError::NotText(name)),
        Field::Text(text) => parse(text).map(Edit::To),
    }
}

fn url(text: &str, name: &'static str) -> Result<WebUrl, ProfileError> {
    WebUrl::parse(text).map_err(|_| ProfileError::Url(name))
}

/// Changes a profile, whoever's door it came in by.
pub(super) struct UpdateProfile {
    /// Whose.
    pub(super) user: UserId,
    /// What becomes of its fields.
    pub(super) change: ProfileChange,
    /// When, from where.
    pub(super) cause: Cause,
}

impl Change for UpdateProfile {
    type Outcome = User;
    type Error = ProfileError;

    fn apply(self, tx: &Tx<'_>) -> Result<User, ProfileError> {
        if let Some(email) = &self.change.email
            && users::email_taken_by_other(tx, &email.key(), self.user)?
        {
            return Err(ProfileError::EmailTaken);
        }
        let now = self.cause.at.wall;
        let user = users::update_profile(tx, self.user, &self.change, now)?.ok_or(
            ProfileError::Access(crate::features::sessions::error::AccessError::UserNotFound),
        )?;
        let target = Some(format!("user:{}", self.user));
        let detail = Some(format!("fields={}", self.change.fields().join(",")));
        tx.audit(&self.cause, Action::UserUpdate, target, detail)?;
        Ok(user)
    }
}
