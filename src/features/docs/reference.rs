//! What the pages show of the document: its calls in the order of their reading, each with its fields, its answer, its errors and its samples.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{Content, OpenApi, RefOr, Response};

use crate::features::docs::document::SERVICE;
use crate::features::docs::samples::{Samples, Token, Typed};
use crate::features::docs::shapes::{Field, Shapes};
use crate::features::docs::told::Told;
use crate::features::docs::written::written;
use crate::http::meanings::meaning;
use crate::http::openapi::{ANSWERED_ALIKE, EVENT_STREAM, JSON};

/// A call.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// Its name in the document, and its place on the page.
    pub id: String,
    /// The group that it belongs to.
    pub group: String,
    /// `GET` …
    pub method: String,
    /// `/api/…`
    pub path: String,
    /// What it does, in a few words.
    pub summary: String,
    /// The same at length.
    pub description: String,
    /// The token that it takes.
    pub token: Option<Token>,
    /// What stands in its path.
    pub parameters: Vec<Parameter>,
    /// The fields of its body.
    pub body: Vec<Field>,
    /// The status of its success.
    pub status: u16,
    /// What a success means.
    pub success: String,
    /// The fields of that answer.
    pub answer: Vec<Field>,
    /// That answer as the Hub writes it.
    pub example: Option<String>,
    /// How else it answers; what every call may answer alike is not repeated.
    pub errors: Vec<Refused>,
    /// As one would type it.
    pub samples: Samples,
}

/// Something in a path or a header.
#[derive(Clone, Debug, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What it is.
    pub about: String,
}

impl Parameter {
    /// All that an operation takes beside its body.
    #[must_use]
    pub fn all(operation: &Operation) -> Vec<Self> {
        let parameters = operation.parameters.iter().flatten().filter_map(plain);
        let told = parameters.map(|parameter| Self {
            name: parameter.name.clone(),
            about: parameter.description.clone().unwrap_or_default(),
        });
        told.collect()
    }
}

/// An error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Its status.
    pub status: u16,
    /// Its code.
    pub code: String,
    /// Its text.
    pub text: String,
    /// What it means.
    pub meaning: &'static str,
}

