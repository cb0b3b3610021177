//! The list of a session's events: the same that the picture shows, in words.

use serde::Serialize;

use crate::features::admin::sessions::show::view::address;
use crate::features::sessions::lineage::{Event, Kind};
use crate::features::sessions::verdict::comparison::Holder;
use crate::http::times::Shown;

/// A line of the list of events.
#[derive(Debug, Serialize)]
pub struct Line {
    position: i64,
    tone: &'static str,
    at: String,
    word: &'static str,
    text: String,
    place: String,
    user_agent: Option<String>,
}

/// Full names of clients in the list at most, where they change: a hundred of them would not fit into a page of 50 kB.
const MAX_NAMED_CLIENTS: usize = 4;

/// The lines of all events. Those that a finding rests on are marked, and name their clients whole.
#[must_use]
pub fn lines(events: &[Event], evidence: &[i64]) -> Vec<Line> {
    let mut named: Vec<&str> = Vec::new();
    events
        .iter()
        .map(|event| {
            let text = event.user_agent.as_str();
            let is_evidence = evidence.contains(&event.position);
            let is_new = is_evidence && !text.is_empty() && !named.contains(&text);
            let is_named = is_new && named.len() < MAX_NAMED_CLIENTS;
            if is_named {
                named.push(text);
            }
            line(event, is_evidence, is_named)
        })
        .collect()
}

fn line(event: &Event, is_evidence: bool, is_named: bool) -> Line {
    let generation = event.generation;
    let (word, text) = match event.kind {
        Kind::Start => ("Sign-in", format!("generation {generation} was given out")),
        Kind::Rotate => ("Rotated", format!("to generation {generation}")),
        Kind::Retry => (
            "Again",
            format!("generation {generation} within the grace, answered alike"),
        ),
        Kind::Straggler => (
            "Late",
            format!("generation {generation}, an older token, within the grace"),
        ),
        Kind::Reuse => (
            "Reuse",
            format!("of generation {generation} after the grace"),
        ),
        Kind::End => ("Ended", format!("at generation {generation}")),
    };
    let when = Shown::new(event.at, event.at);
    Line {
        position: event.position,
        tone: match event.kind {
            Kind::Reuse => "bad",
            _ if is_evidence => "warn",
            _ => "",
        },
        at: when.iso.replace('T', " "),
        word,
        text,
        place: format!(
            "{} · {}",
            address(Holder::from(event)),
            event.user_agent.device()
        ),
        user_agent: is_named.then(|| event.user_agent.as_str().to_owned()),
    }
}
