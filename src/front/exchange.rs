//! One exchange: a request goes to Rocket, its answer comes back.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, COOKIE, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::service::Service;
use hyper::{Method, Request, Response, StatusCode};
use rocket::http::{Cookie, Header};
use rocket::local::asynchronous::{LocalRequest, LocalResponse};
use tokio::io::{AsyncRead, ReadBuf};

use super::answer::{AnswerBody, End, Handover, Piece, Produced, Producer};
use super::body;
use super::connection::Door;
use super::limits::{MAX_WHOLE_ANSWER_BYTES, STREAM_PIECE_BYTES};
use super::refusal::{self, Refusal};
use super::request::{self, Accepted};
use super::turn::{Turn, TurnGuard};
use crate::http::headers::Arrival;

/// The requests of one connection.
pub(super) struct Exchanges {
    pub(super) door: Arc<Door>,
    pub(super) turn: Arc<Turn>,
    pub(super) sender: Sender,
}

/// Who is at the other end of a connection, and what they speak.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sender {
    /// Nobody with an address, behind a Unix socket.
    pub(super) peer: Option<SocketAddr>,
    /// `http` or `https`.
    pub(super) scheme: &'static str,
}

impl Service<Request<Incoming>> for Exchanges {
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = Exchange;

    fn call(&self, request: Request<Incoming>) -> Exchange {
        let turn = self.turn.take();
        let handover = Handover::default();
        let produce = produce(
            Arc::clone(&self.door),
            self.sender,
            request,
            handover.clone(),
        );
        Exchange {
            door: Arc::clone(&self.door),
            peer: self.sender.peer,
            running: Some((Producer::new(produce, handover), turn)),
        }
    }
}

/// A request on its way, until the head of its answer is there.
pub(super) struct Exchange {
    door: Arc<Door>,
    peer: Option<SocketAddr>,
    running: Option<(Producer, TurnGuard)>,
}

impl Future for Exchange {
    type Output = Result<Response<AnswerBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some((mut producer, turn)) = self.running.take() else {
            return Poll::Pending;
        };
        let answer = match producer.poll(context) {
            Poll::Pending => {
                self.running = Some((producer, turn));
                return Poll::Pending;
            }
            Poll::Ready(Produced::Piece(Piece::Head(head, size))) => {
                let head = last_if_stopping(head, turn.turn());
                return Poll::Ready(Ok(head.map(|()| AnswerBody::stream(producer, size, turn))));
            }
            Poll::Ready(Produced::End(End::Answer(answer))) => answer,
            Poll::Ready(_) => {
                tracing::error!("a request ended by a panic outside of its handler");
                refuse(Refusal::Broken, self.peer, &self.door, None)
            }
        };
        if answer.extensions().get::<Refused>().is_some() {
            turn.turn().linger();
        }
        let answer = last_if_stopping(answer, turn.turn());
        Poll::Ready(Ok(answer.map(|bytes| AnswerBody::whole(bytes, turn))))
    }
}

