//! A receiver on this machine that answers every message with one status.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver as Messages, Sender, channel};
use std::thread;

use crate::stage::PATIENCE;

/// A message as it came, its headers by their names in small letters.
#[derive(Clone, Debug)]
pub struct Message {
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

pub struct Receiver {
    pub address: SocketAddr,
    status: Arc<AtomicU16>,
    messages: Messages<Message>,
}

impl Receiver {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let status = Arc::new(AtomicU16::new(200));
        let (sender, messages) = channel();
        let told = Arc::clone(&status);
        // It ends with the process: nobody connects any more when the server has stopped.
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if answer(stream, told.load(Ordering::SeqCst), &sender).is_none() {
                    break;
                }
            }
        });
        Self {
            address,
            status,
            messages,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook?key=receivers-own", self.address)
    }

    /// From now on this is its answer.
    pub fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// Forgets what it was told by now.
    pub fn forget(&self) {
        self.messages.try_iter().for_each(drop);
    }

    /// Whether it was told nothing since it last forgot, or since the last message that was taken.
    pub fn is_silent(&self) -> bool {
        self.messages.try_iter().next().is_none()
    }

    pub fn next(&self) -> Message {
        self.messages.recv_timeout(PATIENCE).expect("a message")
    }
}

fn answer(mut stream: TcpStream, status: u16, messages: &Sender<Message>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.trim().split_once(": ") {
            headers.insert(name.to_lowercase(), value.to_owned());
        }
    }
    let length = headers.get("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    messages.send(Message { headers, body }).ok()?;
    let head = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).ok()
}
