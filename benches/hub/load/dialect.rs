//! How a server is spoken to: which requests there are, what stands in them, and where its answers carry tokens. Read from a TOML file, so that
//! any server can be put under the same load; the Hub's own is `benches/hub/peers/hub.toml`.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use rocket::figment::Figment;
use rocket::figment::providers::{Format, Toml};
use serde::Deserialize;

use crate::load::person::Person;

/// What every client calls itself.
pub const USER_AGENT: &str = "hub-bench";

/// The Hub's own.
const HUB: &str = include_str!("../peers/hub.toml");

/// What is asked of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A new account.
    Register,
    /// A name and a password for tokens.
    SignIn,
    /// A token for its successor.
    Refresh,
    /// Who the caller is.
    Me,
    /// Whether a token is good.
    Validate,
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    checked_with: String,
    address: Option<SocketAddr>,
    access_field: String,
    refresh_field: String,
    id_field: Option<String>,
    #[serde(default)]
    keeps_token: bool,
    target_times: Option<f64>,
    target_cpu: Option<f64>,
    register: WrittenRequest,
    sign_in: Option<WrittenRequest>,
    refresh: WrittenRequest,
    me: Option<WrittenRequest>,
    validate: Option<WrittenRequest>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRequest {
    line: String,
    #[serde(default)]
    headers: Vec<String>,
    body: Option<String>,
    status: u16,
    answer_has: Option<String>,
    #[serde(default = "yes")]
    tokens: bool,
}

fn yes() -> bool {
    true
}

/// A server's.
pub struct Dialect {
    /// What the server is called.
    pub name: String,
    /// The version that the file was tried with.
    pub checked_with: String,
    /// Where it listens, when the file says so.
    pub address: Option<SocketAddr>,
    /// How many times as many refreshes the Hub is to answer.
    pub target_times: Option<f64>,
    /// The most processor time of a Hub's refresh for one of the server's.
    pub target_cpu: Option<f64>,
    requests: Vec<(Act, Arc<Request>)>,
}

/// One request and what its answer must be.
pub struct Request {
    /// Method and path, as the file says them.
    pub line: String,
    /// The only status that is right.
    pub status: u16,
    head: Vec<Piece>,
    body: Option<Vec<Piece>>,
    /// What stands in a right answer.
    answer_has: Option<Vec<Piece>>,
    tokens: Option<Fields>,
}

/// Where an answer carries what.
#[derive(Clone)]
struct Fields {
    access: String,
    refresh: String,
    id: Option<String>,
    /// Whether a refresh may answer with the token that was presented.
    may_stay: bool,
}

enum Piece {
    Text(String),
    Name,
    Password,
    Access,
    Refresh,
    Id,
}

impl Dialect {
    /// The Hub's.
    pub fn hub() -> anyhow::Result<Self> {
        Self::parse(HUB).context("peers/hub.toml")
    }

    /// From a file.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        Self::parse(&text).with_context(|| file.display().to_string())
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let written: Written = Figment::from(Toml::string(text)).extract()?;
        let fields = Fields {
            access: format!("\"{}\"", written.access_field),
            refresh: format!("\"{}\"", written.refresh_field),
            id: written.id_field.map(|field| format!("\"{field}\"")),
            may_stay: written.keeps_token,
        };
        let acts = [
            (Act::Register, Some(written.register)),
            (Act::SignIn, written.sign_in),
            (Act::Refresh, Some(written.refresh)),
            (Act::Me, written.me),
            (Act::Validate, written.validate),
        ];
        let mut requests = Vec::new();
        for (act, request) in acts {
            let Some(request) = request else { continue };
            let has_tokens = request.tokens && !matches!(act, Act::Me | Act::Validate);
            let tokens = has_tokens.then(|| fields.clone());
            requests.push((act, Arc::new(Request::new(request, tokens))));
        }
        Ok(Self {
            name: written.name,
            checked_with: written.checked_with,
            address: written.address,
            target_times: written.target_times,
            target_cpu: written.target_cpu,
            requests,
        })
    }

    /// The request of this act.
    pub fn request(&self, act: Act) -> anyhow::Result<Arc<Request>> {
        let found = self.requests.iter().find(|(known, _)| *known == act);
        let Some((_, request)) = found else {
            bail!("the file of {} tells no request for {act:?}", self.name);
        };
        Ok(Arc::clone(request))
    }
}

