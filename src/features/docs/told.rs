//! What the pages show of the document's webhooks: each event with what is known of it, the headers, and which answers count as delivered.

use serde::Serialize;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{OpenApi, RefOr};

use crate::features::docs::reference::{Parameter, plain};
use crate::features::docs::shapes::{Field, Shapes};
use crate::features::docs::written::written;
use crate::http::openapi::JSON;

/// All that is told to receivers.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// What holds for all events.
    pub about: String,
    /// The headers of every message.
    pub headers: Vec<Parameter>,
    /// What becomes of a message that is answered so.
    pub answers: Vec<Answer>,
    /// The events.
    pub events: Vec<Event>,
}

/// What an answer of a receiver's means.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// `2XX` …
    pub status: String,
    /// What becomes of the message.
    pub means: String,
}

/// An event.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// Its name in the document, and its place on the page.
    pub id: String,
    /// `session.ended` …
    pub name: String,
    /// When it is told, in a few words.
    pub when: String,
    /// The same at length.
    pub description: String,
    /// What stands in `data`.
    pub data: Vec<Field>,
    /// A whole body.
    pub example: String,
}

impl Told {
    /// What a document tells of it.
    #[must_use]
    pub fn of(document: &OpenApi) -> Self {
        let items = document.webhooks.iter().flat_map(|all| &all.paths);
        let posts: Vec<(&String, &Operation)> = items
            .filter_map(|(name, item)| Some((name, item.post.as_ref()?)))
            .collect();
        let first = posts.first().map(|(_, operation)| *operation);
        let group = first.and_then(|operation| operation.tags.as_ref()?.first());
        let mut tags = document.tags.iter().flatten();
        let tag = tags.find(|tag| Some(&tag.name) == group);
        Self {
            about: tag
                .and_then(|tag| tag.description.clone())
                .unwrap_or_default(),
            headers: first.map(Parameter::all).unwrap_or_default(),
            answers: first.map(answers).unwrap_or_default(),
            events: posts
                .into_iter()
                .map(|(name, operation)| event(Shapes(document), name, operation))
                .collect(),
        }
    }
}

fn answers(operation: &Operation) -> Vec<Answer> {
    let responses = operation.responses.responses.iter();
    let answers = responses.filter_map(|(status, response)| {
        let status = if status == "default" {
            "Any other"
        } else {
            status
        };
        Some(Answer {
            status: status.to_owned(),
            means: plain(response)?.description.clone(),
        })
    });
    answers.collect()
}

fn event(shapes: Shapes<'_>, name: &str, operation: &Operation) -> Event {
    let body = operation.request_body.as_ref().and_then(plain);
    let content = body.and_then(|body| body.content.get(JSON)).and_then(plain);
    let schema = content.and_then(|content| content.schema.as_ref());
    let data = match schema {
        Some(RefOr::T(Schema::Object(whole))) => whole.properties.get("data"),
        _ => None,
    };
    let example = content.and_then(|content| content.example.as_ref());
    Event {
        id: operation.operation_id.clone().unwrap_or_default(),
        name: name.to_owned(),
        when: operation.summary.clone().unwrap_or_default(),
        description: operation.description.clone().unwrap_or_default(),
        data: data.map(|data| shapes.fields(data)).unwrap_or_default(),
        example: example
            .map(|example| written(shapes, example, schema))
            .unwrap_or_default(),
    }
}
