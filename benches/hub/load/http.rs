//! One keep-alive HTTP/1.1 connection: a whole request out, a whole answer in, nothing allocated on the way.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// The longest answer taken, head and body. The longest of the contract's answers here stays under 4 KiB.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// The room that a connection begins with.
const FIRST_ANSWER_BYTES: usize = 4 * 1024;

/// A connection that is used by one client, one request at a time.
pub struct Connection {
    stream: TcpStream,
    incoming: Vec<u8>,
}

/// One answer; the body lies in the connection's buffer until the next exchange.
pub struct Answer<'a> {
    /// The status code, as sent.
    pub status: u16,
    /// When to come again, in seconds, where the answer says so.
    pub retry_after: Option<u32>,
    /// The body, exactly as long as `Content-Length` said.
    pub body: &'a [u8],
}

struct Head {
    status: u16,
    /// Of the head itself, up to where the body begins.
    bytes: usize,
    body_bytes: usize,
    retry_after: Option<u32>,
}

impl Connection {
    /// Connects, from a loopback address of the client's own if it has one and the server is on this machine.
    pub async fn dial(from: Option<Ipv4Addr>, to: SocketAddr) -> io::Result<Self> {
        let socket = match to.ip() {
            IpAddr::V4(_) => TcpSocket::new_v4()?,
            IpAddr::V6(_) => TcpSocket::new_v6()?,
        };
        if let Some(from) = from.filter(|_| to.is_ipv4() && to.ip().is_loopback()) {
            socket.bind(SocketAddr::new(IpAddr::V4(from), 0))?;
        }
        let stream = socket.connect(to).await?;
        // Without it a small request can wait for the acknowledgement of the one before.
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            incoming: vec![0; FIRST_ANSWER_BYTES],
        })
    }

    /// Sends `request` and reads its answer.
    ///
    /// Anything but one plain answer with a `Content-Length` is an error: a driver that guessed
    /// would measure something other than it says.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let mut head = None;
        // Bounded: each turn adds at least one byte to a buffer of fixed size, or ends in an error.
        loop {
            if filled == self.incoming.len() {
                if filled >= MAX_ANSWER_BYTES {
                    return Err(malformed("the answer is longer than the driver takes"));
                }
                self.incoming.resize(filled * 4, 0);
            }
            let room = &mut self.incoming[filled..];
            let read = self.stream.read(room).await?;
            if read == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the server closed the connection before a whole answer",
                ));
            }
            filled += read;
            if head.is_none() {
                head = Head::parse(&self.incoming[..filled])?;
            }
            let Some(known) = &head else { continue };
            let whole = known.bytes.saturating_add(known.body_bytes);
            if filled > whole {
                return Err(malformed("bytes after the end of the answer"));
            }
            if filled == whole {
                return Ok(Answer {
                    status: known.status,
                    retry_after: known.retry_after,
                    body: &self.incoming[known.bytes..whole],
                });
            }
        }
    }
}

impl Head {
    /// Reads the head when all of it has arrived.
    fn parse(bytes: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let Ok(text) = std::str::from_utf8(&bytes[..end]) else {
            return Err(malformed("a head that is not text"));
        };
        let mut lines = text.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 "))
            .and_then(|rest| rest.get(..3))
            .and_then(|code| code.parse().ok())
            .ok_or_else(|| malformed("a status line that is not HTTP/1.1"))?;
        let mut body_bytes = None;
        let mut retry_after = None;
        for line in lines {
            let Some((name, value)) = line.split_once(':') else {
                return Err(malformed("a header line without a colon"));
            };
            let value = value.trim();
            if name.eq_ignore_ascii_case("transfer-encoding") {
                return Err(malformed("a chunked answer"));
            }
            if name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case("close") {
                return Err(malformed("an answer that closes the connection"));
            }
            if name.eq_ignore_ascii_case("retry-after") {
                retry_after = value.parse().ok();
            }
            if name.eq_ignore_ascii_case("content-length") {
                let Ok(length) = value.parse() else {
                    return Err(malformed("a Content-Length that is not a number"));
                };
                if body_bytes.replace(length).is_some() {
                    return Err(malformed("a second Content-Length"));
                }
            }
        }
        let body_bytes = body_bytes.ok_or_else(|| malformed("no Content-Length"))?;
        Ok(Some(Self {
            status,
            bytes: end + 4,
            body_bytes,
            retry_after,
        }))
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
