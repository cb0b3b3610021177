//! Forms in: the one way a page's POST reaches a route, and the guard against requests that other sites make browsers send.
//!
//! A form must come from a page of this Hub: by what the browser says of its origin (fetch metadata, or `Origin` where a browser is too old for
//! that), and by the form token that only such a page could carry (OWASP, Cross-Site Request Forgery Prevention).

use std::borrow::Cow;

use rocket::data::{Data, FromData, Outcome, ToByteUnit};
use rocket::http::{RawStr, Status};
use rocket::request::Request;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::http::cookies::{self, Cookie};
use crate::http::problem::ApiError;
use crate::http::refusal::{self, Refusal};
use crate::hub::Hub;

/// Most bytes of a form: a hundred ticked sessions and a long profile have a quarter of it.
pub const MAX_FORM_BYTES: usize = 16 * 1024;
/// The field that carries the token.
pub const TOKEN_FIELD: &str = "form_token";

/// What is wrong with a field, as the form shows it when it comes back; an error of no one field has an empty name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    field: &'static str,
    text: Cow<'static, str>,
}

impl FieldError {
    /// The error of a field.
    pub fn new(field: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            field,
            text: text.into(),
        }
    }
}

/// The fields of a form that a page of this Hub sent. Passwords and codes are among them.
pub struct Form(Vec<(String, Zeroizing<String>)>);

impl std::fmt::Debug for Form {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Form(redacted)")
    }
}

impl Form {
    /// A field as it was typed; absent is the same as empty.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Every value of a field that may be there several times, such as ticked boxes.
    pub fn all<'form>(&'form self, name: &str) -> impl Iterator<Item = &'form str> {
        self.0
            .iter()
            .filter(move |(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a box is ticked.
    #[must_use]
    pub fn ticked(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }
}

#[rocket::async_trait]
impl<'r> FromData<'r> for Form {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        match read(request, data).await {
            Ok(form) => Outcome::Success(form),
            Err(error) => {
                let status = Status::new(error.status());
                refusal::leave(request, Refusal::Error(error));
                Outcome::Error((status, ()))
            }
        }
    }
}

async fn read(request: &Request<'_>, data: Data<'_>) -> Result<Form, ApiError> {
    if !is_same_origin(request) {
        return Err(foreign());
    }
    if !request.content_type().is_some_and(|kind| kind.is_form()) {
        return Err(ApiError::new(
            415,
            "Content-Type must be application/x-www-form-urlencoded",
            "unsupported_media_type",
        ));
    }
    let bytes = data
        .open(MAX_FORM_BYTES.bytes())
        .into_bytes()
        .await
        .map_err(|_| ApiError::of_status(400))?;
    if !bytes.is_complete() {
        return Err(ApiError::of_status(413));
    }
    let bytes = Zeroizing::new(bytes.into_inner());
    let form = parse(&bytes).ok_or_else(|| ApiError::of_status(400))?;
    if is_bound(request, form.text(TOKEN_FIELD)) {
        Ok(form)
    } else {
        Err(foreign())
    }
}

fn foreign() -> ApiError {
    ApiError::new(
        403,
        "This form was not sent from a page of this Hub, or the page is too old; go back, reload it and send it again",
        "foreign_form",
    )
}

/// Whether the browser says that a page of this very origin sent the request.
fn is_same_origin(request: &Request<'_>) -> bool {
    let only = |name: &str| {
        let mut values = request.headers().get(name);
        match (values.next(), values.next()) {
            (first, None) => Some(first),
            _ => None,
        }
    };
    match (only("Sec-Fetch-Site"), only("Origin")) {
        (Some(Some(site)), Some(_)) => site == "same-origin",
        (Some(None), Some(Some(origin))) => request
            .rocket()
            .state::<Hub>()
            .is_some_and(|hub| hub.config.public_url.as_str() == origin),
        _ => false,
    }
}

/// The cookies that the forms of a page may be bound to. An area's own forms take its own cookie only.
///
/// The area is named by the path as routes are matched: decoded, and without empty segments.
fn binding(area: Option<&str>) -> &'static [Cookie] {
    match area {
        Some("admin") => &[Cookie::Admin],
        Some("account") => &[Cookie::Session],
        // Signing in and out, and the theme: from every page.
        _ => &[Cookie::Admin, Cookie::Session, Cookie::Visitor],
    }
}

fn is_bound(request: &Request<'_>, token: &str) -> bool {
    let Some(hub) = request.rocket().state::<Hub>() else {
        return false;
    };
    let now = hub.clock.now().wall;
    binding(request.uri().path().segments().next())
        .iter()
        .filter_map(|cookie| cookies::held(request, *cookie))
        .any(|value| hub.forms.verify(token, &value.hash(), now))
}

/// `application/x-www-form-urlencoded`, in UTF-8.
fn parse(bytes: &[u8]) -> Option<Form> {
    let decode = |text: &str| RawStr::new(text).url_decode().map(Cow::into_owned);
    std::str::from_utf8(bytes)
        .ok()?
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name).ok()?, Zeroizing::new(decode(value).ok()?)))
        })
        .collect::<Option<_>>()
        .map(Form)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn fields_are_decoded_and_kept_in_order() {
        let form = parse(b"id=1&name=a+b%26c&id=2&empty=&bare").expect("a form");
        assert_eq!(form.text("name"), "a b&c");
        assert_eq!(form.all("id").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((form.text("empty"), form.text("absent")), ("", ""));
        assert!(form.ticked("bare") && !form.ticked("absent"));
    }

    #[test]
    fn what_is_no_utf_8_is_refused() {
        for bytes in [&b"a=\xff"[..], b"a=%ff", b"%ff=a"] {
            assert!(parse(bytes).is_none());
        }
    }

    #[test]
    fn debug_shows_no_field() {
        let form = parse(b"password=secret").expect("a form");
        assert_eq!(format!("{form:?}"), "Form(redacted)");
    }
}
