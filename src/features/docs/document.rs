//! What the document of the API says of all calls: who may call, which headers come back, what is answered alike everywhere.

use utoipa::openapi::Required;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::server::ServerBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, Header, InfoBuilder, LicenseBuilder, OpenApi, RefOr, Response};

use crate::features::docs::links;
use crate::features::webhooks::described;
use crate::http::headers::REQUEST_ID;
use crate::http::openapi::{ANSWERED_ALIKE, response};
use crate::http::problem::ApiError;

/// What heads the document.
const DESCRIPTION: &str = include_str!("description.md");

/// The scheme of calls for service accounts.
pub const SERVICE: &str = "service";

/// The groups of calls, in the order of their reading.
const TAGS: [(&str, &str); 5] = [
    (
        "Signing in and out",
        "From a name and a password to tokens, from tokens to new ones, and out.",
    ),
    ("One's own account", "Looking at it and changing it."),
    ("Sessions", "Where one is signed in, and ending it."),
    ("The server", "Whether it lives, and what it offers."),
    described::TAG,
];

/// The document of these parts, each a feature's.
pub fn whole(parts: impl IntoIterator<Item = OpenApi>) -> OpenApi {
    let mut document = OpenApi::default();
    for part in parts {
        document.merge(part);
    }
    document.info = InfoBuilder::new()
        .title("RegardingWork Hub")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(
            LicenseBuilder::new()
                .name("MIT")
                .identifier(Some("MIT"))
                .build(),
        ))
        .build();
    document.servers = Some(vec![
        ServerBuilder::new()
            .url("/")
            .description(Some("The Hub that serves this document."))
            .build(),
    ]);
    document.tags = Some(
        TAGS.map(|(name, description)| {
            TagBuilder::new()
                .name(name)
                .description(Some(description))
                .build()
        })
        .to_vec(),
    );
    let components = document.components.get_or_insert_with(Components::new);
    answered_alike(components);
    no_body_is_needed_to_change_nothing(&mut document);
    for operation in document
        .paths
        .paths
        .values_mut()
        .flat_map(links::operations)
    {
        for (status, response) in &mut operation.responses.responses {
            if let RefOr::T(response) = response {
                with_headers(status, response);
            }
        }
    }
    links::put_on(&mut document);
    described::put_on(&mut document);
    document
}

/// Whoever changes their profile without a body changes nothing, and is told so.
fn no_body_is_needed_to_change_nothing(document: &mut OpenApi) {
    let items = document.paths.paths.values_mut();
    for operation in items.flat_map(links::operations) {
        if operation.operation_id.as_deref() == Some("updateMe")
            && let Some(RefOr::T(body)) = &mut operation.request_body
        {
            body.required = Some(Required::False);
        }
    }
}

/// The answers that stand in the document once, and how one says who calls.
fn answered_alike(components: &mut Components) {
    let schema = crate::http::problem::schema();
    components.schemas.insert(schema.0, schema.1);
    for (status, name) in ANSWERED_ALIKE {
        let mut response = response(&[ApiError::of_status(status)]);
        with_headers(&status.to_string(), &mut response);
        components
            .responses
            .insert(name.to_owned(), response.into());
    }
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.bearer_format = Some("JWT".to_owned());
    bearer.description = Some(
        "An access token in `Authorization: Bearer <token>`: never in an address, never in a cookie, and in one header only.".to_owned(),
    );
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let mut service = Http::new(HttpAuthScheme::Bearer);
    service.description = Some(
        "The token of a service account, which an administrator makes, in `Authorization: Bearer hubsvc_…`.".to_owned(),
    );
    components.add_security_scheme(SERVICE, SecurityScheme::Http(service));
}

/// The headers that an answer of this status carries.
fn with_headers(status: &str, response: &mut Response) {
    let mut add = |name: &str, header: Header| {
        response.headers.insert(name.to_owned(), header.into());
    };
    add(
        REQUEST_ID,
        text(
            "The name of this request, which stands in the log line too.",
            "^[0-9a-f]{24}$",
        ),
    );
    match status {
        "401" => add("WWW-Authenticate", text("Always `Bearer`.", "^Bearer$")),
        "405" => add(
            "Allow",
            text("The methods that the path knows.", "^[A-Z]+(, [A-Z]+)*$"),
        ),
        "429" | "503" => add("Retry-After", seconds()),
        _ => {}
    }
}

fn text(description: &str, pattern: &str) -> Header {
    let schema = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .pattern(Some(pattern));
    HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some(description))
        .build()
}

fn seconds() -> Header {
    let schema = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::Integer))
        .minimum(Some(1));
    HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some("Seconds after which one may come back."))
        .build()
}
