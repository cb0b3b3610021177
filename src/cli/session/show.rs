//! `hub session show`: one session, and how its tokens followed one another.

use clap::Args;
use serde::Serialize;

use crate::cli::database::Reading;
use crate::cli::output::{self, or_nothing};
use crate::cli::session::body::Body;
use crate::cli::{Exit, Failure, Global, Outcome};
use crate::features::sessions::lineage::{self, Event};
use crate::features::sessions::model::Session;
use crate::features::sessions::store;
use crate::features::sessions::store::many::Listed;
use crate::features::users::model::User;
use crate::types::ids::SessionId;
use crate::types::user_agent::UserAgent;

/// Show one session: the facts, and what happened to its tokens, oldest first.
#[derive(Debug, Args)]
pub struct Show {
    /// The session's id, 16 hex digits
    id: SessionId,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    session: Body,
    generation: i64,
    lineage: Vec<EventBody>,
}

#[derive(Serialize)]
struct EventBody {
    position: i64,
    kind: &'static str,
    generation: i64,
    at: String,
    ip: Option<String>,
    user_agent: String,
}

impl Show {
    /// Shows it.
    ///
    /// # Errors
    /// When there is no such session.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Reading::open(global)?;
        let (session, events) = database.read(|db| {
            let found = store::load(db, self.id)?;
            let found = found.ok_or_else(|| unknown(&[self.id]))?;
            Ok((found, lineage::of_session(db, self.id)?))
        })?;
        let generation = session.0.generation;
        let body = Body::new(&listed(session.0, session.1), database.sessions_now());
        let lineage: Vec<EventBody> = events.iter().map(event).collect();
        if self.json {
            return output::json(&Shown {
                session: body,
                generation,
                lineage,
            });
        }
        print_facts(&body, generation)?;
        output::print("")?;
        let rows: Vec<Vec<String>> = lineage.iter().map(row).collect();
        output::table(&["#", "EVENT", "GENERATION", "AT", "IP", "CLIENT"], &rows)
    }
}

/// The failure for sessions that are not there.
#[must_use]
pub fn unknown(ids: &[SessionId]) -> Failure {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let text = format!(
        "there is no session {}; `hub session list` shows them",
        ids.join(", ")
    );
    Failure::new(Exit::Failed, text)
}

fn listed(session: Session, user: Option<User>) -> Listed {
    Listed {
        id: session.id,
        user: session.user,
        username: user.map(|user| user.username),
        created_at: session.created_at,
        last_used_at: session.rotated.wall,
        ends_at: session.ends_at,
        standing: session.standing,
        address: session.address,
        rotations: session.rotations(),
        user_agent: UserAgent::from_row(session.agent.text),
    }
}

fn event(event: &Event) -> EventBody {
    EventBody {
        position: event.position,
        kind: event.kind.as_str(),
        generation: event.generation,
        at: event.at.to_string(),
        ip: event.address.map(|address| address.to_string()),
        user_agent: event.user_agent.as_str().to_owned(),
    }
}

fn print_facts(body: &Body, generation: i64) -> Outcome {
    let (began, ends) = body.span();
    output::facts(&[
        ("id", body.id.clone()),
        ("user", body.user()),
        ("status", body.status.to_owned()),
        ("ended", or_nothing(body.end())),
        ("began", began.to_owned()),
        ("last used", body.last_used_at.clone()),
        ("ends at", ends.to_owned()),
        ("generation", generation.to_string()),
        ("ip", or_nothing(body.ip.as_ref())),
        ("device", body.device.clone()),
        ("client", body.user_agent().to_owned()),
    ])
}

fn row(event: &EventBody) -> Vec<String> {
    vec![
        event.position.to_string(),
        event.kind.to_owned(),
        event.generation.to_string(),
        event.at.clone(),
        or_nothing(event.ip.as_ref()),
        event.user_agent.clone(),
    ]
}
