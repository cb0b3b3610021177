//! The tiny Rocket that the tests knock at, and the raw client that knocks.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hub::front::{Drained, Limits, Listening, serve};
use rocket::data::ByteUnit;
use rocket::fairing::AdHoc;
use rocket::http::{ContentType, CookieJar, Header, Status};
use rocket::response::stream::ByteStream;
use rocket::{Data, Request, Rocket, State, catch, catchers, get, post, routes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longer than anything here takes on a busy machine: only a hang reaches it.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What the routes and a test share.
#[derive(Debug)]
pub struct Gate {
    /// Routes that wait pass one by one as permits are added.
    pub open: Semaphore,
    /// Grows when a route has begun to wait.
    pub reached: Semaphore,
    /// Set when the endless stream was dropped.
    pub stream_dropped: AtomicBool,
    /// Set when Rocket's shutdown fairings ran.
    pub shutdown_ran: AtomicBool,
    /// Method and path of every request that reached Rocket.
    pub seen: Mutex<Vec<String>>,
}

/// A served door, and the way to end it.
pub struct Stage {
    pub address: SocketAddr,
    pub gate: Arc<Gate>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Drained>,
}

impl Stage {
    pub async fn with(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self::behind(listener.into(), address, limits)
    }

    /// Served on all of this; `address` is where callers connect.
    pub fn behind(listening: Listening, address: SocketAddr, limits: Limits) -> Self {
        let gate = Arc::new(Gate {
            open: Semaphore::new(0),
            reached: Semaphore::new(0),
            stream_dropped: AtomicBool::new(false),
            shutdown_ran: AtomicBool::new(false),
            seen: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let rocket = tiny_rocket(Arc::clone(&gate));
        let served = tokio::spawn(async move {
            let stop = async { drop(stopped.await) };
            serve(listening, rocket, limits, stop).await.unwrap()
        });
        Self {
            address,
            gate,
            stop,
            served,
        }
    }

    pub async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub async fn connect(&self) -> Caller {
        self.connect_from(Ipv4Addr::LOCALHOST).await
    }

    /// From an address of its own: all of 127.0.0.0/8 is this machine.
    pub async fn connect_from(&self, address: Ipv4Addr) -> Caller {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((address, 0).into()).unwrap();
        Caller::over(socket.connect(self.address).await.unwrap())
    }

    /// What has reached Rocket since this was last asked.
    pub fn seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.gate.seen.lock().unwrap())
    }

    /// Sends bytes on a connection of their own and returns all that comes back until it is closed.
    pub async fn say(&self, bytes: &[u8]) -> String {
        let mut caller = self.connect().await;
        caller.send(bytes).await;
        caller.rest().await
    }

    /// Asks the door to stop, without waiting for it.
    pub fn stop(self) -> JoinHandle<Drained> {
        self.stop.send(()).unwrap();
        self.served
    }
}

/// One raw connection to the door.
pub struct Caller<S = TcpStream> {
    pub stream: S,
    unread: Vec<u8>,
}

/// One answer as it came over the wire.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

/// The value of a header in a raw head.
pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Caller<S> {
    pub fn over(stream: S) -> Self {
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Reads one head; what follows stays unread.
    pub async fn head(&mut self) -> String {
        loop {
            if let Some(end) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                let head: Vec<u8> = self.unread.drain(..end + 4).collect();
                return String::from_utf8(head).unwrap();
            }
            assert!(self.more().await > 0, "closed before an answer");
        }
    }

    /// Reads one answer with a known length; `to_head` if it answers a HEAD.
    async fn answer_to(&mut self, to_head: bool) -> Answer {
        let head = self.head().await;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = if to_head {
            0
        } else {
            header(&head, "content-length").unwrap().parse().unwrap()
        };
        while self.unread.len() < length {
            assert!(self.more().await > 0, "closed within an answer");
        }
        let body = self.unread.drain(..length).collect();
        Answer { status, head, body }
    }

    pub async fn answer(&mut self) -> Answer {
        self.answer_to(false).await
    }

    pub async fn answer_to_head(&mut self) -> Answer {
        self.answer_to(true).await
    }

    /// Reads what has come, waiting for at least something; zero at the end.
    async fn more(&mut self) -> usize {
        let read = self.stream.read_buf(&mut self.unread);
        timeout(PATIENCE, read)
            .await
            .expect("an answer in time")
            .unwrap_or(0)
    }

    /// Reads until `needle` has come and returns what came so far.
    pub async fn until(&mut self, needle: &str) -> String {
        loop {
            let text = String::from_utf8_lossy(&self.unread);
            if text.contains(needle) {
                return text.into_owned();
            }
            assert!(self.more().await > 0, "closed before {needle}");
        }
    }

    /// Reads until the connection is closed. A reset counts as closed.
    pub async fn rest(&mut self) -> String {
        while self.more().await > 0 {}
        String::from_utf8_lossy(&std::mem::take(&mut self.unread)).into_owned()
    }
}

/// Asserts that `answer` is a refusal in the one error shape.
#[track_caller]
pub fn assert_refused(answer: &str, status: u16, error: &str, code: &str) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, format!(r#"{{"error":"{error}","code":"{code}"}}"#));
    assert_eq!(
        header(head, "content-type"),
        Some("application/json; charset=utf-8")
    );
    assert_eq!(header(head, "cache-control"), Some("no-store"));
    assert_eq!(header(head, "connection"), Some("close"));
    assert_eq!(
        header(head, "content-length"),
        Some(&*body.len().to_string())
    );
    assert!(header(head, "date").is_some());
    let id = header(head, "x-request-id").unwrap();
    assert!(id.len() == 24 && id.bytes().all(|digit| digit.is_ascii_hexdigit()));
}

fn tiny_rocket(gate: Arc<Gate>) -> Rocket<rocket::Build> {
    let quiet = rocket::Config {
        log_level: rocket::config::LogLevel::Off,
        ..rocket::Config::default()
    };
    let (seen, noting) = (Arc::clone(&gate), Arc::clone(&gate));
    rocket::custom(quiet)
        .manage(gate)
        .attach(AdHoc::on_request("note the request", move |request, _| {
            let line = format!("{} {}", request.method(), request.uri().path());
            noting.seen.lock().unwrap().push(line);
            Box::pin(async {})
        }))
        .attach(AdHoc::on_shutdown("note the shutdown", |_| {
            Box::pin(async move { seen.shutdown_ran.store(true, Ordering::SeqCst) })
        }))
        .attach(AdHoc::on_request(
            "panic outside of a handler",
            |request, _| Box::pin(async move { assert!(request.uri().path() != "/fairing-panic") }),
        ))
        .register("/", catchers![failed])
        .mount(
            "/",
            routes![
                hello, echo, who, long, panic, unsendable, waits, pieces, endless
            ],
        )
}

#[catch(default)]
fn failed(status: Status, _request: &Request<'_>) -> String {
    format!("caught {}", status.code)
}

#[get("/hello")]
fn hello() -> &'static str {
    "hello"
}

