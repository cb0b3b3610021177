//! Why a page is not shown: an error in the shape that fits the asker, or the way to another page first.

use std::io::Cursor;

use rocket::Response;
use rocket::http::Status;
use rocket::request::Request;
use rocket::response::{self, Responder};

use crate::http::cookies::{Cookie, Jar};
use crate::http::is_api;
use crate::http::notes::{NOTE_SECONDS, Note};
use crate::http::pages::Page;
use crate::http::problem::ApiError;
use crate::store::StoreError;

/// The way to another page of this Hub (303 See Other): what every form's POST ends with.
#[derive(Clone, Debug)]
pub struct Away {
    to: String,
    jar: Jar,
}

impl Away {
    /// To a path of this Hub. What a browser named as the way must have passed [`crate::types::local_path::LocalPath`].
    pub fn to(path: impl ToString) -> Self {
        Self {
            to: path.to_string(),
            jar: Jar::default(),
        }
    }

    /// With a note that the next page shows once.
    #[must_use]
    pub fn noting(mut self, note: Note) -> Self {
        self.jar
            .give(Cookie::Note, &note.value(), Some(NOTE_SECONDS));
        self
    }

    /// Giving a cookie.
    #[must_use]
    pub fn giving(mut self, cookie: Cookie, value: &str, max_age_seconds: Option<u64>) -> Self {
        self.jar.give(cookie, value, max_age_seconds);
        self
    }

    /// Taking a cookie away.
    #[must_use]
    pub fn taking(mut self, cookie: Cookie) -> Self {
        self.jar.take(cookie);
        self
    }
}

impl<'r> Responder<'r, 'static> for Away {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let mut response = Response::build()
            .status(Status::SeeOther)
            .raw_header("Location", self.to)
            .sized_body(0, Cursor::new(Vec::new()))
            .finalize();
        self.jar.write(request, &mut response);
        Ok(response)
    }
}

/// What a page's route answers in place of its page.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// An error.
    Error(ApiError),
    /// The form again, with what was wrong.
    Again(Box<Page>),
    /// Another page first.
    Away(Away),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Error(error)
    }
}

impl From<Page> for Refusal {
    fn from(page: Page) -> Self {
        Self::Again(Box::new(page))
    }
}

impl From<Away> for Refusal {
    fn from(away: Away) -> Self {
        Self::Away(away)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Error(ApiError::store(
            error,
            "Internal server error",
            "internal_error",
        ))
    }
}

impl<'r> Responder<'r, 'static> for Refusal {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let error = match self {
            Self::Away(away) => return away.respond_to(request),
            Self::Again(page) => return page.respond_to(request),
            Self::Error(error) => error,
        };
        let for_people = request
            .accept()
            .is_some_and(|accept| accept.preferred().media_type().is_html());
        if is_api(request) || !for_people {
            return error.respond_to(request);
        }
        error.log(request);
        let (retry_after, allow) = (error.retry_after(), error.allow().map(str::to_owned));
        let status = Status::new(error.status());
        let mut response = Page::error(&error, request).respond_to(request)?;
        response.set_status(status);
        if let Some(seconds) = retry_after {
            response.set_raw_header("Retry-After", seconds.to_string());
        }
        if let Some(allow) = allow {
            response.set_raw_header("Allow", allow);
        }
        Ok(response)
    }
}

/// What a guard left for the catcher.
struct Left(Option<Refusal>);

/// Leaves word, in a guard that refuses a request, of what to answer.
pub fn leave(request: &Request<'_>, refusal: Refusal) {
    request.local_cache(|| Left(Some(refusal)));
}

/// What a guard has left to answer.
#[must_use]
pub fn left(request: &Request<'_>) -> Option<Refusal> {
    request.local_cache(|| Left(None)).0.clone()
}
