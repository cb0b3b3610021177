//! The head of a request: what the door takes, and what it refuses because two readers may understand it differently.

use hyper::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderMap, HeaderName, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use hyper::http::request::Parts;
use hyper::{Uri, Version};
use rocket::http::Method;
use rocket::http::uri::{Host, Origin};

use super::refusal::Refusal;
use crate::http::hosts::KnownHosts;

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Where whoever watches over the server asks, by whatever name or address it has there; they tell nothing.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// A head that Rocket can take as it is.
#[derive(Debug)]
pub(super) struct Accepted<'a> {
    /// One of the methods that routes can have.
    pub(super) method: Method,
    /// Path and query, valid in Rocket's eyes too.
    pub(super) target: Origin<'a>,
    /// The one host that the request names; HTTP/1.0 may leave it out.
    pub(super) host: Option<Host<'a>>,
}

/// Judges a head that hyper could read; `scheme` is what the connection speaks.
pub(super) fn judge<'a>(
    head: &'a Parts,
    scheme: &str,
    known: &KnownHosts,
) -> Result<Accepted<'a>, Refusal> {
    let method = method(&head.method).ok_or(Refusal::MethodNotAllowed)?;
    check_transfer_coding(&head.headers)?;
    let host = host(head)?;
    let target = target(&head.uri, scheme)?;
    let is_known = |host: &Host<'_>| known.know(host.domain().as_str());
    let is_probe = PROBES.contains(&target.path().as_str());
    if !is_probe && !host.as_ref().is_none_or(is_known) {
        return Err(Refusal::Misdirected);
    }
    Ok(Accepted {
        method,
        target,
        host,
    })
}

/// Headers about this connection and this message's framing, which neither Rocket nor a client has to do with.
pub(super) fn is_about_the_connection(name: &HeaderName) -> bool {
    [
        CONNECTION,
        KEEP_ALIVE,
        PROXY_CONNECTION,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
        EXPECT,
    ]
    .contains(name)
}

/// The answer's headers that hyper writes itself, beside those about the connection.
pub(super) fn is_written_by_the_door(name: &HeaderName) -> bool {
    *name == CONTENT_LENGTH || is_about_the_connection(name)
}

fn method(method: &hyper::Method) -> Option<Method> {
    Some(match *method {
        hyper::Method::GET => Method::Get,
        hyper::Method::HEAD => Method::Head,
        hyper::Method::POST => Method::Post,
        hyper::Method::PUT => Method::Put,
        hyper::Method::PATCH => Method::Patch,
        hyper::Method::DELETE => Method::Delete,
        hyper::Method::OPTIONS => Method::Options,
        _ => return None,
    })
}

/// hyper undoes chunks and nothing else: another coding in front of it would reach Rocket still encoded.
fn check_transfer_coding(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let known = match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(only), None) => only.as_bytes().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    };
    if known {
        Ok(())
    } else {
        Err(Refusal::NotImplemented)
    }
}

/// The host: exactly one line in HTTP/1.1, and the same as in an absolute target. A proxy in front may have chosen the
/// other one. HTTP/1.0 may leave it out, in both places.
fn host(head: &Parts) -> Result<Option<Host<'_>>, Refusal> {
    let mut lines = head.headers.get_all(HOST).iter();
    let line = match (lines.next(), lines.next()) {
        (Some(line), None) => line.to_str().map_err(|_| Refusal::BadRequest)?,
        (None, _) if head.version == Version::HTTP_10 => match head.uri.authority() {
            Some(named) => named.as_str(),
            None => return Ok(None),
        },
        _ => return Err(Refusal::BadRequest),
    };
    let differs = |other: &str| !other.eq_ignore_ascii_case(line);
    if head
        .uri
        .authority()
        .is_some_and(|named| differs(named.as_str()))
    {
        return Err(Refusal::BadRequest);
    }
    // A user's name in front of a host is for URLs (RFC 9110, 7.2), and Rocket would read past it.
    if line.contains('@') {
        return Err(Refusal::BadRequest);
    }
    Host::parse(line).map(Some).map_err(|_| Refusal::BadRequest)
}

/// Path and query of `/path` and of `http://host/path`. `*` and `host:port` are for proxies and name nothing here.
fn target<'a>(uri: &'a Uri, scheme: &str) -> Result<Origin<'a>, Refusal> {
    if uri.scheme_str().is_some_and(|named| named != scheme) {
        return Err(Refusal::BadRequest);
    }
    uri.path_and_query()
        .and_then(|target| Origin::parse(target.as_str()).ok())
        .ok_or(Refusal::BadRequest)
}
