//! A record becomes a user, by the rules that hold for everybody who registers.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

use crate::cli::user::import::field::Field;
use crate::cli::user::import::record::Record;
use crate::crypto::firebase::FirebaseProject;
use crate::crypto::foreign::ForeignError;
use crate::crypto::hasher::{HasherSettings, StoredHash};
use crate::features::users::model::{FREE_TIER, ImportedUser, NewUser};
use crate::types::email::Email;
use crate::types::profile::{Bio, WebUrl};
use crate::types::role::Role;
use crate::types::tier::Tier;
use crate::types::time::Timestamp;
use crate::types::username::Username;

/// What holds for all records of a file.
pub struct Rules {
    /// Whether a record may name a role.
    pub allow_roles: bool,
    /// How hashes are made today.
    pub hashing: HasherSettings,
    /// The Firebase project whose hashes these are.
    pub firebase: Option<FirebaseProject>,
    /// When the command began.
    pub now: Timestamp,
}

impl Rules {
    /// The user whom a record tells of.
    ///
    /// # Errors
    /// All that is wrong with it. Never with what stands in it.
    pub fn user(&self, record: &Record) -> Result<ImportedUser, String> {
        let mut wrong = Vec::new();
        let username = parsed(record, Field::Username, &mut wrong, |text| {
            Username::parse(text).map_err(|error| error.to_string())
        });
        let email = parsed(record, Field::Email, &mut wrong, |text| {
            Email::parse(text).map_err(|error| error.to_string())
        });
        for (field, value) in [
            (Field::Username, username.is_none()),
            (Field::Email, email.is_none()),
        ] {
            if value && record.get(field).is_none() {
                wrong.push(format!("{} is missing", field.name()));
            }
        }
        let password_hash = match self.password_hash(record) {
            Ok(hash) => Some(hash),
            Err(error) => {
                wrong.push(error);
                None
            }
        };
        let role = parsed(record, Field::Role, &mut wrong, |text| self.role(text));
        let tier = parsed(record, Field::PremiumTier, &mut wrong, |text| {
            Tier::parse(text).map_err(|error| error.to_string())
        });
        let created_at = parsed(record, Field::CreatedAt, &mut wrong, |text| self.time(text));
        let bio = parsed(record, Field::Bio, &mut wrong, |text| {
            Bio::parse(text).map_err(|error| error.to_string())
        });
        let profile_photo_url = parsed(record, Field::ProfilePhotoUrl, &mut wrong, web_url);
        let website_url = parsed(record, Field::WebsiteUrl, &mut wrong, web_url);
        let email_verified = parsed(record, Field::EmailVerified, &mut wrong, truth);
        let is_active = parsed(record, Field::IsActive, &mut wrong, truth);
        let premium_tier = tier.or_else(|| Tier::parse(FREE_TIER).ok());
        match (username, email, password_hash, premium_tier) {
            (Some(username), Some(email), Some(password_hash), Some(premium_tier))
                if wrong.is_empty() =>
            {
                Ok(ImportedUser {
                    user: NewUser {
                        username,
                        email,
                        password_hash,
                        role: role.unwrap_or(Role::User),
                    },
                    email_verified: email_verified.unwrap_or(false),
                    premium_tier,
                    is_active: is_active.unwrap_or(true),
                    created_at,
                    bio,
                    profile_photo_url,
                    website_url,
                })
            }
            _ => Err(wrong.join("; ")),
        }
    }

    fn password_hash(&self, record: &Record) -> Result<StoredHash, String> {
        let (hash, salt) = (
            record.get(Field::PasswordHash),
            record.get(Field::PasswordSalt),
        );
        let told = |error: ForeignError| format!("password_hash: {error}");
        match (hash, salt, &self.firebase) {
            (None, None, _) => Ok(StoredHash::none()),
            (Some(hash), Some(salt), Some(project)) => {
                StoredHash::imported_from_firebase(project, hash, salt).map_err(told)
            }
            (Some(_), Some(_), None) => Err(
                "password_salt: only Firebase tells it apart; name the file with the project's parameters with --firebase"
                    .to_owned(),
            ),
            (None, Some(_), _) => Err("password_salt: there is no hash to it".to_owned()),
            (Some(hash), None, _) => StoredHash::imported(hash, &self.hashing).map_err(told),
        }
    }

    fn role(&self, text: &str) -> Result<Role, String> {
        let role: Role = text
            .parse()
            .map_err(|_| "is none of USER, ADMIN and SUPERADMIN".to_owned())?;
        if role != Role::User && !self.allow_roles {
            return Err(
                "names more than USER; look at who gets it, and add --allow-roles".to_owned(),
            );
        }
        Ok(role)
    }

    /// A time in UTC, or with its distance from it.
    fn time(&self, text: &str) -> Result<Timestamp, String> {
        let plain = text.strip_suffix('Z').unwrap_or(text);
        let time = DateTime::parse_from_rfc3339(text)
            .map(|time| time.naive_utc())
            .or_else(|_| NaiveDateTime::parse_from_str(plain, "%Y-%m-%dT%H:%M:%S%.f"))
            .or_else(|_| NaiveDateTime::parse_from_str(plain, "%Y-%m-%d %H:%M:%S%.f"))
            .or_else(|_| {
                NaiveDate::parse_from_str(plain, "%Y-%m-%d").map(|day| day.and_time(NaiveTime::MIN))
            })
            .map_err(|_| {
                "write 2025-09-06, 2025-09-06T15:30:45 (in UTC) or 2025-09-06T17:30:45+02:00"
                    .to_owned()
            })?;
        let time = Timestamp::from_micros(time.and_utc().timestamp_micros());
        if time > self.now {
            return Err("lies in the future".to_owned());
        }
        if time < Timestamp::from_micros(0) {
            return Err("lies before 1970".to_owned());
        }
        Ok(time)
    }
}

/// A field's value; `None` when it says nothing, or nothing that can be, which is noted.
fn parsed<T>(
    record: &Record,
    field: Field,
    wrong: &mut Vec<String>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<T> {
    let text = record.get(field)?;
    parse(text)
        .map_err(|error| wrong.push(format!("{}: {error}", field.name())))
        .ok()
}

fn web_url(text: &str) -> Result<WebUrl, String> {
    WebUrl::parse(text).map_err(|_| "is no web address (http:// or https://)".to_owned())
}

fn truth(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("write true or false".to_owned()),
    }
}
