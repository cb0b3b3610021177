//! HTTP/1.1 as far as these tests need it, down to single bytes.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// Whoever waits longer for an answer waits in vain: a server stands still for 30 s at most.
pub const PATIENCE: Duration = Duration::from_secs(45);

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    pub body: String,
}

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.status, self.body)
    }
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// A store that takes no writes, in the words for it: a failure in the endpoint's own, or 503 with the time to come back.
    pub fn is_refusal(&self) -> bool {
        let (text, code) = (self.text("error"), self.text("code"));
        let tells_nothing = !["hub.db", "disk", "SQL", "I/O"]
            .iter()
            .any(|inside| text.contains(inside));
        let known = match self.status {
            500 => true,
            503 => self.header("retry-after").is_some(),
            _ => false,
        };
        known && tells_nothing && !text.is_empty() && !code.is_empty()
    }

    /// The body; `Null` if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A text in the body; empty if there is none.
    pub fn text(&self, key: &str) -> String {
        self.json()[key].as_str().unwrap_or_default().to_owned()
    }
}

/// A connection that is kept between requests.
pub struct Connection {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub async fn dial(address: SocketAddr) -> io::Result<Self> {
        Self::dial_from(Ipv4Addr::LOCALHOST, address).await
    }

    /// From one of this machine's other addresses, as if from another network.
    pub async fn dial_from(source: Ipv4Addr, address: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((source, 0).into())?;
        let stream = timeout(PATIENCE, socket.connect(address)).await??;
        stream.set_nodelay(true)?;
        Ok(Self {
            address,
            stream: BufReader::new(stream),
        })
    }

    /// A request and its answer. An error means that nobody knows whether it was heard.
    pub async fn ask(
        &mut self,
        line: &str,
        bearer: Option<&str>,
        json: Option<&str>,
    ) -> io::Result<Answer> {
        let request = request(self.address, line, bearer, json);
        self.send(request.as_bytes()).await?;
        self.answer().await
    }

    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        timeout(PATIENCE, self.stream.write_all(bytes)).await?
    }

    pub async fn answer(&mut self) -> io::Result<Answer> {
        timeout(PATIENCE, self.read()).await?
    }

    async fn read(&mut self) -> io::Result<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let mut answer = Answer {
            status: head
                .split(' ')
                .nth(1)
                .and_then(|status| status.parse().ok())
                .ok_or(ErrorKind::InvalidData)?,
            head,
            body: String::new(),
        };
        let length = answer
            .header("content-length")
            .and_then(|length| length.parse().ok())
            .ok_or(ErrorKind::InvalidData)?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        answer.body = String::from_utf8(body).map_err(|_| ErrorKind::InvalidData)?;
        Ok(answer)
    }

    /// Is gone, with whatever is on its way to it.
    pub fn reset(self) -> io::Result<()> {
        set_socket_linger(self.stream.get_ref(), Some(Duration::ZERO))?;
        Ok(())
    }

    /// What still comes until the other side closes; `None` if it does not within `patience`.
    pub async fn rest(&mut self, patience: Duration) -> Option<String> {
        let mut rest = Vec::new();
        // A reset is an end, too.
        let _reset = timeout(patience, self.stream.read_to_end(&mut rest))
            .await
            .ok()?;
        Some(String::from_utf8_lossy(&rest).into_owned())
    }
}

/// The bytes of a request.
pub fn request(
    address: SocketAddr,
    line: &str,
    bearer: Option<&str>,
    json: Option<&str>,
) -> String {
    let bearer = bearer.map_or_else(String::new, |token| {
        format!("Authorization: Bearer {token}\r\n")
    });
    let (kind, body) = json.map_or_else(Default::default, |json| {
        let length = json.len();
        let kind = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
        (kind, json)
    });
    format!("{line} HTTP/1.1\r\nHost: {address}\r\n{bearer}{kind}\r\n{body}")
}
