//! How errors stand in the document of the API: each route's refusals from the very values that it answers, so that no text is written twice.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::http::meanings::meaning;
use crate::http::problem::{ApiError, Shape};

/// The content type of bodies, as documents name it.
pub const JSON: &str = "application/json";
/// That of streams of events.
pub const EVENT_STREAM: &str = "text/event-stream";
/// What every route may answer because of how it was asked, not of what: the front door says most of it.
const OF_EVERY_ROUTE: [u16; 8] = [400, 408, 414, 421, 431, 500, 501, 503];
/// The same, where there is a body.
const OF_EVERY_BODY: [u16; 2] = [413, 415];
/// Those of them that stand in the document once, for no route has anything to add to them.
pub const ANSWERED_ALIKE: [(u16, &str); 8] = [
    (405, "MethodNotAllowed"),
    (408, "RequestTimeout"),
    (413, "BodyTooLarge"),
    (414, "UriTooLong"),
    (415, "UnsupportedMediaType"),
    (421, "MisdirectedRequest"),
    (431, "HeadersTooLarge"),
    (501, "NotImplemented"),
];

/// The answers of a route without a body: its own errors, and those of every route.
#[must_use]
pub fn refusals(errors: impl IntoIterator<Item = ApiError>) -> BTreeMap<String, RefOr<Response>> {
    let every = OF_EVERY_ROUTE.map(ApiError::of_status);
    let mut by_status: BTreeMap<u16, Vec<ApiError>> = BTreeMap::new();
    for error in errors.into_iter().chain(every) {
        let known = by_status.entry(error.status()).or_default();
        if !known.iter().any(|other| other.body() == error.body()) {
            known.push(error);
        }
    }
    let answer = |(status, errors): (u16, Vec<ApiError>)| {
        let alike = ANSWERED_ALIKE.iter().find(|(known, _)| *known == status);
        let answer = match alike {
            Some((_, name)) => RefOr::Ref(Ref::from_response_name(*name)),
            None => RefOr::T(response(&errors)),
        };
        (status.to_string(), answer)
    };
    by_status.into_iter().map(answer).collect()
}

/// The same of a route with a body.
#[must_use]
pub fn refusals_with_body(
    errors: impl IntoIterator<Item = ApiError>,
) -> BTreeMap<String, RefOr<Response>> {
    refusals(
        errors
            .into_iter()
            .chain(OF_EVERY_BODY.map(ApiError::of_status)),
    )
}

/// The answers of a route that has no error of its own.
pub struct NothingOfItsOwn;

impl IntoResponses for NothingOfItsOwn {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals([])
    }
}

/// The answer of one status: its codes and texts, each with an example.
#[must_use]
pub fn response(errors: &[ApiError]) -> Response {
    let example = |(name, error): (String, &ApiError)| {
        let body = serde_json::from_slice(&error.body()).unwrap_or_default();
        let example = ExampleBuilder::new()
            .summary(error.text())
            .description(meaning(error.code()).unwrap_or_default());
        (name, example.value(Some(body)).build())
    };
    let content = ContentBuilder::new()
        .schema(Some(schema(errors)))
        .examples_from_iter(named(errors).into_iter().map(example));
    let codes = distinct(errors.iter().map(|error| format!("`{}`", error.code())));
    ResponseBuilder::new()
        .description(codes.join(", "))
        .content(JSON, content.build())
        .build()
}

/// Each error under its code; of several with one code, all but the first are numbered.
fn named(errors: &[ApiError]) -> Vec<(String, &ApiError)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut named = Vec::with_capacity(errors.len());
    for error in errors {
        let count = counts.entry(error.code()).or_default();
        *count += 1;
        let name = match *count {
            1 => error.code().to_owned(),
            count => format!("{}_{count}", error.code()),
        };
        named.push((name, error));
    }
    named
}

/// The one error shape, narrowed to the codes of these errors. (A text may hold a number that is configured.)
fn schema(errors: &[ApiError]) -> Schema {
    let codes = distinct(errors.iter().map(|error| error.code().to_owned()));
    let codes = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .enum_values(Some(codes));
    let narrowed = ObjectBuilder::new().property("code", codes).build();
    let all = AllOfBuilder::new()
        .item(Ref::from_schema_name(Shape::name()))
        .item(narrowed);
    Schema::AllOf(all.build())
}

fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut distinct = Vec::new();
    for text in texts {
        if !distinct.contains(&text) {
            distinct.push(text);
        }
    }
    distinct
}

/// An example as its route would write it.
#[must_use]
pub fn example(body: &impl serde::Serialize) -> Value {
    serde_json::to_value(body).unwrap_or_default()
}
