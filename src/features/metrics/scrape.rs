//! `GET /metrics`: everything that Prometheus is told, in its text format.
//!
//! On the main port it is there only with `HUB_METRICS_TOKEN`; whoever shows another token, or none, hears 401, as any scraper's page of targets then says.
//! That there are metrics is no secret: without the setting the path is a 404 like any other.

use std::io::Cursor;
use std::sync::Arc;

use prometheus_client::encoding::prometheus_text;
use rocket::request::Request;
use rocket::response::{self, Responder};
use rocket::tokio::task::spawn_blocking;
use rocket::{Response, State, get};

use crate::features::metrics::watched::Watched;
use crate::http::authorization::Authorization;
use crate::http::problem::ApiError;

/// Tells.
///
/// # Errors
/// 401 without the token, where there is one.
#[get("/metrics")]
pub async fn scrape(
    watched: &State<Arc<Watched>>,
    authorization: Authorization,
) -> Result<Exposition, ApiError> {
    if !watched.lets_in(authorization.bearer()) {
        return Err(match authorization.bearer() {
            None => ApiError::of_status(401),
            Some(_) => ApiError::new(401, "Not the token for the metrics", "invalid_token"),
        });
    }
    let watched = Arc::clone(watched);
    // It looks at files and counts rows: on a thread that may wait.
    let told = spawn_blocking(move || watched.tell()).await;
    let text = told.ok().and_then(Result::ok);
    text.map(Exposition).ok_or_else(|| {
        tracing::error!("the metrics could not be told");
        ApiError::of_status(500)
    })
}

/// The text.
pub struct Exposition(String);

impl<'r> Responder<'r, 'static> for Exposition {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Response::build()
            .raw_header("Content-Type", prometheus_text::CONTENT_TYPE)
            .sized_body(self.0.len(), Cursor::new(self.0))
            .ok()
    }
}
