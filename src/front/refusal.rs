//! What the door answers itself, in the one error shape; the connection is closed after it.

use std::net::SocketAddr;

use hyper::body::Bytes;
use hyper::header::{ALLOW, CONNECTION, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};

use crate::http::answer::JSON;
use crate::http::cors;
use crate::http::headers::{NOT_KEPT, REQUEST_ID, of_every_answer};
use crate::http::problem::ApiError;
use crate::http::site::Site;
use crate::types::door_counts::DoorCounts;
use crate::types::entropy::SystemEntropy;
use crate::types::ids::RequestId;

/// The methods that reach Rocket. CONNECT is for proxies, TRACE shows headers to whoever asks.
const ALLOWED: HeaderValue =
    HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");

/// Why a request does not reach Rocket, or its answer not the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Not a request that can be understood, or one that two readers may understand differently.
    BadRequest,
    /// Not TLS, where TLS is spoken.
    PlainHttp,
    /// A method that no route has.
    MethodNotAllowed,
    /// The body did not come in time.
    TimedOut,
    /// The body is larger than any route takes.
    BodyTooLarge,
    /// The request names a host that is not the Hub's: see [`crate::http::hosts`].
    Misdirected,
    /// The request line is too long.
    UriTooLong,
    /// The head is too long, or has too many lines.
    HeadersTooLarge,
    /// The answer could not be made: a fault of ours.
    Broken,
    /// A transfer coding other than chunked.
    NotImplemented,
}

impl Refusal {
    const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest | Self::PlainHttp => StatusCode::BAD_REQUEST,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotImplemented => StatusCode::NOT_IMPLEMENTED,
        }
    }

    /// What the administrator can do, for the log line.
    const fn mend(self) -> Option<&'static str> {
        match self {
            Self::Misdirected => Some(
                "the request names a host that is not the Hub's; if people use that name, set HUB_PUBLIC_URL or HUB_ALLOWED_HOSTS",
            ),
            _ => None,
        }
    }

    fn error(self) -> ApiError {
        match self {
            Self::PlainHttp => ApiError::new(
                400,
                "This port speaks HTTPS: use https:// in place of http://",
                "https_required",
            ),
            _ => ApiError::of_status(self.status().as_u16()),
        }
    }

    /// The answer for this refusal to the client at `peer`, its log line and its count: Rocket, which has those of the others, never saw the request.
    pub(super) fn answer(
        self,
        peer: Option<SocketAddr>,
        https: bool,
        counts: &DoorCounts,
    ) -> Response<Bytes> {
        let status = self.status();
        counts.refusal(status.as_u16());
        let id = RequestId::generate(&SystemEntropy).to_string();
        tracing::info!(
            request_id = id,
            status = status.as_u16(),
            peer = peer.map(|peer| tracing::field::display(peer.ip())),
            mend = self.mend(),
            "request refused at the door"
        );
        let body = self.error().body();
        let mut answer = Response::new(Bytes::from(body));
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        let own = [
            ("Content-Type", JSON),
            ("Cache-Control", NOT_KEPT),
            (REQUEST_ID, &id),
        ];
        for (name, value) in own {
            append(headers, name, value);
        }
        put_on_every_answer(headers, https, false);
        if self == Self::MethodNotAllowed {
            headers.insert(ALLOW, ALLOWED);
        }
        answer
    }

    /// The bytes to send instead of a bare refusal that hyper is about to write; none if `written` is no such thing.
    pub(super) fn in_place_of(
        written: &[u8],
        peer: Option<SocketAddr>,
        https: bool,
        counts: &DoorCounts,
    ) -> Option<Bytes> {
        let head = std::str::from_utf8(written).ok()?;
        let (status_line, rest) = head.split_once("\r\n")?;
        let refusal = match status_line.split(' ').nth(1)? {
            "400" => Self::BadRequest,
            "414" => Self::UriTooLong,
            "431" => Self::HeadersTooLarge,
            _ => return None,
        };
        let date = rest.split("\r\n").find(|line| line.starts_with("date: "));
        Some(refusal.written(status_line, date, peer, https, counts))
    }

    /// The bytes to send to a client with whom hyper does not speak, at a port that speaks TLS. Without a date: only hyper keeps one ready.
    pub(super) fn alone(self, peer: Option<SocketAddr>, counts: &DoorCounts) -> Bytes {
        let status = self.status();
        let reason = status.canonical_reason().unwrap_or_default();
        let status_line = format!("HTTP/1.1 {} {reason}", status.as_u16());
        self.written(&status_line, None, peer, true, counts)
    }

    fn written(
        self,
        status_line: &str,
        date: Option<&str>,
        peer: Option<SocketAddr>,
        https: bool,
        counts: &DoorCounts,
    ) -> Bytes {
        let answer = self.answer(peer, https, counts);
        let mut bytes = format!("{status_line}\r\n").into_bytes();
        for (name, value) in answer.headers() {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        if let Some(date) = date {
            bytes.extend_from_slice(date.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        let length = answer.body().len();
        bytes.extend_from_slice(format!("content-length: {length}\r\n\r\n").as_bytes());
        bytes.extend_from_slice(answer.body());
        bytes.into()
    }
}

/// Lets a page of a configured origin read the refusal of what it asked the API.
pub(super) fn let_its_page_read(answer: &mut Response<Bytes>, site: &Site, asked: &Parts) {
    let origins = asked.headers.get_all(ORIGIN).iter();
    // One that is no text is no configured origin, and still a second one.
    let origins = origins.map(|origin| origin.to_str().unwrap_or_default());
    for (name, value) in cors::of_answer(site, asked.uri.path(), origins) {
        append(answer.headers_mut(), name, value);
    }
}

/// Puts on what every answer carries, whoever made it.
pub(super) fn put_on_every_answer(headers: &mut HeaderMap, https: bool, is_page: bool) {
    for (name, value) in of_every_answer(https, is_page) {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
}

fn append(headers: &mut HeaderMap, name: &'static str, value: &str) {
    let name = HeaderName::from_bytes(name.as_bytes());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
        headers.append(name, value);
    }
}
