//! The body of a request, collected within its limit and its deadline.

use std::future::poll_fn;
use std::pin::Pin;

use hyper::body::{Body, Incoming};
use tokio::time::timeout;

use super::limits::Limits;
use super::refusal::Refusal;

/// Collects the whole body. Rocket gets no request whose body did not arrive: a handler never waits for a client.
pub(super) async fn collect(incoming: Incoming, limits: &Limits) -> Result<Vec<u8>, Refusal> {
    if incoming.is_end_stream() {
        return Ok(Vec::new());
    }
    let announced = usize::try_from(incoming.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limits.max_body_bytes {
        return Err(Refusal::BodyTooLarge);
    }
    let body = read(incoming, announced, limits.max_body_bytes);
    timeout(limits.body_deadline, body)
        .await
        .unwrap_or(Err(Refusal::TimedOut))
}

async fn read(
    mut incoming: Incoming,
    announced: usize,
    max_body_bytes: usize,
) -> Result<Vec<u8>, Refusal> {
    let mut body = Vec::with_capacity(announced);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut incoming).poll_frame(context)).await {
        // The chunks were malformed, or the client is gone and nobody will read this.
        let frame = frame.map_err(|_| Refusal::BadRequest)?;
        // Trailers are headers that came too late for any decision.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if body.len() + data.len() > max_body_bytes {
            return Err(Refusal::BodyTooLarge);
        }
        body.extend_from_slice(&data);
    }
    Ok(body)
}