#[post("/echo", data = "<data>")]
async fn echo(data: Data<'_>) -> Vec<u8> {
    data.open(ByteUnit::MiB)
        .into_bytes()
        .await
        .unwrap()
        .into_inner()
}

struct Seen(String);

#[rocket::async_trait]
impl<'r> rocket::request::FromRequest<'r> for Seen {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> rocket::request::Outcome<Self, ()> {
        let names: Vec<_> = request
            .headers()
            .iter()
            .map(|header| header.name().to_string())
            .collect();
        let host = request.host().map(ToString::to_string);
        let query = request.uri().query().map(|query| query.to_string());
        rocket::request::Outcome::Success(Self(format!(
            "remote={:?} host={host:?} query={query:?} names={}",
            request.remote().map(|peer| peer.ip()),
            names.join(",")
        )))
    }
}

/// What a route sees of its request.
#[get("/who")]
fn who(seen: Seen, cookies: &CookieJar<'_>) -> String {
    let cookie = cookies.get("session").map(rocket::http::Cookie::value);
    format!("{} cookie={cookie:?}", seen.0)
}

/// Larger than any socket's buffers.
#[get("/long")]
fn long() -> Vec<u8> {
    vec![b'x'; 32 << 20]
}

#[get("/panic")]
fn panic() -> &'static str {
    panic!("as the test asks")
}

struct Unsendable;

impl<'r> rocket::response::Responder<'r, 'static> for Unsendable {
    fn respond_to(self, _: &'r Request<'_>) -> rocket::response::Result<'static> {
        rocket::Response::build()
            .header(ContentType::Plain)
            .header(Header::new("X-Split", "a\r\nX-Injected: b"))
            .ok()
    }
}

#[get("/unsendable")]
fn unsendable() -> Unsendable {
    Unsendable
}

#[get("/waits")]
async fn waits(gate: &State<Arc<Gate>>) -> &'static str {
    gate.reached.add_permits(1);
    gate.open.acquire().await.unwrap().forget();
    "waited"
}

/// Two pieces; the second only after the test has opened the gate.
#[get("/pieces")]
fn pieces(gate: &State<Arc<Gate>>) -> ByteStream![&'static str] {
    let gate = Arc::clone(gate);
    ByteStream! {
        yield "first ";
        gate.open.acquire().await.unwrap().forget();
        yield "second";
    }
}

struct OnDrop(Arc<Gate>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.stream_dropped.store(true, Ordering::SeqCst);
    }
}

/// Never ends by itself, and says when it was dropped.
#[get("/endless")]
fn endless(gate: &State<Arc<Gate>>) -> ByteStream![&'static str] {
    let dropped = OnDrop(Arc::clone(gate));
    ByteStream! {
        yield "begun";
        std::future::pending::<()>().await;
        drop(dropped);
        yield "never";
    }
}
