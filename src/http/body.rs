//! JSON bodies in: 16 KiB at most, `application/json` only, every field read leniently and none trusted.

use std::fmt;

use rocket::data::{Data, FromData, Outcome, ToByteUnit};
use rocket::request::Request;
use serde_json::{Map, Value};
use tokio::io::AsyncReadExt;

use crate::http::problem::ApiError;

/// Most bytes of a body: the longest legal one, a change of a profile, has a third of it.
pub const MAX_BODY_BYTES: usize = 16 * 1024;
/// A refresh, which is what is asked most, has half of it.
const USUAL_BODY_BYTES: usize = 1024;

/// A request's body, read and parsed. It never fails as a guard: the route says what a bad body means there.
pub struct Body(Result<Content, ApiError>);

enum Content {
    /// There is no body: every field is missing.
    Empty,
    /// A JSON object.
    Object(Fields),
    /// Something else, or nested deeper than 128.
    NotAnObject,
}

/// The fields of a JSON object: passwords and tokens are among them.
#[derive(Default)]
pub struct Fields(Map<String, Value>);

impl fmt::Debug for Fields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Fields(redacted)")
    }
}

#[rocket::async_trait]
impl<'r> FromData<'r> for Body {
    type Error = std::convert::Infallible;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        Outcome::Success(Self(read(request, data).await))
    }
}

async fn read(request: &Request<'_>, data: Data<'_>) -> Result<Content, ApiError> {
    let mut bytes = Vec::with_capacity(USUAL_BODY_BYTES);
    // One byte more than is taken, to see whether there is more. (Rocket's own way to collect a body clears a buffer of 8 KiB for each.)
    let mut stream = data.open((MAX_BODY_BYTES + 1).bytes());
    let read = stream.read_to_end(&mut bytes).await;
    read.map_err(|_| ApiError::of_status(400))?;
    if bytes.len() > MAX_BODY_BYTES {
        return Err(ApiError::of_status(413));
    }
    if bytes.is_empty() {
        return Ok(Content::Empty);
    }
    // The header itself and not a guess: a browser may send `text/plain` across origins without asking, so nothing else passes for JSON.
    let is_json = request
        .content_type()
        .is_some_and(|given| given.top() == "application" && given.sub() == "json");
    if !is_json {
        return Err(ApiError::of_status(415));
    }
    Ok(match serde_json::from_slice(&bytes) {
        Ok(Value::Object(fields)) => Content::Object(Fields(fields)),
        Ok(_) | Err(_) => Content::NotAnObject,
    })
}

impl Body {
    /// The fields; none at all where there is no body, and `None` where the body is no JSON object.
    ///
    /// # Errors
    /// 413 and 415.
    pub fn fields(self) -> Result<Option<Fields>, ApiError> {
        match self.0? {
            Content::Empty => Ok(Some(Fields::default())),
            Content::Object(fields) => Ok(Some(fields)),
            Content::NotAnObject => Ok(None),
        }
    }
}

/// A field that may be absent, emptied or set.
#[derive(PartialEq, Eq)]
pub enum Field<'body> {
    /// It is not there.
    Absent,
    /// It is `null`, or a text without a visible character.
    Empty,
    /// It is this text.
    Text(&'body str),
    /// It is something that is no text.
    NotText,
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Absent => "Absent",
            Self::Empty => "Empty",
            // It may be a password.
            Self::Text(_) => "Text(redacted)",
            Self::NotText => "NotText",
        })
    }
}

impl Fields {
    /// A required text. Missing, of another type and blank are all the same: `None`.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.field(name) {
            Field::Text(text) => Some(text),
            Field::Absent | Field::Empty | Field::NotText => None,
        }
    }

    /// An optional field, with everything that it may be.
    #[must_use]
    pub fn field(&self, name: &str) -> Field<'_> {
        match self.0.get(name) {
            None => Field::Absent,
            Some(Value::Null) => Field::Empty,
            Some(Value::String(text)) if text.trim().is_empty() => Field::Empty,
            Some(Value::String(text)) => Field::Text(text),
            Some(_) => Field::NotText,
        }
    }
}