/// Says in an answer that it is the connection's last, if the door is closing.
fn last_if_stopping<T>(mut answer: Response<T>, turn: &Turn) -> Response<T> {
    if turn.is_stopping() {
        answer
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// Marks an answer after which the rest of the request may still arrive.
#[derive(Debug, Clone, Copy)]
struct Refused;

fn refuse(
    refusal: Refusal,
    peer: Option<SocketAddr>,
    door: &Door,
    head: Option<&Parts>,
) -> Response<Bytes> {
    let mut answer = refusal.answer(peer, door.site.https, &door.counts);
    if let Some(head) = head {
        refusal::let_its_page_read(&mut answer, &door.site, head);
    }
    answer.extensions_mut().insert(Refused);
    answer
}

async fn produce(
    door: Arc<Door>,
    sender: Sender,
    request: Request<Incoming>,
    handover: Handover,
) -> End {
    let (head, incoming) = request.into_parts();
    match answer(&door, sender, &head, incoming, &handover).await {
        Ok(end) => end,
        Err(refusal) => End::Answer(refuse(refusal, sender.peer, &door, Some(&head))),
    }
}

async fn answer(
    door: &Door,
    sender: Sender,
    head: &Parts,
    incoming: Incoming,
    handover: &Handover,
) -> Result<End, Refusal> {
    let accepted = request::judge(head, sender.scheme, &door.site.hosts)?;
    let body = body::collect(incoming, &door.limits).await?;
    let request = local_request(door, sender.peer, head, accepted, &body)?;
    drop(body);
    let mut response = request.dispatch().await;

    let mut answer = head_of(&response, door.site.https)?;
    let size = response.body().preset_size();
    if head.method == Method::HEAD || response.body().is_none() {
        if let (&Method::HEAD, Some(size)) = (&head.method, size) {
            // hyper can count only a body that it is given.
            answer
                .headers_mut()
                .insert(CONTENT_LENGTH, HeaderValue::from(size));
        }
        return Ok(End::Answer(answer.map(|()| Bytes::new())));
    }
    match size {
        Some(size) if size <= MAX_WHOLE_ANSWER_BYTES => {
            let mut bytes = vec![0; size];
            let read = fill(&mut response, &mut bytes).await;
            bytes.truncate(read.map_err(|error| broken(&error))?);
            Ok(End::Answer(answer.map(|()| Bytes::from(bytes))))
        }
        _ => {
            let size = size.map(|size| size as u64);
            handover.give(Piece::Head(answer, size)).await;
            Ok(End::Stream(stream(&mut response, handover).await))
        }
    }
}

/// The request as Rocket knows it: what its own server would fill in, and nothing about the connection.
fn local_request<'c>(
    door: &'c Door,
    peer: Option<SocketAddr>,
    head: &'c Parts,
    accepted: Accepted<'c>,
    body: &[u8],
) -> Result<LocalRequest<'c>, Refusal> {
    let mut request = door.client.req(accepted.method, accepted.target);
    if let Some(peer) = peer {
        request = request.remote(peer);
    }
    let sent = Some(accepted.method);
    request.inner().local_cache(|| Arrival { sent });
    if let Some(host) = accepted.host {
        request.inner_mut().set_host(host);
    }
    for (name, value) in &head.headers {
        if request::is_about_the_connection(name) {
            continue;
        }
        // Rocket's headers are text. Dropping one that is not would make us and the proxy in front see different
        // requests (a client address that vanishes), so it is refused.
        let value = std::str::from_utf8(value.as_bytes()).map_err(|_| Refusal::BadRequest)?;
        if *name == COOKIE {
            request = request.cookies(Cookie::split_parse_encoded(value).flatten());
        }
        request
            .inner_mut()
            .add_header(Header::new(name.as_str(), value));
    }
    request.set_body(body);
    Ok(request)
}

/// Status and headers. A header that cannot be sent is a fault of ours, and half an answer is worse than none.
fn head_of(response: &LocalResponse<'_>, https: bool) -> Result<Response<()>, Refusal> {
    let mut answer = Response::new(());
    *answer.status_mut() =
        StatusCode::from_u16(response.status().code).map_err(|_| Refusal::Broken)?;
    for header in response.headers().iter() {
        let name = HeaderName::from_bytes(header.name().as_str().as_bytes());
        let value = HeaderValue::from_str(header.value());
        let (Ok(name), Ok(value)) = (name, value) else {
            tracing::error!(header = %header.name(), "an answer has a header that cannot be sent");
            return Err(Refusal::Broken);
        };
        if !request::is_written_by_the_door(&name) {
            answer.headers_mut().append(name, value);
        }
    }
    let is_page = response.content_type().is_some_and(|kind| kind.is_html());
    refusal::put_on_every_answer(answer.headers_mut(), https, is_page);
    Ok(answer)
}

/// Hands over the body piece by piece, each as soon as it is there.
async fn stream(response: &mut LocalResponse<'_>, handover: &Handover) -> io::Result<()> {
    let mut buffer = vec![0; STREAM_PIECE_BYTES];
    loop {
        let read = read_some(response, &mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        let piece = Bytes::copy_from_slice(&buffer[..read]);
        handover.give(Piece::Data(piece)).await;
    }
}

/// Reads until `bytes` is full or the body ends; returns how much was read.
async fn fill(response: &mut LocalResponse<'_>, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match read_some(response, &mut bytes[filled..]).await? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

async fn read_some(response: &mut LocalResponse<'_>, bytes: &mut [u8]) -> io::Result<usize> {
    let mut buffer = ReadBuf::new(bytes);
    poll_fn(|context| Pin::new(&mut *response).poll_read(context, &mut buffer)).await?;
    Ok(buffer.filled().len())
}

fn broken(error: &io::Error) -> Refusal {
    tracing::error!(%error, "an answer could not be read");
    Refusal::Broken
}
