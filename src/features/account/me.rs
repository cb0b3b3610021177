//! `GET` and `PATCH /api/auth/me`: one's own profile.

use rocket::{State, get, patch};
use serde::Serialize;
use utoipa::ToSchema;

use crate::features::account::error::ProfileError;
use crate::features::sessions::access::authenticate;
use crate::features::sessions::error::AccessError;
use crate::features::sessions::example;
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

/// The caller.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
struct Me<'user> {
    /// The caller's profile.
    user: FullWithTier<'user>,
}

/// What a user sees of themselves, and whether they pay.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnUser)]
struct FullWithTier<'user> {
    #[serde(flatten)]
    full: FullUser<'user>,
    /// Whether the tier is another than `FREE`.
    is_premium: bool,
}

/// The caller after the change.
#[derive(Serialize, ToSchema)]
#[schema(as = Updated)]
struct Updated<'user> {
    /// What was done, in words.
    message: &'static str,
    /// The caller's profile as it is now.
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
#[utoipa::path(
    get,
    path = "/api/auth/me",
    operation_id = "me",
    tag = "One's own account",
    summary = "See one's own profile",
    description = "The account that the token belongs to, as it is now.",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The profile.", body = Me<'_>, example = json!(Me { user: body(&example::user()) })),
        AccessError,
    ),
)]
#[get("/api/auth/me")]
pub async fn show(hub: &State<Hub>, authorization: Authorization) -> Result<Answer, ApiError> {
    let caller = authenticate(hub, &authorization)?;
    Ok(Answer::ok(&Me {
        user: body(&caller.user),
    }))
}

/// What changes; a field that is not there stays as it is.
#[derive(ToSchema)]
pub struct Profile {
    /// No control characters but line breaks and tabs. `null` or blank empties it.
    #[schema(
        max_length = 500,
        pattern = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*$"
    )]
    pub bio: Option<String>,
    /// An http or https address, in ASCII, without a user name in it. `null` or blank empties it.
    #[schema(
        max_length = 2048,
        pattern = r"^(\s*|[hH][tT][tT][pP][sS]?://[!$%&'()*+,.0-9:;=A-Z\[\]_a-z~-]*[A-Za-z0-9][!$%&'()*+,.0-9:;=A-Z\[\]_a-z~-]*([/?#][!#$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~-]*)?)$"
    )]
    pub website_url: Option<String>,
    /// The same, of a picture.
    #[schema(
        max_length = 2048,
        pattern = r"^(\s*|[hH][tT][tT][pP][sS]?://[!$%&'()*+,.0-9:;=A-Z\[\]_a-z~-]*[A-Za-z0-9][!$%&'()*+,.0-9:;=A-Z\[\]_a-z~-]*([/?#][!#$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~-]*)?)$"
    )]
    pub profile_photo_url: Option<String>,
    /// Unique without regard to case; a new one counts as not verified. It cannot be emptied.
    #[schema(nullable = false)]
    #[schema(
        max_length = 254,
        pattern = r"^(?![^@]*[.][.@])[A-Za-z0-9!#$%&'*+/=?^_`{|}~-][A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{0,63}@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$"
    )]
    pub email: Option<String>,
}

/// Changes the caller's profile: the fields that the body names, and no others. `null` empties a field.
///
/// # Errors
/// See [`ProfileError`].
#[utoipa::path(
    patch,
    path = "/api/auth/me",
    operation_id = "updateMe",
    tag = "One's own account",
    summary = "Change one's own profile",
    description = "Changes the fields that the body names, and no others.",
    security(("bearer" = [])),
    request_body(content = Profile, description = "The fields to change.", example = json!({"bio": example::BIO, "website_url": example::WEBSITE})),
    responses(
        (status = 200, description = "The profile is changed.", body = Updated<'_>, example = json!(Updated { message: "Profile updated successfully", user: body(&example::changed_user()) })),
        ProfileError,
    ),
)]
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
