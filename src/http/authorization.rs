//! The `Authorization` header: a bearer token (RFC 6750, 2.1) or nothing. Never a query parameter, never a cookie.

use std::convert::Infallible;
use std::fmt;

use rocket::request::{FromRequest, Outcome, Request};

/// What a request shows as its right. Whether it counts, the database says.
pub struct Authorization(Option<String>);

impl Authorization {
    /// The token, if there is exactly one header and it is a bearer's.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Authorization(redacted)")
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Authorization {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let mut headers = request.headers().get("Authorization");
        // Of two headers nobody knows which one a proxy has checked: neither counts.
        let token = match (headers.next(), headers.next()) {
            (Some(only), None) => bearer(only),
            _ => None,
        };
        Outcome::Success(Self(token.map(str::to_owned)))
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::bearer;

    #[test]
    fn only_a_bearers_header_gives_a_token() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        for other in ["", "Bearer", "Bearer ", "Basic abc", "abc", "Bearerabc"] {
            assert_eq!(bearer(other), None, "{other:?}");
        }
    }
}
