//! Whatever a test of this binary is answered by a call stands in the document: its status, its code, its text, and its fields.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use rocket::http::Method;
use serde_json::Value;

use crate::answer::Answer;

/// The document, as a client reads it.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let json = hub::features::api().to_json().expect("a document");
    serde_json::from_str(&json).expect("JSON")
});

/// Whether a route is for programs, and so has to stand in the document: whatever is below `/api`, and what probes ask.
pub fn is_for_programs(method: Method, pattern: &str) -> bool {
    let probes = ["/healthz", "/readyz"];
    // The question that browsers ask before a call from elsewhere is no call.
    method != Method::Options && (pattern.starts_with("/api/") || probes.contains(&pattern))
}

/// The operation that a request asks for.
pub fn operation(method: Method, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next().expect("a first part");
    let asked: Vec<&str> = path.split('/').collect();
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let fits = |pattern: &str| {
        let parts: Vec<&str> = pattern.split('/').collect();
        parts.len() == asked.len()
            && parts
                .iter()
                .zip(&asked)
                .all(|(part, asked)| part.starts_with('{') && !asked.is_empty() || part == asked)
    };
    let (_, item) = paths.iter().find(|(pattern, _)| fits(pattern))?;
    item.get(method.as_str().to_lowercase())
}

/// What a reference leads to.
pub fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => DOCUMENT
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{reference} leads nowhere")),
        None => value,
    }
}

/// The names of a schema's fields, and of those that must be there.
fn fields(schema: &'static Value) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let schema = resolved(schema);
    let parts = schema["allOf"].as_array().map(Vec::as_slice);
    let mut all = BTreeSet::new();
    let mut required = BTreeSet::new();
    for part in parts.unwrap_or_default() {
        let (more, needed) = fields(part);
        all.extend(more);
        required.extend(needed);
    }
    if let Some(own) = schema["properties"].as_object() {
        all.extend(own.keys().map(String::as_str));
    }
    let own = schema["required"].as_array().map(Vec::as_slice);
    required.extend(own.unwrap_or_default().iter().filter_map(Value::as_str));
    (all, required)
}

/// The schema of a field, in whichever part it stands.
fn field(schema: &'static Value, name: &str) -> Option<&'static Value> {
    let schema = resolved(schema);
    let parts = schema["allOf"].as_array().map(Vec::as_slice);
    let mut inherited = parts.unwrap_or_default().iter().rev();
    schema["properties"]
        .get(name)
        .or_else(|| inherited.find_map(|part| field(part, name)))
}

/// A body has the fields of its schema and no others, each of its type, all the way down.
pub fn fits(body: &Value, schema: &'static Value, whose: &str) {
    match body {
        Value::Object(object) => {
            let (all, required) = fields(schema);
            if all.is_empty() {
                return;
            }
            let has: BTreeSet<&str> = object.keys().map(String::as_str).collect();
            let missing: Vec<_> = required.difference(&has).collect();
            let unknown: Vec<_> = has.difference(&all).collect();
            assert!(
                missing.is_empty() && unknown.is_empty(),
                "{whose}: the document misses {unknown:?} and promises {missing:?}: {body}"
            );
            for (name, value) in object {
                let schema = field(schema, name).expect("it is there");
                fits(value, schema, &format!("{whose} {name}"));
            }
        }
        Value::Array(items) => {
            let schema = &resolved(schema)["items"];
            for item in items {
                fits(item, schema, whose);
            }
        }
        plain => is_of_its_type(plain, resolved(schema), whose),
    }
}

/// What has no parts is of the type, and one of the values, that its schema names.
fn is_of_its_type(value: &Value, schema: &Value, whose: &str) {
    let own = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        _ => "string",
    };
    let has = |of: &Value, wanted: &Value| match of {
        Value::Null => true,
        Value::Array(several) => several.contains(wanted),
        one => one == wanted,
    };
    assert!(
        has(&schema["type"], &own.into()),
        "{whose}: {value} is no {}",
        schema["type"]
    );
    assert!(
        has(&schema["enum"], value),
        "{whose}: {value} is none of {}",
        schema["enum"]
    );
}

/// Holds an answer against the document. What no route was found for is nobody's answer.
#[track_caller]
pub fn is_documented(method: Method, path: &str, answer: &Answer) {
    let Some(operation) = operation(method, path) else {
        return;
    };
    let whose = format!("{method} {path}: {}", answer.status);
    let documented = &operation["responses"][answer.status.to_string()];
    assert!(!documented.is_null(), "{whose} is not in the document");
    let documented = resolved(documented);
    let headers = documented["headers"].as_object();
    for (name, _) in headers.into_iter().flatten() {
        assert!(answer.header(name).is_some(), "{whose} has no {name}");
    }
    let content = &documented["content"]["application/json"];
    if content.is_null() {
        assert_eq!(answer.body, "", "{whose}");
        return;
    }
    let body: Value = serde_json::from_str(&answer.body).expect("JSON");
    fits(&body, &content["schema"], &whose);
    if answer.status >= 400 {
        let examples = content["examples"].as_object().expect("examples");
        let mut known = examples.values().map(|example| &example["value"]);
        // The fewest characters of a password are configured.
        let is_known = known.any(|known| *known == body) || body["code"] == "password_too_short";
        assert!(is_known, "{whose} {body} is not in the document");
    }
}
