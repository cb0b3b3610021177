//! HTTP to the Hub under test, noting every secret that goes over the wire.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::stage::Stage;

/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

const LENGTH: &str = "Content-Length";

/// A request being put together.
pub struct Call<'stage> {
    stage: &'stage Stage,
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl<'stage> Call<'stage> {
    /// `GET /path`.
    pub fn new(stage: &'stage Stage, line: &str) -> Self {
        Self {
            stage,
            line: line.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub fn json(self, body: impl AsRef<[u8]>) -> Self {
        self.header("Content-Type", "application/json").body(body)
    }

    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        self.header("Content-Type", "application/x-www-form-urlencoded")
            .body(encoded(fields))
    }

    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        body.as_ref().clone_into(&mut self.body);
        self
    }

    pub fn send(self) -> Answer {
        let address = self.stage.address();
        let mut lines = vec![
            format!("{} HTTP/1.1", self.line),
            format!("Host: {address}"),
            "Connection: close".to_owned(),
        ];
        // A call that names a length of its own is cut off where its body ends.
        let is_cut = self.headers.iter().any(|(name, _)| name == LENGTH);
        if !is_cut {
            lines.push(format!("{LENGTH}: {}", self.body.len()));
        }
        let headers = self.headers.iter();
        lines.extend(headers.map(|(name, value)| format!("{name}: {value}")));
        let head = lines.join("\r\n") + "\r\n\r\n";
        let mut stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let bytes = [head.as_bytes(), &self.body].concat();
        // A request that is refused by its head is not read to its end.
        let _unread = stream.write_all(&bytes);
        if is_cut {
            let _gone = stream.shutdown(Shutdown::Write);
        }
        let mut answer = Vec::new();
        let _reset = stream.read_to_end(&mut answer);
        let answer = Answer::parse(&answer);
        self.stage.note_answer(&answer);
        answer
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        // Whoever sends what is no request may get a closed connection and nothing more.
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
        let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        Self {
            status: head
                .get(9..12)
                .map_or(0, |status| status.parse().expect("a status")),
            head: head.to_owned(),
            body: if chunked {
                joined(body)
            } else {
                body.to_owned()
            },
        }
    }

    /// Every header of this name.
    pub fn all<'answer>(&'answer self, name: &'answer str) -> impl Iterator<Item = &'answer str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter(move |(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A text of the body's JSON.
    #[track_caller]
    pub fn text(&self, key: &str) -> String {
        let text = self.json()[key].as_str().map(str::to_owned);
        text.unwrap_or_else(|| panic!("{} {}", self.status, self.body))
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}

/// The pieces of a chunked body, put together.
fn joined(body: &str) -> String {
    let mut whole = String::new();
    let mut rest = body;
    while let Some((length, after)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).expect("a length");
        whole += &after[..length];
        rest = after[length..].trim_start_matches("\r\n");
    }
    whole
}

/// A form's body as browsers write it.
pub fn encoded(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b' ' => "+".to_owned(),
                byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect()
    };
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    pairs.join("&")
}
