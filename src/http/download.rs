//! A file that is made while it is sent: no more of it is in memory than one piece, however long it gets.

use std::borrow::Cow;
use std::io::{self, Cursor};
use std::pin::Pin;
use std::task::{Context, Poll};

use rocket::Response;
use rocket::request::Request;
use rocket::response::stream::{ReaderStream, stream};
use rocket::response::{self, Responder};
use rocket::tokio::io::{AsyncRead, ReadBuf};
use rocket::tokio::task::spawn_blocking;

use crate::store::StoreError;

/// A file for the browser to save.
pub struct Download<Make> {
    /// What the file is called: letters, digits, dots and hyphens of our own.
    pub name: Cow<'static, str>,
    /// Its content type.
    pub media_type: &'static str,
    /// Makes the next piece, on a thread that may wait; `None` at the end of the file. On an error the answer breaks off, so that nobody
    /// takes half a file for the whole.
    pub make: Make,
}

impl<'r, Make> Responder<'r, 'r> for Download<Make>
where
    Make: FnMut() -> Result<Option<Vec<u8>>, StoreError> + Send + 'static,
{
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'r> {
        Response::build()
            .raw_header("Content-Type", self.media_type)
            .raw_header(
                "Content-Disposition",
                format!("attachment; filename=\"{}\"", self.name),
            )
            .streamed_body(ReaderStream::from(pieces(self.make)))
            .ok()
    }
}

fn pieces<Make>(make: Make) -> impl rocket::futures::Stream<Item = Piece> + Send
where
    Make: FnMut() -> Result<Option<Vec<u8>>, StoreError> + Send + 'static,
{
    stream! {
        let mut make = make;
        loop {
            // Nothing is held while the client reads: neither a thread nor a reader of the database.
            let step = spawn_blocking(move || {
                let piece = make();
                (make, piece)
            });
            match step.await {
                Ok((again, Ok(Some(bytes)))) => {
                    make = again;
                    yield Piece::Bytes(Cursor::new(bytes));
                }
                Ok((_, Ok(None))) => break,
                Ok((_, Err(error))) => {
                    tracing::error!(%error, "a download broke off");
                    yield Piece::Broken;
                    break;
                }
                Err(error) => {
                    tracing::error!(%error, "a download broke off");
                    yield Piece::Broken;
                    break;
                }
            }
        }
    }
}

enum Piece {
    Bytes(Cursor<Vec<u8>>),
    /// There should be more, and cannot be.
    Broken,
}

impl AsyncRead for Piece {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Bytes(bytes) => Pin::new(bytes).poll_read(context, buffer),
            Self::Broken => Poll::Ready(Err(io::Error::other("the file broke off"))),
        }
    }
}
