//! Every route for programs stands in the document, and nothing else does.

use std::collections::BTreeSet;

use rocket::http::Method;

use crate::docs::documented::{DOCUMENT, is_for_programs, resolved};
use crate::stage::Stage;

/// Method and path of every operation.
fn documented() -> BTreeSet<(String, String)> {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let mut documented = BTreeSet::new();
    for (path, item) in paths {
        for method in item.as_object().expect("methods").keys() {
            documented.insert((method.to_uppercase(), path.clone()));
        }
    }
    documented
}

#[rocket::async_test]
async fn every_route_for_programs_stands_in_the_document_and_nothing_else_does() {
    let stage = Stage::new().await;
    let routed: BTreeSet<(String, String)> = stage
        .routes()
        .into_iter()
        .filter(|(method, pattern)| is_for_programs(*method, pattern))
        .map(|(method, pattern)| {
            let path = pattern.replace('<', "{").replace('>', "}");
            (method.to_string(), path)
        })
        .collect();
    let documented = documented();
    let missing: Vec<_> = routed.difference(&documented).collect();
    let gone: Vec<_> = documented.difference(&routed).collect();
    assert!(
        missing.is_empty(),
        "describe them with #[utoipa::path] at their handlers, and name those in `Api` in the mod.rs of their feature: {missing:?}"
    );
    assert!(gone.is_empty(), "no route answers these: {gone:?}");
    assert!(routed.len() > 15, "{routed:?}");
}

#[test]
fn every_operation_is_described_and_says_whom_it_lets_in() {
    let groups: BTreeSet<&str> = DOCUMENT["tags"]
        .as_array()
        .expect("tags")
        .iter()
        .filter_map(|tag| tag["name"].as_str())
        .collect();
    let mut ids = BTreeSet::new();
    for item in DOCUMENT["paths"].as_object().expect("paths").values() {
        for operation in item.as_object().expect("methods").values() {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(ids.insert(id), "{id} stands there twice");
            for text in ["summary", "description"] {
                assert!(
                    operation[text].as_str().is_some_and(|text| text.len() > 5),
                    "{id}"
                );
            }
            let tags = operation["tags"].as_array().expect(id);
            assert!(
                tags.iter()
                    .all(|tag| groups.contains(tag.as_str().expect(id))),
                "{id}"
            );
            // Whoever asks for a token says so in both places.
            let asks = operation["security"].is_array();
            assert_eq!(asks, is_refused_without(operation), "{id}");
        }
    }
}

/// Whether an operation answers 401 for want of a token.
fn is_refused_without(operation: &'static serde_json::Value) -> bool {
    let refused = resolved(&operation["responses"]["401"]);
    !refused["content"]["application/json"]["examples"]["authorization_required"].is_null()
}

#[test]
fn a_route_for_programs_is_told_from_a_page() {
    assert!(is_for_programs(Method::Get, "/api/status"));
    assert!(is_for_programs(Method::Get, "/readyz"));
    assert!(!is_for_programs(Method::Options, "/api/<_..>"));
    assert!(!is_for_programs(Method::Get, "/admin"));
}
