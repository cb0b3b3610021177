//! The columns of a file of users: what `hub user import` reads and `hub user export` writes.

use crate::crypto::hasher::StoredHash;
use crate::features::users::model::User;

/// What a file may tell about a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Their name.
    Username,
    /// Their address.
    Email,
    /// Whether they showed that it is theirs.
    EmailVerified,
    /// Their password's hash; empty where they have none yet.
    PasswordHash,
    /// The salt that Firebase writes beside the hash.
    PasswordSalt,
    /// Their role.
    Role,
    /// Their tier.
    PremiumTier,
    /// Whether they may sign in.
    IsActive,
    /// When the account was made.
    CreatedAt,
    /// What they tell about themselves.
    Bio,
    /// Where their picture is.
    ProfilePhotoUrl,
    /// Where their website is.
    WebsiteUrl,
}

/// How many there are.
pub const COUNT: usize = 12;

impl Field {
    /// Every column, in the order in which it is written.
    pub const ALL: [Self; COUNT] = [
        Self::Username,
        Self::Email,
        Self::EmailVerified,
        Self::PasswordHash,
        Self::PasswordSalt,
        Self::Role,
        Self::PremiumTier,
        Self::IsActive,
        Self::CreatedAt,
        Self::Bio,
        Self::ProfilePhotoUrl,
        Self::WebsiteUrl,
    ];

    /// As it is called in a file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Email => "email",
            Self::EmailVerified => "email_verified",
            Self::PasswordHash => "password_hash",
            Self::PasswordSalt => "password_salt",
            Self::Role => "role",
            Self::PremiumTier => "premium_tier",
            Self::IsActive => "is_active",
            Self::CreatedAt => "created_at",
            Self::Bio => "bio",
            Self::ProfilePhotoUrl => "profile_photo_url",
            Self::WebsiteUrl => "website_url",
        }
    }

    /// The column of this name, or what to say about it.
    ///
    /// # Errors
    /// When there is none: which one is nearest. The name is repeated only where it can be one, for a file without a first row of names begins with
    /// somebody's hash.
    pub fn named(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|field| field.name() == name);
        known.ok_or_else(|| {
            let is_name = (1..=MAX_NAME_BYTES).contains(&name.len())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphabetic() || b"_- ".contains(&byte));
            if !is_name {
                let all: Vec<&str> = Self::ALL.iter().map(|field| field.name()).collect();
                return format!("no name of a column; the names are {}", all.join(", "));
            }
            let nearest = Self::ALL.into_iter().max_by(|one, other| {
                let near = |field: &Self| strsim::jaro_winkler(name, field.name());
                near(one).total_cmp(&near(other))
            });
            let nearest = nearest.map_or("", Self::name);
            format!("the column {name} is unknown; did you mean {nearest}? Leave out what the Hub does not keep")
        })
    }

    /// Whether it is written, too: a salt of its own stands within the hash by then.
    #[must_use]
    pub fn is_exported(self) -> bool {
        self != Self::PasswordSalt
    }

    /// What it says about a user, if anything.
    #[must_use]
    pub fn of(self, user: &User, hash: &StoredHash) -> Option<String> {
        match self {
            Self::Username => Some(user.username.clone()),
            Self::Email => Some(user.email.clone()),
            Self::EmailVerified => Some(user.email_verified.to_string()),
            Self::PasswordHash => (!hash.is_none()).then(|| hash.as_str().to_owned()),
            Self::PasswordSalt => None,
            Self::Role => Some(user.role.to_string()),
            Self::PremiumTier => Some(user.premium_tier.clone()),
            Self::IsActive => Some(user.is_active.to_string()),
            Self::CreatedAt => Some(user.created_at.to_string()),
            Self::Bio => user.bio.clone(),
            Self::ProfilePhotoUrl => user.profile_photo_url.clone(),
            Self::WebsiteUrl => user.website_url.clone(),
        }
    }
}

/// The longest name of a column is half as long.
const MAX_NAME_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use super::Field;

    #[test]
    fn an_unknown_column_is_told_its_nearest_and_no_hash_is_repeated() {
        for field in Field::ALL {
            assert_eq!(Field::named(field.name()), Ok(field));
        }
        let told = Field::named("e-mail").expect_err("unknown");
        assert!(told.starts_with("the column e-mail is unknown; did you mean email?"));
        let told = Field::named("password").expect_err("unknown");
        assert!(told.contains("did you mean password_"), "{told}");
        for secret in [
            "$2b$12$abcdefghijklmnopqrstuv",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "",
        ] {
            let told = Field::named(secret).expect_err("unknown");
            assert!(told.starts_with("no name of a column; the names are username,"));
        }
    }
}