impl Request {
    /// A bare JSON POST that carries no token.
    pub fn hello() -> Arc<Self> {
        let written = WrittenRequest {
            line: "POST /".to_owned(),
            headers: Vec::new(),
            body: Some(r#"{"name":"world"}"#.to_owned()),
            status: 200,
            answer_has: None,
            tokens: false,
        };
        Arc::new(Self::new(written, None))
    }

    /// A bare GET.
    pub fn get(path: &str) -> Arc<Self> {
        let written = WrittenRequest {
            line: format!("GET {path}"),
            headers: Vec::new(),
            body: None,
            status: 200,
            answer_has: None,
            tokens: false,
        };
        Arc::new(Self::new(written, None))
    }

    fn new(written: WrittenRequest, tokens: Option<Fields>) -> Self {
        let mut head = format!("{} HTTP/1.1\r\n", written.line);
        for header in &written.headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        Self {
            head: pieces(&head),
            body: written.body.as_deref().map(pieces),
            answer_has: written.answer_has.as_deref().map(pieces),
            line: written.line,
            status: written.status,
            tokens,
        }
    }

    /// Writes the person's next request over what `into` held.
    pub fn write(&self, person: &mut Person, host: SocketAddr, into: &mut String) {
        into.clear();
        fill(&self.head, person, into);
        // Writing to a String cannot fail.
        let _ = write!(
            into,
            "Host: {host}\r\nUser-Agent: {USER_AGENT}\r\nAccept: application/json\r\n"
        );
        let Some(body) = &self.body else {
            into.push_str("\r\n");
            return;
        };
        let mut text = std::mem::take(&mut person.body);
        text.clear();
        fill(body, person, &mut text);
        let _ = write!(
            into,
            "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        );
        person.body = text;
    }

    /// Looks into an answer of the right status, and takes its tokens; the person's next request presents them.
    pub fn take(&self, person: &mut Person, body: &[u8]) -> anyhow::Result<()> {
        let line = &self.line;
        if let Some(has) = &self.answer_has {
            let mut text = std::mem::take(&mut person.body);
            text.clear();
            fill(has, person, &mut text);
            let is_there = find(body, text.as_bytes()).is_some();
            person.body = text;
            if !is_there {
                bail!("{line} answered without what its answer has");
            }
        }
        let Some(fields) = &self.tokens else {
            return Ok(());
        };
        let found = |field: &str| {
            value(body, field).with_context(|| format!("{line} answered without {field}"))
        };
        let refresh = found(&fields.refresh)?;
        if refresh == person.refresh && !fields.may_stay {
            bail!("{line} answered with the token that was presented");
        }
        replace(&mut person.refresh, refresh);
        let access = found(&fields.access)?;
        // Whoever walks through many people's sessions stays one of them to the routes that ask who calls.
        if !person.walks() {
            replace(&mut person.access, access);
        }
        if let Some(id) = &fields.id {
            replace(&mut person.id, found(id)?);
        }
        Ok(())
    }

    /// Whether its answer carries tokens.
    pub fn has_tokens(&self) -> bool {
        self.tokens.is_some()
    }
}

fn replace(held: &mut String, text: &str) {
    held.clear();
    held.push_str(text);
}

/// The text behind a field's first mention, at any depth. A search instead of a parse: the driver shares the cores with what it measures.
fn value<'body>(body: &'body [u8], field: &str) -> Option<&'body str> {
    let field = field.as_bytes();
    let at = find(body, field)?;
    let rest = body[at + field.len()..].trim_ascii_start();
    let rest = rest.strip_prefix(b":")?.trim_ascii_start();
    let text = rest
        .strip_prefix(b"\"")?
        .split(|byte| *byte == b'"')
        .next()?;
    std::str::from_utf8(text).ok()
}

fn find(body: &[u8], text: &[u8]) -> Option<usize> {
    body.windows(text.len()).position(|here| here == text)
}

fn fill(pieces: &[Piece], person: &Person, into: &mut String) {
    for piece in pieces {
        into.push_str(match piece {
            Piece::Text(text) => text,
            Piece::Name => &person.name,
            Piece::Password => &person.password,
            Piece::Access => &person.access,
            Piece::Refresh => &person.refresh,
            Piece::Id => &person.id,
        });
    }
}

/// Cuts a text at its placeholders; all other braces stay what they are.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let places = ["{name}", "{password}", "{access}", "{refresh}", "{id}"];
        let next = places
            .iter()
            .filter_map(|place| rest.find(place).map(|at| (at, *place)))
            .min();
        let Some((at, place)) = next else {
            pieces.push(Piece::Text(rest.to_owned()));
            break;
        };
        if at > 0 {
            pieces.push(Piece::Text(rest[..at].to_owned()));
        }
        pieces.push(match place {
            "{name}" => Piece::Name,
            "{password}" => Piece::Password,
            "{access}" => Piece::Access,
            "{refresh}" => Piece::Refresh,
            _ => Piece::Id,
        });
        rest = &rest[at + place.len()..];
    }
    pieces
}
