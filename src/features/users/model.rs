//! A user, and the two shapes in which a body shows one.

use serde::Serialize;
use utoipa::ToSchema;

use crate::crypto::hasher::StoredHash;
use crate::types::email::Email;
use crate::types::ids::UserId;
use crate::types::profile::{Bio, WebUrl};
use crate::types::role::Role;
use crate::types::tier::Tier;
use crate::types::time::Timestamp;
use crate::types::username::Username;

/// The tier of everybody who pays nothing.
pub const FREE_TIER: &str = "FREE";

/// A user as the database has them. The password's hash is not here: see [`crate::features::users::store::credentials`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their number.
    pub id: UserId,
    /// Their name, as typed.
    pub username: String,
    /// Their address, as typed.
    pub email: String,
    /// Whether they showed that the address is theirs.
    pub email_verified: bool,
    /// What they tell about themselves.
    pub bio: Option<String>,
    /// Where their picture is.
    pub profile_photo_url: Option<String>,
    /// Where their website is.
    pub website_url: Option<String>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Whether they may sign in.
    pub is_active: bool,
    /// What they may do at the Hub.
    pub role: Role,
    /// What they pay for.
    pub premium_tier: String,
}

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Their name.
    pub username: Username,
    /// Their address.
    pub email: Email,
    /// Their password's hash.
    pub password_hash: StoredHash,
    /// What they may do.
    pub role: Role,
}

/// A user who comes from another system, with all that is known of them there.
#[derive(Clone, Debug)]
pub struct ImportedUser {
    /// What every new user has. The hash is one of theirs, or [`StoredHash::none`].
    pub user: NewUser,
    /// Whether they showed there that the address is theirs.
    pub email_verified: bool,
    /// What they pay for.
    pub premium_tier: Tier,
    /// Whether they may sign in.
    pub is_active: bool,
    /// When the account was made there; `None` is now.
    pub created_at: Option<Timestamp>,
    /// What they tell about themselves.
    pub bio: Option<Bio>,
    /// Where their picture is.
    pub profile_photo_url: Option<WebUrl>,
    /// Where their website is.
    pub website_url: Option<WebUrl>,
}

/// What happens to an optional field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Edit<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is emptied.
    Clear,
    /// It becomes this.
    To(T),
}

impl<T> Edit<T> {
    /// Whether anything happens.
    #[must_use]
    pub fn is_made(&self) -> bool {
        !matches!(self, Self::Keep)
    }

    /// What it becomes, if it becomes something.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::To(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }
}

/// A change to a profile.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// What they tell about themselves.
    pub bio: Edit<Bio>,
    /// Their website.
    pub website_url: Edit<WebUrl>,
    /// Their picture.
    pub profile_photo_url: Edit<WebUrl>,
    /// A new address; it counts as not verified.
    pub email: Option<Email>,
}

impl ProfileChange {
    /// The names of the fields that it touches, for the audit: their values are nobody else's business.
    #[must_use]
    pub fn fields(&self) -> Vec<&'static str> {
        [
            ("bio", self.bio.is_made()),
            ("website_url", self.website_url.is_made()),
            ("profile_photo_url", self.profile_photo_url.is_made()),
            ("email", self.email.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, touched)| touched.then_some(name))
        .collect()
    }
}

/// What anybody may see of a user. Never the address.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicUser)]
pub struct PublicUser<'user> {
    /// A number, given once.
    #[schema(minimum = 1)]
    id: i64,
    /// Unique without regard to case.
    #[schema(min_length = 3, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    username: &'user str,
    /// At most 500 characters.
    #[schema(max_length = 500, required)]
    bio: Option<&'user str>,
    /// An http or https address.
    #[schema(max_length = 2048, required)]
    profile_photo_url: Option<&'user str>,
    /// An http or https address.
    #[schema(max_length = 2048, required)]
    website_url: Option<&'user str>,
    /// When the account was made: UTC, always six digits, without a zone.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}$")]
    created_at: String,
    /// When it was last changed, in the same form.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}$")]
    updated_at: String,
    /// Whether they may sign in.
    is_active: bool,
    /// What they may do at the Hub itself: USER, ADMIN or SUPERADMIN.
    #[schema(pattern = "^(USER|ADMIN|SUPERADMIN)$")]
    role: &'static str,
    /// What they pay for; `FREE` unless an administrator set another.
    premium_tier: &'user str,
}

/// What a user sees of themselves.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FullUser)]
pub struct FullUser<'user> {
    /// A number, given once.
    #[schema(minimum = 1)]
    id: i64,
    /// Unique without regard to case.
    #[schema(min_length = 3, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    username: &'user str,
    /// Unique without regard to case.
    #[schema(max_length = 254)]
    email: &'user str,
    /// Whether they showed that the address is theirs.
    email_verified: bool,
    /// At most 500 characters.
    #[schema(max_length = 500, required)]
    bio: Option<&'user str>,
    /// An http or https address.
    #[schema(max_length = 2048, required)]
    profile_photo_url: Option<&'user str>,
    /// An http or https address.
    #[schema(max_length = 2048, required)]
    website_url: Option<&'user str>,
    /// When the account was made: UTC, always six digits, without a zone.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}$")]
    created_at: String,
    /// When it was last changed, in the same form.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}$")]
    updated_at: String,
    /// Whether they may sign in.
    is_active: bool,
    /// What they may do at the Hub itself: USER, ADMIN or SUPERADMIN.
    #[schema(pattern = "^(USER|ADMIN|SUPERADMIN)$")]
    role: &'static str,
    /// What they pay for; `FREE` unless an administrator set another.
    premium_tier: &'user str,
}

impl User {
    /// The shape of `refresh` and `register`.
    #[must_use]
    pub fn public(&self) -> PublicUser<'_> {
        PublicUser {
            id: self.id.0,
            username: &self.username,
            bio: self.bio.as_deref(),
            profile_photo_url: self.profile_photo_url.as_deref(),
            website_url: self.website_url.as_deref(),
            created_at: self.created_at.to_string(),
            updated_at: self.updated_at.to_string(),
            is_active: self.is_active,
            role: self.role.as_str(),
            premium_tier: &self.premium_tier,
        }
    }

    /// The shape of `login`, `validate` and `me`.
    #[must_use]
    pub fn full(&self) -> FullUser<'_> {
        FullUser {
            id: self.id.0,
            username: &self.username,
            email: &self.email,
            email_verified: self.email_verified,
            bio: self.bio.as_deref(),
            profile_photo_url: self.profile_photo_url.as_deref(),
            website_url: self.website_url.as_deref(),
            created_at: self.created_at.to_string(),
            updated_at: self.updated_at.to_string(),
            is_active: self.is_active,
            role: self.role.as_str(),
            premium_tier: &self.premium_tier,
        }
    }

    /// Whether they pay for something.
    #[must_use]
    pub fn is_premium(&self) -> bool {
        self.premium_tier != FREE_TIER
    }
}
