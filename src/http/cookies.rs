//! Cookies, read and written exactly: the `__Host-` prefix under TLS, the plain name over loopback HTTP only, never twice.

use std::fmt;

use rocket::Response;
use rocket::request::Request;
use zeroize::Zeroizing;

use crate::hub::Hub;
use crate::types::held_value::HeldValue;
use crate::types::host::HostName;

/// The cookies there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// Who is signed in at the browser. Other sites' links may lead to one's own account.
    Session,
    /// The right to the administrators' pages. No link of another site carries it.
    Admin,
    /// A right password that waits for the second factor.
    HalfSignIn,
    /// What forms are bound to while nobody is signed in.
    Visitor,
    /// Light, dark, or as the system says.
    Theme,
    /// What the next page tells once.
    Note,
}

impl Cookie {
    const fn name(self) -> &'static str {
        match self {
            Self::Session => "hub_session",
            Self::Admin => "hub_admin",
            Self::HalfSignIn => "hub_half_sign_in",
            Self::Visitor => "hub_visitor",
            Self::Theme => "hub_theme",
            Self::Note => "hub_note",
        }
    }

    const fn same_site(self) -> &'static str {
        match self {
            Self::Session | Self::Theme => "Lax",
            Self::Admin | Self::HalfSignIn | Self::Visitor | Self::Note => "Strict",
        }
    }
}

/// How cookies are named where the Hub is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Over TLS: browsers take a cookie with this prefix from this host only, whole and encrypted.
    HostPrefix,
    /// Over loopback HTTP, where nobody listens in: the plain name, and no `Secure`.
    Plain,
}

impl Naming {
    /// How they are named for this request; `None` over HTTP that others can read along, where no cookie is given or taken.
    #[must_use]
    pub fn of(request: &Request<'_>) -> Option<Self> {
        let public = &request.rocket().state::<Hub>()?.config.public_url;
        if public.is_https() {
            return Some(Self::HostPrefix);
        }
        let asked = request.headers().get_one("Host").map(without_port);
        // The host that the browser asked for decides: a public address on this machine says nothing of who comes in from elsewhere.
        let loopback = asked.map_or_else(|| public.host().is_loopback(), is_loopback);
        loopback.then_some(Self::Plain)
    }

    /// The whole name of a cookie.
    #[must_use]
    pub fn name(self, cookie: Cookie) -> String {
        match self {
            Self::HostPrefix => format!("__Host-{}", cookie.name()),
            Self::Plain => cookie.name().to_owned(),
        }
    }

    /// The `Set-Cookie` header that gives a cookie its value, for so many seconds or until the browser closes.
    #[must_use]
    pub fn set(self, cookie: Cookie, value: &str, max_age_seconds: Option<u64>) -> String {
        let mut text = format!("{}={value}; Path=/", self.name(cookie));
        if let Some(seconds) = max_age_seconds {
            text.push_str("; Max-Age=");
            text.push_str(&seconds.to_string());
        }
        if self == Self::HostPrefix {
            text.push_str("; Secure");
        }
        text.push_str("; HttpOnly; SameSite=");
        text.push_str(cookie.same_site());
        text
    }

    /// The `Set-Cookie` header that takes a cookie away.
    #[must_use]
    pub fn clear(self, cookie: Cookie) -> String {
        self.set(cookie, "", Some(0))
    }

    /// The value that a request shows; of two cookies of one name nobody knows which is ours, so neither counts.
    #[must_use]
    pub fn read<'request>(
        self,
        request: &'request Request<'_>,
        cookie: Cookie,
    ) -> Option<&'request str> {
        let name = self.name(cookie);
        let mut values = request
            .headers()
            .get("Cookie")
            .flat_map(|header| header.split(';'))
            .filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='))
            .filter(|(given, _)| *given == name)
            .map(|(_, value)| value);
        match (values.next(), values.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }
}

/// The value of a cookie that proves something, if the request shows one that can be such a value.
#[must_use]
pub fn held(request: &Request<'_>, cookie: Cookie) -> Option<HeldValue> {
    HeldValue::parse(Naming::of(request)?.read(request, cookie)?)
}

/// Cookies that an answer gives or takes away.
#[derive(Clone, Default)]
pub struct Jar(Vec<Given>);

#[derive(Clone)]
struct Given {
    cookie: Cookie,
    /// `None` takes it away.
    value: Option<Zeroizing<String>>,
    max_age_seconds: Option<u64>,
}

impl fmt::Debug for Jar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Jar(redacted)")
    }
}

impl Jar {
    /// Gives a cookie, for so many seconds or until the browser closes.
    pub fn give(&mut self, cookie: Cookie, value: &str, max_age_seconds: Option<u64>) {
        self.0.push(Given {
            cookie,
            value: Some(Zeroizing::new(value.to_owned())),
            max_age_seconds,
        });
    }

    /// Takes a cookie away.
    pub fn take(&mut self, cookie: Cookie) {
        self.0.push(Given {
            cookie,
            value: None,
            max_age_seconds: None,
        });
    }

    /// Puts the headers into an answer; none where cookies are not given.
    pub fn write(&self, request: &Request<'_>, response: &mut Response<'_>) {
        let Some(naming) = Naming::of(request) else {
            return;
        };
        for given in &self.0 {
            let header = match &given.value {
                Some(value) => naming.set(given.cookie, value, given.max_age_seconds),
                None => naming.clear(given.cookie),
            };
            response.adjoin_raw_header("Set-Cookie", header);
        }
    }
}

/// The host of a `Host` header.
#[must_use]
pub fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => bare,
        _ => host,
    }
}

/// Whether a host name means this machine and nothing else.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    HostName::parse(host).is_some_and(|host| host.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{Cookie, Naming, without_port};

    #[test]
    fn each_cookie_is_written_to_the_letter() {
        for (naming, cookie, max_age, expected) in [
            (
                Naming::HostPrefix,
                Cookie::Session,
                Some(60),
                "__Host-hub_session=v; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax",
            ),
            (
                Naming::HostPrefix,
                Cookie::Admin,
                None,
                "__Host-hub_admin=v; Path=/; Secure; HttpOnly; SameSite=Strict",
            ),
            (
                Naming::Plain,
                Cookie::Admin,
                None,
                "hub_admin=v; Path=/; HttpOnly; SameSite=Strict",
            ),
        ] {
            assert_eq!(naming.set(cookie, "v", max_age), expected);
        }
        assert_eq!(
            Naming::HostPrefix.clear(Cookie::Session),
            "__Host-hub_session=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn a_port_is_no_part_of_a_host() {
        for (host, bare) in [
            ("localhost:8000", "localhost"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("a", "a"),
        ] {
            assert_eq!(without_port(host), bare);
        }
    }
}
