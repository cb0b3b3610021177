//! What the document of the API says of webhooks (`OpenAPI` 3.1 has a section of its own for what a server sends): each event with its body and an example that
//! is made as every message is, the headers, and which answers count as delivered.

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, RefBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Components, OpenApi, RefOr, Required, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

use crate::features::sessions::example;
use crate::features::sessions::model::EndReason;
use crate::features::webhooks::body::{
    EndedSessionBody, FailuresBody, SessionBody, TestBody, UserBody,
};
use crate::features::webhooks::event::{Event, Facts};
use crate::features::webhooks::message::{ID, SIGNATURE, TIMESTAMP};
use crate::features::webhooks::model::Kind;
use crate::http::openapi::JSON;

/// The group of them, and what holds for all.
pub const TAG: (&str, &str) = (
    "Webhooks",
    "What the Hub posts to the receivers that an administrator names (`hub webhook add`), by the Standard Webhooks specification: at least once, so take each `webhook-id` once; in order for each user; and again for about three days until an answer counts as delivered. An answer has to begin within 15 seconds, unless configured otherwise, and its body is not looked at. More fields may come: ignore those that you do not know.",
);
/// The mark of the event in the examples.
const MARK: [u8; 16] = [
    0x0b, 0x9d, 0x2c, 0x7e, 0x1f, 0x34, 0x4a, 0x5b, 0x8c, 0x6d, 0x7e, 0x8f, 0x90, 0xa1, 0xb2, 0xc3,
];
/// A signature, by a secret that was thrown away.
const A_SIGNATURE: &str = "v1,1bwLNT4WnDNZi7BI9nLtq/yjPzUMunpjelFkwMUkEOo=";
/// The failures in a row that are told unless configured otherwise.
const FAILURES: u32 = 10;

/// Every kind of event that may be sent, in the order in which they are told of.
pub fn kinds() -> impl Iterator<Item = Kind> {
    Kind::WANTED.into_iter().chain([Kind::Test])
}

/// Puts them into the document.
pub fn put_on(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Components::new);
    let schemas = [
        schema::<SessionBody<'_>>(),
        schema::<EndedSessionBody<'_>>(),
        schema::<UserBody<'_>>(),
        schema::<FailuresBody<'_>>(),
        schema::<TestBody>(),
    ];
    components.schemas.extend(schemas);
    let webhooks = kinds().fold(PathsBuilder::new(), |webhooks, kind| {
        let item = PathItem::new(HttpMethod::Post, operation(kind));
        webhooks.path(kind.as_str(), item)
    });
    document.webhooks = Some(webhooks.build());
}

fn schema<T: ToSchema + PartialSchema>() -> (String, RefOr<Schema>) {
    (T::name().into_owned(), T::schema())
}

/// What is known of an event of this kind: the name of its schema, and more than [`Kind::meaning`] says.
fn data(kind: Kind) -> (String, &'static str) {
    let session = SessionBody::name();
    let (name, more) = match kind {
        Kind::SessionStarted => (
            session,
            "With tokens, or at the Hub's own pages (`browser`).",
        ),
        Kind::SessionEnded => (
            EndedSessionBody::name(),
            "Whichever way it came about: a sign-out, an administrator, a new password, a restored backup.",
        ),
        Kind::SessionReused => (
            EndedSessionBody::name(),
            "Somebody may have stolen it. The `session.ended` that follows from it comes next.",
        ),
        Kind::UserCreated => (UserBody::name(), "Registered, added or imported."),
        Kind::UserDisabled => (
            UserBody::name(),
            "Their sessions are ended, each with an event of its own.",
        ),
        Kind::UserDeleted => (
            UserBody::name(),
            "What is told is what was known of them until then.",
        ),
        Kind::SignInFailures => (
            FailuresBody::name(),
            "At 10 of them, unless configured otherwise: once, and again after a success or a day without.",
        ),
        Kind::Test => (
            TestBody::name(),
            "Somebody asked for it (`hub webhook test`). Every webhook gets it, whatever it wants.",
        ),
    };
    (name.into_owned(), more)
}

