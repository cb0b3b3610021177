//! The client that delivers: one connection a try, to an address that was judged; TLS; one request, of whose answer only the head counts.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::time::Duration;

use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{HeaderMap, RETRY_AFTER};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rocket::tokio;
use rocket::tokio::io::{AsyncRead, AsyncWrite};
use rocket::tokio::net::TcpStream;
use rocket::tokio::time::timeout;
use rustls::pki_types::ServerName;

use crate::config::Webhooks;
use crate::features::webhooks::problem::Problem;
use crate::features::webhooks::resolve::Resolver;
use crate::features::webhooks::tls::Tls;
use crate::types::host::HostName;
use crate::types::target_url::TargetUrl;
use crate::types::time::Timestamp;

/// For all addresses of a target together. Who is farther away than this is not there.
const LONGEST_CONNECT: Duration = Duration::from_secs(5);
/// Two rounds and some arithmetic.
const LONGEST_HANDSHAKE: Duration = Duration::from_secs(5);
/// Of an answer's body so much is read, so that a receiver that writes before it looks is not cut off; it is thrown away.
const MAX_BODY_BYTES: u64 = 16 * 1024;
/// And for so long.
const LONGEST_BODY: Duration = Duration::from_secs(1);
/// For an answer's head.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Headers of an answer.
const MAX_HEADERS: usize = 100;

/// How a receiver answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// How long it asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl Answered {
    /// What is wrong with it; nothing if the delivery was taken.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        match self.status {
            200..=299 => None,
            300..=399 => Some(Problem::Redirect(self.status)),
            _ => Some(Problem::Status(self.status)),
        }
    }
}

/// The client.
pub struct Client {
    tls: Tls,
    resolver: Resolver,
    longest_answer: Duration,
}

impl Client {
    /// As configured.
    #[must_use]
    pub fn new(config: &Webhooks) -> Self {
        Self::with(Tls::new(config.authorities.clone()), config)
    }

    fn with(tls: Tls, config: &Webhooks) -> Self {
        Self {
            tls,
            resolver: Resolver::new(config.allowed_networks.clone()),
            longest_answer: config.timeout,
        }
    }

    /// Whether it has TLS in memory.
    #[must_use]
    pub fn has_tls(&self) -> bool {
        self.tls.is_made()
    }

    /// Keeps nothing in memory that only deliveries need. The next one makes it anew.
    pub fn rest(&self) {
        self.tls.let_go();
    }

    /// Sends a request to a target. `now` is what a date in the answer is compared with.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn send(
        &self,
        url: &TargetUrl,
        request: Request<String>,
        now: Timestamp,
    ) -> Result<Answered, Problem> {
        let addresses = self.resolver.addresses(url).await?;
        let tls = match url.is_https().then(|| self.tls.connector()).transpose() {
            Ok(tls) => tls,
            Err(error) => {
                tracing::error!(%error, "TLS with receivers of webhooks cannot be set up; the delivery is tried again");
                return Err(Problem::TlsUnavailable);
            }
        };
        let stream = timeout(LONGEST_CONNECT, connect(&addresses))
            .await
            .unwrap_or(Err(Problem::ConnectionTooLate))?;
        let Some(tls) = tls else {
            return self.exchange(stream, request, now).await;
        };
        let name = match url.host() {
            HostName::Address(address) => ServerName::from(*address),
            HostName::Name(name) => ServerName::try_from(name.clone())
                .map_err(|_| Problem::Tls("the name cannot stand in a certificate".to_owned()))?,
        };
        let stream = timeout(LONGEST_HANDSHAKE, tls.connect(name, stream))
            .await
            .map_err(|_| Problem::TlsTooLate)?
            .map_err(|error| tls_problem(&error))?;
        self.exchange(stream, request, now).await
    }

    async fn exchange<S>(
        &self,
        stream: S,
        request: Request<String>,
        now: Timestamp,
    ) -> Result<Answered, Problem>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let shaken = http1::Builder::new()
            .max_buf_size(MAX_HEAD_BYTES)
            .max_headers(MAX_HEADERS)
            .handshake(TokioIo::new(stream))
            .await;
        let (mut sender, connection) = shaken.map_err(|_| Problem::NoHttp)?;
        // Whatever ends the connection ends the request, too, and is told there.
        let mut driven = pin!(async {
            drop(connection.await);
            pending::<()>().await;
        });
        let longest = self.longest_answer;
        let answer = async {
            let answer = timeout(longest, sender.send_request(request)).await;
            let answer = answer.map_err(|_| Problem::AnswerTooLate(longest))?;
            answer.map_err(|_| Problem::NoHttp)
        };
        let answer = tokio::select! {
            answer = answer => answer?,
            () = &mut driven => return Err(Problem::NoHttp),
        };
        let answered = Answered {
            status: answer.status().as_u16(),
            retry_after: retry_after(answer.headers(), now),
        };
        tokio::select! {
            _ = timeout(LONGEST_BODY, throw_away(answer)) => {}
            () = &mut driven => {}
        }
        Ok(answered)
    }
}

