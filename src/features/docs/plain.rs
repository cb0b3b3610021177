//! `GET /docs/llms.txt`, and the same at `GET /llms.txt`: the API in one plain text, for machines that read.

use std::fmt::Write;

use rocket::{State, get};

use crate::features::docs::made::Made;
use crate::features::docs::reference::{Call, Reference, Refused};
use crate::features::docs::samples::Token;
use crate::features::docs::shapes::Field;
use crate::features::docs::told::Told;
use crate::hub::Hub;

/// The text where it belongs.
#[get("/docs/llms.txt")]
#[must_use]
pub fn beside_the_page(hub: &State<Hub>, made: &State<Made>) -> String {
    text(made.reference(hub.config.public_url.as_str()))
}

/// The same where it is looked for.
#[get("/llms.txt")]
#[must_use]
pub fn at_the_root(hub: &State<Hub>, made: &State<Made>) -> String {
    text(made.reference(hub.config.public_url.as_str()))
}

/// The whole reference.
fn text(reference: &Reference) -> String {
    let mut text = format!(
        "# RegardingWork Hub {}\n\n{}\nThe same as OpenAPI 3.1: /api/openapi.json\n",
        env!("CARGO_PKG_VERSION"),
        reference.about
    );
    let mut group = "";
    for call in &reference.calls {
        if call.group != group {
            group = &call.group;
            line(&mut text, format_args!("\n## {group}"));
        }
        tell(&mut text, call);
    }
    tell_receivers(&mut text, &reference.told);
    line(&mut text, format_args!("\n## What every call may answer"));
    errors(&mut text, &reference.alike);
    line(&mut text, format_args!("\n## Shapes"));
    for shape in &reference.shapes {
        line(&mut text, format_args!("\n{}:", shape.name));
        fields(&mut text, &shape.fields);
    }
    text
}

/// Writing into a text does not fail.
fn line(text: &mut String, written: std::fmt::Arguments<'_>) {
    let _never = text.write_fmt(written);
    text.push('\n');
}

fn tell(text: &mut String, call: &Call) {
    line(text, format_args!("\n### {} {}", call.method, call.path));
    line(
        text,
        format_args!("\n{}. {}", call.summary, call.description),
    );
    match call.token {
        Some(Token::Access) => line(text, format_args!("\nTakes an access token (bearer).")),
        Some(Token::Service) => line(
            text,
            format_args!("\nTakes a service account's token (bearer)."),
        ),
        None => {}
    }
    for parameter in &call.parameters {
        line(
            text,
            format_args!("\n{{{}}}: {}", parameter.name, parameter.about),
        );
    }
    if !call.body.is_empty() {
        line(text, format_args!("\nBody:"));
        fields(text, &call.body);
    }
    line(text, format_args!("\n```sh\n{}\n```", call.samples.curl));
    line(
        text,
        format_args!("\nAnswers {}: {}", call.status, call.success),
    );
    fields(text, &call.answer);
    if let Some(example) = &call.example {
        line(text, format_args!("\n```json\n{example}\n```"));
    }
    if !call.errors.is_empty() {
        line(text, format_args!("\nErrors:"));
        errors(text, &call.errors);
    }
}

/// What the Hub itself sends.
fn tell_receivers(text: &mut String, told: &Told) {
    line(text, format_args!("\n## Webhooks\n\n{}", told.about));
    line(text, format_args!("\nHeaders of every message:"));
    for header in &told.headers {
        line(text, format_args!("- {}: {}", header.name, header.about));
    }
    line(text, format_args!("\nAnswers of a receiver:"));
    for answer in &told.answers {
        line(text, format_args!("- {}: {}", answer.status, answer.means));
    }
    for event in &told.events {
        let (name, when, more) = (&event.name, &event.when, &event.description);
        line(text, format_args!("\n### {name}\n\n{when}. {more}"));
        if !event.data.is_empty() {
            line(text, format_args!("\nIn `data`:"));
            fields(text, &event.data);
        }
        line(text, format_args!("\n```json\n{}\n```", event.example));
    }
}

fn fields(text: &mut String, fields: &[Field]) {
    for field in fields {
        let of = field.of.as_deref();
        let of = of.map(|name| format!(" {name}")).unwrap_or_default();
        let needed = if field.required {
            ""
        } else {
            ", may be left out"
        };
        let limits = match field.limits.as_str() {
            "" => String::new(),
            limits => format!(" ({limits})"),
        };
        let (name, kind, about) = (&field.name, &field.kind, &field.about);
        line(
            text,
            format_args!("- {name}: {kind}{of}{needed}{limits}. {about}"),
        );
    }
}

fn errors(text: &mut String, errors: &[Refused]) {
    for error in errors {
        let (status, code, told) = (error.status, &error.code, &error.text);
        line(
            text,
            format_args!("- {status} {code}: {told}. {}", error.meaning),
        );
    }
}
