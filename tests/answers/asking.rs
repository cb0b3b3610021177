//! Requests down to the byte, and answers with every header that came.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Whoever waits longer for an answer waits in vain.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request being put together.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    pub target: String,
    /// What stands in `Host`, where it is not the server's own address.
    pub host: Option<String>,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Call {
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            host: None,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub fn host(self, host: &str) -> Self {
        Self {
            host: Some(host.to_owned()),
            ..self
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub fn body(mut self, kind: &str, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self.header("Content-Type", kind)
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string().as_bytes())
    }

    pub fn form(self, fields: &str) -> Self {
        self.body("application/x-www-form-urlencoded", fields.as_bytes())
    }

    /// A header's value, if the request has it.
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter();
        let found = found.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// As it goes over the wire.
    pub fn bytes(&self, address: SocketAddr) -> Vec<u8> {
        let host = self.host.clone().unwrap_or_else(|| address.to_string());
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {host}\r\n",
            self.method, self.target
        );
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if !self.body.is_empty() || matches!(&*self.method, "POST" | "PUT" | "PATCH") {
            write!(head, "Content-Length: {}\r\n", self.body.len()).unwrap();
        }
        head.push_str("\r\n");
        [head.into_bytes(), self.body.clone()].concat()
    }
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Every value of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let is_it = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        let found = self.headers.iter().filter(is_it);
        found.map(|(_, value)| value.as_str()).collect()
    }

    /// The one value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() < 2, "two headers {name}: {all:?}");
        all.first().copied()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// All of it but what is another one each time: the request's id, wherever it stands, and the date.
    pub fn masked(&self) -> String {
        let id = self.header("x-request-id").unwrap_or("no id");
        let headers = self.headers.iter().filter(|(name, _)| name != "date");
        let headers: Vec<String> = headers
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        format!("{}\n{}\n{}", self.status, headers.concat(), self.text()).replace(id, "ID")
    }
}

/// One connection, kept from one request to the next.
pub struct Caller(BufReader<TcpStream>);

impl Caller {
    pub fn dial(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// Sends bytes; a refused request may be cut off in the middle.
    pub fn send(&mut self, bytes: &[u8]) {
        let _refused = self.0.get_mut().write_all(bytes);
    }

    /// Reads one answer; `to_head` if it has no body whatever it announces.
    pub fn answer(&mut self, to_head: bool) -> Answer {
        let status_line = self.line();
        let status = status_line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let mut answer = Answer {
            status: status.unwrap_or_else(|| panic!("no status in {status_line:?}")),
            headers: Vec::new(),
            body: Vec::new(),
        };
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(": ") else {
                break;
            };
            answer.headers.push((name.to_owned(), value.to_owned()));
        }
        let length = answer
            .header("content-length")
            .map(|length| length.parse().unwrap());
        if to_head || matches!(answer.status, 204 | 304) {
            return answer;
        }
        match length {
            Some(length) => {
                answer.body = vec![0; length];
                self.0.read_exact(&mut answer.body).unwrap();
            }
            None => answer.body = self.chunks(),
        }
        answer
    }

    /// Reads what still comes until the other side closes; a reset is an end, too.
    pub fn rest(&mut self, into: &mut Vec<u8>) {
        let _reset = self.0.read_to_end(into);
    }

    fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(&self.line(), 16).unwrap();
            let begin = body.len();
            body.resize(begin + length, 0);
            self.0.read_exact(&mut body[begin..]).unwrap();
            assert_eq!(self.line(), "");
            if length == 0 {
                return body;
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end_matches(['\r', '\n']).to_owned()
    }
}

/// Sends bytes on a connection of their own and reads the answer.
pub fn say(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut caller = Caller::dial(address);
    caller.send(bytes);
    caller.answer(bytes.starts_with(b"HEAD "))
}

/// Asks on a connection of its own.
pub fn ask(address: SocketAddr, call: &Call) -> Answer {
    say(address, &call.bytes(address))
}
