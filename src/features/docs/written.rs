//! JSON as a Hub writes it: fields in the order of their schema, in lines that people can read.

use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayItems, Schema};

use crate::features::docs::shapes::Shapes;

/// Blanks before each level.
const INDENT: &str = "  ";

/// A value as the text of this schema.
#[must_use]
pub fn written(shapes: Shapes<'_>, value: &Value, schema: Option<&RefOr<Schema>>) -> String {
    let mut text = String::new();
    write(shapes, value, schema, 0, &mut text);
    text
}

fn write<'a>(
    shapes: Shapes<'a>,
    value: &Value,
    schema: Option<&'a RefOr<Schema>>,
    level: usize,
    text: &mut String,
) {
    let schema = schema.and_then(|schema| shapes.of(schema));
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let properties = schema.map(|schema| shapes.properties(schema));
            let properties = properties.unwrap_or_default();
            let place = |name: &str| {
                let known = properties.iter().position(|(known, ..)| *known == name);
                known.unwrap_or(properties.len())
            };
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_by_key(|name| place(name));
            let schema_of = |name: &str| {
                let found = properties.iter().find(|(known, ..)| *known == name);
                found.map(|(_, schema, _)| *schema)
            };
            text.push('{');
            for (at, name) in names.into_iter().enumerate() {
                begin_line(at, level + 1, text);
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push_str(": ");
                write(shapes, &fields[name], schema_of(name), level + 1, text);
            }
            end_line(level, text);
            text.push('}');
        }
        Value::Array(items) if !items.is_empty() => {
            let of_items = match schema {
                Some(Schema::Array(array)) => match &array.items {
                    ArrayItems::RefOrSchema(items) => Some(items.as_ref()),
                    ArrayItems::False => None,
                },
                _ => None,
            };
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                begin_line(at, level + 1, text);
                write(shapes, item, of_items, level + 1, text);
            }
            end_line(level, text);
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

fn begin_line(at: usize, level: usize, text: &mut String) {
    if at > 0 {
        text.push(',');
    }
    end_line(level, text);
}

fn end_line(level: usize, text: &mut String) {
    text.push('\n');
    text.push_str(&INDENT.repeat(level));
}
