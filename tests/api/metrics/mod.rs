//! `/metrics`: who may read it, what it tells, and what it never does.

pub mod exposition;
mod refreshes;
mod served;
mod sign_ins;

use exposition::Exposition;

use crate::stage::Stage;

/// Long enough, and nowhere else.
const TOKEN: &str = "b1c4e7f0a3d6-metrics";

/// A Hub that tells its metrics on the main port.
async fn stage() -> Stage {
    Stage::with(&[("metrics_token", TOKEN)]).await
}

async fn text(stage: &Stage) -> String {
    let answer = stage
        .ask(rocket::http::Method::Get, "/metrics", TOKEN)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

async fn scrape(stage: &Stage) -> Exposition {
    Exposition::parse(&text(stage).await)
}
