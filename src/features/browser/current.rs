//! Who is signed in at this browser already, if anybody is: for pages that are open to all.

use std::convert::Infallible;

use rocket::request::{FromRequest, Outcome, Request};

use crate::features::browser::model::Area;
use crate::features::browser::who;
use crate::http::cookies::{self, Cookie};
use crate::types::held_value::ValueHash;

/// What a browser shows before it signs in anew.
#[derive(Clone, Debug, Default)]
pub struct Current {
    value: Option<ValueHash>,
    username: Option<String>,
}

impl Current {
    /// The cookie that it shows, good or not.
    #[must_use]
    pub fn value(&self) -> Option<ValueHash> {
        self.value
    }

    /// The name of whoever is signed in.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Current {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        // A store that cannot be asked shows itself at the sign-in.
        let held = who::held(request, Area::Account).ok().flatten();
        Outcome::Success(Self {
            value: cookies::held(request, Cookie::Session).map(|value| value.hash()),
            username: held.map(|(_, _, user)| user.username),
        })
    }
}
