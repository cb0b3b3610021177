//! A client of the feed.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use crate::stage::{PATIENCE, Server};

/// An event as a client has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub id: String,
    pub name: String,
    pub data: Value,
}

/// An open stream.
pub struct Reader {
    pub head: String,
    body: BufReader<Body>,
}

/// What an answer says behind its head, put together again where it comes in chunks: they may end anywhere.
struct Body {
    stream: BufReader<TcpStream>,
    /// What is left of the present chunk; `None` where there are none.
    left: Option<usize>,
    is_over: bool,
}

impl Body {
    /// The length of the next chunk; 0 at the end.
    fn next_chunk(&mut self) -> io::Result<usize> {
        let mut line = String::new();
        // A chunk ends with a line break of its own.
        while line.trim().is_empty() {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Ok(0);
            }
        }
        usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)
    }
}

impl Read for Body {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = match self.left {
            _ if self.is_over => return Ok(0),
            None => return self.stream.read(bytes),
            Some(0) => self.next_chunk()?,
            Some(left) => left,
        };
        let most = bytes.len().min(left);
        let read = self.stream.read(&mut bytes[..most])?;
        self.left = Some(left - read);
        self.is_over = read == 0;
        Ok(read)
    }
}

/// Sends a request for the feed; the answer is not read.
pub fn ask(address: SocketAddr, token: &str, path: &str, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

impl Reader {
    /// Opens the feed, behind the event of that id if there is one.
    pub fn open(server: &Server, token: &str, last_id: Option<&str>) -> Self {
        let header = last_id.map(|id| format!("Last-Event-ID: {id}\r\n"));
        let header = header.unwrap_or_default();
        Self::of(ask(server.address, token, "/api/auth/revocations", &header))
    }

    /// Reads the head of an answer.
    pub fn of(stream: TcpStream) -> Self {
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(stream.read_line(&mut head).expect("a head") > 0, "{head}");
        }
        let is_chunked = head.contains("transfer-encoding: chunked");
        Self {
            head,
            body: BufReader::new(Body {
                stream,
                left: is_chunked.then_some(0),
                is_over: false,
            }),
        }
    }

    /// The next event; `None` at the end of the stream. Comments are passed over.
    pub fn next(&mut self) -> Option<Event> {
        let (mut id, mut name, mut data) = (String::new(), String::new(), String::new());
        let mut line = String::new();
        loop {
            line.clear();
            if self.body.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim_end_matches('\n').split_once(": ") {
                Some(("id", value)) => value.clone_into(&mut id),
                Some(("event", value)) => value.clone_into(&mut name),
                Some(("data", value)) => value.clone_into(&mut data),
                _ if line == "\n" && !data.is_empty() => {
                    let data = serde_json::from_str(&data).expect("JSON");
                    return Some(Event { id, name, data });
                }
                _ => {}
            }
        }
    }

    /// The next event, which must be of this name.
    #[track_caller]
    pub fn named(&mut self, name: &str) -> Event {
        let event = self.next().expect("an event");
        assert_eq!(event.name, name, "{event:?}");
        event
    }

    /// The events up to `ready`.
    pub fn missed(&mut self) -> (Vec<Event>, Event) {
        let mut missed = Vec::new();
        loop {
            let event = self.next().expect("an event");
            if event.name == "ready" {
                return (missed, event);
            }
            missed.push(event);
        }
    }

    /// The rest of an answer that is no stream.
    pub fn rest(mut self) -> String {
        let mut rest = String::new();
        let _reset = self.body.read_to_string(&mut rest);
        rest
    }
}