fn operation(kind: Kind) -> Operation {
    let (data, more) = data(kind);
    let event = example(kind);
    let body = event.as_ref().map(Event::body).unwrap_or_default();
    let content = ContentBuilder::new()
        .schema(Some(whole(kind, data)))
        .example(serde_json::from_str(&body).ok());
    let sent = RequestBodyBuilder::new()
        .required(Some(Required::True))
        .content(JSON, content.build());
    let parameters = [
        header(
            ID,
            "The event: the same at every try. Keep the ids of the last days, and take each once.",
            "^evt_[0-9a-f]{32}$",
            event.as_ref().map(Event::id).unwrap_or_default(),
        ),
        header(
            TIMESTAMP,
            "When this try was signed, in seconds since 1970. Refuse what is older than five minutes.",
            "^[0-9]+$",
            example::TIME.seconds().to_string(),
        ),
        header(
            SIGNATURE,
            "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, keyed with the bytes behind `whsec_`. For a day after a new secret there are two of them with a space between.",
            "^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)?$",
            A_SIGNATURE.to_owned(),
        ),
    ];
    OperationBuilder::new()
        .tag(TAG.0)
        .operation_id(Some(id(kind)))
        .summary(Some(kind.meaning()))
        .description(Some(more))
        .parameters(Some(parameters))
        .request_body(Some(sent.build()))
        .response(
            "2XX",
            ResponseBuilder::new().description("Delivered, whatever the body says."),
        )
        .response(
            "3XX",
            ResponseBuilder::new()
                .description("Not delivered, and tried again: redirects are not followed."),
        )
        .response("default", failed())
        .build()
}

/// The kind in the form that names of functions have: `sessionStarted`.
fn id(kind: Kind) -> String {
    let mut parts = kind.as_str().split(['.', '_']);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |id, part| {
        let (head, rest) = part.split_at(part.len().min(1));
        id + &head.to_uppercase() + rest
    })
}

/// A whole body.
fn whole(kind: Kind, data: String) -> Schema {
    let text = || ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    let object = ObjectBuilder::new()
        .property(
            "type",
            text()
                .description(Some("What happened."))
                .enum_values(Some([kind.as_str()])),
        )
        .property(
            "timestamp",
            text()
                .description(Some("When it happened: UTC, always six digits."))
                .pattern(Some(
                    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z$",
                )),
        )
        .property(
            "data",
            RefBuilder::new()
                .ref_location_from_schema_name(data)
                .description(Some("All that is known of it."))
                .build(),
        )
        .required("type")
        .required("timestamp")
        .required("data");
    Schema::Object(object.build())
}

fn header(name: &str, description: &str, pattern: &str, example: String) -> ParameterBuilder {
    let schema = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .pattern(Some(pattern));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(schema))
        .example(Some(example.into()))
}

fn failed() -> ResponseBuilder {
    let schema = ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    let asked = HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some(
            "Seconds, or a date. It makes the wait for the next try longer, up to a day, and never shorter.",
        ));
    ResponseBuilder::new()
        .description("Not delivered, and tried again. No answer at all is the same.")
        .header("Retry-After", asked.build())
}

/// An event of this kind, about the user and the session of all examples.
fn example(kind: Kind) -> Option<Event> {
    let user = example::user();
    let address = "203.0.113.7".parse().ok();
    let why = match kind {
        Kind::SessionEnded => Some(EndReason::SignedOut),
        Kind::SessionReused => Some(EndReason::Reuse),
        _ => None,
    };
    let facts = match kind {
        Kind::SessionStarted | Kind::SessionEnded | Kind::SessionReused => Facts::Session {
            kind,
            session: example::SESSION.parse().ok()?,
            user: user.id,
            username: Some(user.username),
            browser: false,
            address,
            agent: "curl/8.5.0".to_owned(),
            why,
        },
        Kind::UserCreated | Kind::UserDisabled | Kind::UserDeleted => Facts::User {
            kind,
            user: user.id,
            username: user.username,
            email: user.email,
            role: user.role.as_str().to_owned(),
        },
        Kind::SignInFailures => Facts::Failures {
            user: Some(user.id),
            username: Some(user.username),
            what: "password".to_owned(),
            failures: FAILURES,
            address,
        },
        Kind::Test => Facts::Test,
    };
    Some(Event {
        mark: MARK,
        at: example::TIME,
        facts,
    })
}

#[cfg(test)]
mod tests {
    use super::{id, kinds, operation};
    use crate::features::webhooks::client::Answered;
    use crate::features::webhooks::model::Kind;

    #[test]
    fn the_document_says_of_each_status_what_becomes_of_a_delivery_that_is_answered_so() {
        let answers = serde_json::to_value(operation(Kind::Test).responses).expect("JSON");
        for status in 100..600 {
            let range = format!("{}XX", status / 100);
            let answer = answers.get(&range).unwrap_or(&answers["default"]);
            let told = answer["description"].as_str().expect("words");
            let answered = Answered {
                status,
                retry_after: None,
            };
            let is_taken = answered.problem().is_none();
            assert_eq!(told.starts_with("Delivered"), is_taken, "{status}: {told}");
            assert_eq!(told.starts_with("Not delivered"), !is_taken, "{status}");
        }
    }

    #[test]
    fn every_event_has_a_name_that_a_function_may_have() {
        let ids: Vec<String> = kinds().map(id).collect();
        assert_eq!(ids[0], "sessionStarted");
        assert_eq!(ids[6..], ["signInFailures", "webhookTest"]);
    }
}
