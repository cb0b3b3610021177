//! Every refusal of the actions on one's own account, for the document of the API: each from the error that it is made of.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};

use crate::features::account::error::{PasswordChangeError, ProfileError, RegisterError};
use crate::features::passwords::model::PasswordError;
use crate::features::sessions::answers::{WAIT, store};
use crate::features::sessions::error::AccessError;
use crate::features::users::store::Taken;
use crate::http::openapi::refusals_with_body;
use crate::http::problem::ApiError;
use crate::types::email::EmailError;
use crate::types::profile::BioError;
use crate::types::username::UsernameError;

type Answers = BTreeMap<String, RefOr<Response>>;

const EMAIL_RULES: [EmailError; 2] = [EmailError::Form, EmailError::Length];
/// The shortest password, unless configured otherwise.
const MIN_CHARS: usize = 8;
const PASSWORD_RULES: [PasswordError; 6] = [
    PasswordError::TooShort(MIN_CHARS),
    PasswordError::TooLong,
    PasswordError::NoLetter,
    PasswordError::NoDigit,
    PasswordError::Common,
    PasswordError::Identity,
];

impl IntoResponses for RegisterError {
    fn responses() -> Answers {
        let username = [UsernameError::Length, UsernameError::Characters];
        let rest = [
            Self::Closed,
            Self::Taken(Taken::Username),
            Self::Taken(Taken::Email),
            Self::TooMany(WAIT),
            Self::Busy(WAIT.after),
        ];
        let every = [Self::NoData, Self::MissingFields]
            .into_iter()
            .chain(username.map(Self::Username))
            .chain(EMAIL_RULES.map(Self::Email))
            .chain(PASSWORD_RULES.map(Self::Password))
            .chain(rest)
            .chain(store().map(Self::Store));
        refusals_with_body(every.map(ApiError::from))
    }
}

impl IntoResponses for ProfileError {
    fn responses() -> Answers {
        let fields = ["email", "bio", "website_url", "profile_photo_url"];
        let urls = ["website_url", "profile_photo_url"];
        let every = AccessError::every()
            .map(Self::Access)
            .chain([Self::NoData])
            .chain(fields.map(Self::NotText))
            .chain([BioError::Length, BioError::Characters].map(Self::Bio))
            .chain(urls.map(Self::Url))
            .chain(EMAIL_RULES.map(Self::Email))
            .chain([Self::EmailTaken])
            .chain(store().map(Self::Store));
        refusals_with_body(every.map(ApiError::from))
    }
}

impl IntoResponses for PasswordChangeError {
    fn responses() -> Answers {
        let rest = [
            Self::InvalidCredentials,
            Self::TooMany(WAIT),
            Self::Busy(WAIT.after),
        ];
        let every = AccessError::every()
            .map(Self::Access)
            .chain([Self::NoData, Self::MissingFields])
            .chain(PASSWORD_RULES.map(Self::Password))
            .chain(rest)
            .chain(store().map(Self::Store));
        refusals_with_body(every.map(ApiError::from))
    }
}