/// A connection to the first address that takes one.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Problem> {
    let mut problem = Problem::NameUnknown;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => problem = Problem::Connection(error.kind()),
        }
    }
    Err(problem)
}

fn tls_problem(error: &io::Error) -> Problem {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(rustls::Error::InvalidCertificate(why)) => Problem::Certificate(why.to_string()),
        Some(other) => Problem::Tls(other.to_string()),
        None => Problem::Tls(error.kind().to_string()),
    }
}

/// `Retry-After`, as seconds or as a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    let seconds = at.timestamp().saturating_sub(now.seconds());
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

/// Reads a body up to the limit. What it says is nobody's business.
async fn throw_away(answer: Response<Incoming>) {
    let mut body = pin!(answer.into_body());
    let mut read = 0;
    while read < MAX_BODY_BYTES {
        let frame = std::future::poll_fn(|context| Pin::as_mut(&mut body).poll_frame(context));
        let Some(Ok(frame)) = frame.await else {
            break;
        };
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        read = read.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::header::{HeaderMap, HeaderValue, RETRY_AFTER};

    use hyper::Request;

    use super::{Answered, Client, retry_after};
    use crate::config::{Config, Sources};
    use crate::features::webhooks::problem::Problem;
    use crate::features::webhooks::tls::Tls;
    use crate::types::target_url::TargetUrl;
    use crate::types::time::Timestamp;

    fn config() -> Config {
        let sources = Sources {
            env: vec![("HUB_WEBHOOKS__ALLOWED_NETWORKS".into(), "127.0.0.1".into())],
            ..Sources::default()
        };
        Config::load(&sources).expect("a configuration").config
    }

    #[test]
    fn a_client_begins_without_tls() {
        assert!(!Client::new(&config().webhooks).has_tls());
    }

    #[rocket::async_test]
    async fn without_tls_a_try_fails_as_any_other_does_and_http_goes_on() {
        let broken = Tls::made_by(|_| Err(rustls::Error::NoApplicationProtocol), None);
        let client = Client::with(broken, &config().webhooks);
        let problem = async |url: &str| {
            let url = TargetUrl::parse(url).expect("an address");
            let request = Request::post("/").body(String::new()).expect("a request");
            let sent = client.send(&url, request, Timestamp::from_seconds(0)).await;
            sent.expect_err("nobody listens there")
        };
        // Twice: nothing is kept of a failure.
        for _ in 0..2 {
            assert_eq!(
                problem("https://127.0.0.1:9/").await,
                Problem::TlsUnavailable
            );
        }
        assert!(matches!(
            problem("http://127.0.0.1:9/").await,
            Problem::Connection(_)
        ));
    }

    #[test]
    fn a_wait_is_asked_for_in_seconds_or_as_a_date() {
        let now = Timestamp::from_seconds(784_111_777 - 60);
        for (text, wanted) in [
            ("120", Some(120)),
            ("0", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:48:36 GMT", None),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            let read = retry_after(&headers, now);
            assert_eq!(read, wanted.map(Duration::from_secs), "{text:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn only_what_begins_with_two_was_taken() {
        let problem = |status| {
            let answered = Answered {
                status,
                retry_after: None,
            };
            answered.problem()
        };
        for status in [200, 201, 204, 299] {
            assert_eq!(problem(status), None);
        }
        assert_eq!(problem(302), Some(Problem::Redirect(302)));
        for status in [101, 199, 400, 404, 410, 500, 503] {
            assert_eq!(problem(status), Some(Problem::Status(status)));
        }
    }
}
