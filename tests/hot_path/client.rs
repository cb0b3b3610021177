//! One client on one connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// Under `valgrind` everything takes fifty times as long.
const PATIENCE: Duration = Duration::from_mins(1);

pub struct Client {
    stream: BufReader<TcpStream>,
    host: SocketAddr,
    pair: Value,
}

impl Client {
    /// Registers somebody, who holds the pair from then on.
    pub fn register(host: SocketAddr) -> Self {
        let stream = TcpStream::connect(host).expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("set");
        stream.set_nodelay(true).expect("set");
        let mut client = Self {
            stream: BufReader::new(stream),
            host,
            pair: Value::Null,
        };
        let body = json!({
            "username": "johndoe123",
            "email": "john@example.com",
            "password": "quartz-meadow-7-lantern",
        });
        client.pair = client.ask("POST /api/auth/register", "", &body.to_string(), 201);
        client
    }

    /// Takes the pair's successor.
    pub fn refresh(&mut self) {
        let body = json!({"refresh_token": self.pair["refresh_token"]}).to_string();
        self.pair = self.ask("POST /api/auth/refresh", "", &body, 200);
    }

    /// Asks whether the access token is good.
    pub fn validate(&mut self) {
        let token = self.pair["access_token"].as_str().expect("a token");
        let header = format!("Authorization: Bearer {token}\r\n");
        let told = self.ask("GET /api/auth/validate", &header, "", 200);
        assert_eq!(told["valid"], true);
    }

    fn ask(&mut self, line: &str, header: &str, body: &str, status: u16) -> Value {
        let (host, length) = (self.host, body.len());
        let request = format!(
            "{line} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: hub-count\r\n{header}\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let sent = self.stream.get_mut().write_all(request.as_bytes());
        sent.expect("sent");
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = self.stream.read_line(&mut head).expect("a line");
            assert_ne!(read, 0, "the server hung up after {head:?}");
        }
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|length| length.parse().ok())
            .expect("a length");
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        let expected = format!("HTTP/1.1 {status} ");
        assert!(head.starts_with(&expected), "{line}: {head}");
        serde_json::from_slice(&body).expect("JSON")
    }
}