/// A schema with a name.
#[derive(Clone, Debug, Serialize)]
pub struct Shape {
    /// Its name.
    pub name: String,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// All that the pages show.
#[derive(Clone, Debug, Serialize)]
pub struct Reference {
    /// The head of the document.
    pub about: String,
    /// The calls.
    pub calls: Vec<Call>,
    /// What every call may answer alike.
    pub alike: Vec<Refused>,
    /// Schemas that others name.
    pub shapes: Vec<Shape>,
    /// What the Hub itself sends.
    pub told: Told,
}

impl Reference {
    /// That of a document, its calls typed to the Hub at this address.
    #[must_use]
    pub fn of(document: &OpenApi, base: &str) -> Self {
        let shapes = Shapes(document);
        let mut calls: Vec<Call> = Vec::new();
        let groups = document.tags.iter().flatten().map(|tag| tag.name.as_str());
        for group in groups {
            for (path, item) in &document.paths.paths {
                let of_group = methods(item).filter(|(_, operation)| {
                    let tags = operation.tags.iter().flatten();
                    tags.map(String::as_str).any(|tag| tag == group)
                });
                calls.extend(of_group.map(|(method, operation)| {
                    call(shapes, group, (method, path), operation, base)
                }));
            }
        }
        let alike = alike(document);
        for call in &mut calls {
            call.errors.retain(|error| !alike.contains(error));
        }
        Self {
            about: document.info.description.clone().unwrap_or_default(),
            shapes: named(shapes, &calls),
            calls,
            alike,
            told: Told::of(document),
        }
    }
}

/// The operations of a path with their methods.
fn methods(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

fn call(
    shapes: Shapes<'_>,
    group: &str,
    (method, path): (&str, &str),
    operation: &Operation,
    base: &str,
) -> Call {
    let sent = operation.request_body.as_ref();
    let sent = sent
        .and_then(plain)
        .and_then(|body| body.content.get(JSON))
        .and_then(plain);
    let (status, success) = success(operation);
    let content = |kind| {
        let response = success.and_then(|response| response.content.get(kind));
        response.and_then(plain)
    };
    let (answered, streamed) = (content(JSON), content(EVENT_STREAM));
    let token = token(operation);
    let fields = |content: Option<&Content>| {
        let schema = content.and_then(|content| content.schema.as_ref());
        schema
            .map(|schema| shapes.fields(schema))
            .unwrap_or_default()
    };
    let typed = Typed {
        method,
        path,
        token,
        is_stream: streamed.is_some(),
        body: sent.and_then(|content| content.example.as_ref()),
    };
    Call {
        id: operation.operation_id.clone().unwrap_or_default(),
        group: group.to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        summary: operation.summary.clone().unwrap_or_default(),
        description: operation.description.clone().unwrap_or_default(),
        token,
        parameters: Parameter::all(operation),
        body: fields(sent),
        status,
        success: success
            .map(|response| response.description.clone())
            .unwrap_or_default(),
        answer: fields(answered),
        example: answered.or(streamed).and_then(|content| {
            let example = content.example.as_ref()?;
            Some(match example.as_str() {
                Some(text) => text.to_owned(),
                None => written(shapes, example, content.schema.as_ref()),
            })
        }),
        errors: errors(operation),
        samples: typed.samples(base),
    }
}

/// The token that an operation takes: a service account's where its scheme is that, else a user's.
fn token(operation: &Operation) -> Option<Token> {
    let schemes = serde_json::to_value(operation.security.as_ref()?).unwrap_or_default();
    let mut schemes = schemes.as_array().into_iter().flatten();
    let is_services = schemes.any(|scheme| scheme.get(SERVICE).is_some());
    Some(if is_services {
        Token::Service
    } else {
        Token::Access
    })
}

/// What stands there itself; this document refers to schemas and whole answers only.
pub(super) fn plain<T>(given: &RefOr<T>) -> Option<&T> {
    match given {
        RefOr::T(plain) => Some(plain),
        RefOr::Ref(_) => None,
    }
}

fn success(operation: &Operation) -> (u16, Option<&Response>) {
    let mut responses = operation.responses.responses.iter();
    let found = responses.find_map(|(status, response)| match response {
        RefOr::T(response) if status.starts_with('2') => Some((status.parse().ok()?, response)),
        _ => None,
    });
    found.map_or((200, None), |(status, response)| (status, Some(response)))
}

/// Every error that an operation itself names.
fn errors(operation: &Operation) -> Vec<Refused> {
    let responses = operation.responses.responses.iter();
    let own = responses.filter_map(|(status, response)| match response {
        RefOr::T(response) => Some((status.parse().ok()?, response)),
        RefOr::Ref(_) => None,
    });
    own.flat_map(|(status, response)| refused(status, response))
        .collect()
}

fn refused(status: u16, response: &Response) -> Vec<Refused> {
    let examples = response.content.get(JSON).and_then(plain);
    let examples = examples
        .into_iter()
        .flat_map(|content| content.examples.values());
    let text = |body: &Value, name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let refused = examples.filter_map(|example| {
        let RefOr::T(example) = example else {
            return None;
        };
        let body = example.value.as_ref()?;
        let code = text(body, "code");
        Some(Refused {
            status,
            text: text(body, "error"),
            meaning: meaning(&code).unwrap_or_default(),
            code,
        })
    });
    refused.collect()
}

/// What every call may answer alike: the answers that stand in the document once, and what the calls have in common.
fn alike(document: &OpenApi) -> Vec<Refused> {
    let mut alike = Vec::new();
    let components = document.components.as_ref();
    for (status, name) in ANSWERED_ALIKE {
        let response = components.and_then(|components| components.responses.get(name));
        if let Some(RefOr::T(response)) = response {
            alike.extend(refused(status, response));
        }
    }
    let operations = document.paths.paths.values().flat_map(methods);
    let all: Vec<Vec<Refused>> = operations.map(|(_, operation)| errors(operation)).collect();
    let mut times: BTreeMap<(u16, &str), usize> = BTreeMap::new();
    for error in all.iter().flatten() {
        *times.entry((error.status, &error.code)).or_default() += 1;
    }
    let first = all.first().into_iter().flatten();
    let shared = first.filter(|error| times.get(&(error.status, &error.code)) == Some(&all.len()));
    alike.extend(shared.cloned());
    alike.sort_by_key(|error| error.status);
    alike
}

/// Every schema that a field of these calls leads to, and those that they lead to.
fn named(shapes: Shapes<'_>, calls: &[Call]) -> Vec<Shape> {
    let fields = calls
        .iter()
        .flat_map(|call| call.body.iter().chain(&call.answer));
    let mut waiting: Vec<String> = fields.filter_map(|field| field.of.clone()).collect();
    let mut named: BTreeMap<String, Vec<Field>> = BTreeMap::new();
    while let Some(name) = waiting.pop() {
        if named.contains_key(&name) {
            continue;
        }
        let schema = shapes.named(&name);
        let fields = schema
            .map(|schema| shapes.fields_of(schema))
            .unwrap_or_default();
        waiting.extend(fields.iter().filter_map(|field| field.of.clone()));
        named.insert(name, fields);
    }
    let shape = |(name, fields)| Shape { name, fields };
    named.into_iter().map(shape).collect()
}
