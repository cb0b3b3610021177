//! A URL stands whole in the head of the file that serves it, so that a search for it lands there; and in the README.

use crate::source::Source;
use crate::tree::{Finding, assert_none, library, text};

const METHODS: &[&str] = &["get", "post", "put", "patch", "delete", "head", "options"];

/// A route's method, its URL as documents write it (`/api/auth/sessions/{id}`), and the place of its attribute.
fn routes(source: &Source) -> Vec<(usize, String, String)> {
    let mut routes = Vec::new();
    for method in METHODS {
        let attribute = format!("#[{method}(\"");
        for at in source.code_matches(&attribute) {
            let begin = at + attribute.len();
            if let Some((_, url)) = source.literals().find(|(literal, _)| *literal == begin) {
                routes.push((at, method.to_uppercase(), as_written(url)));
            }
        }
    }
    routes
}

/// `<id>` is `{id}`, whatever the rest of a path may be is `*`, and a query is no part of it.
fn as_written(url: &str) -> String {
    let path = url.split('?').next().unwrap_or_default();
    path.replace("<_..>", "*")
        .replace('<', "{")
        .replace('>', "}")
}

fn hidden(source: &Source) -> Vec<Finding> {
    let header = source.header();
    let says = |url: &str| {
        [' ', '`']
            .iter()
            .any(|before| header.contains(&format!("{before}{url}`")))
    };
    routes(source)
        .into_iter()
        .filter(|(_, _, url)| !says(url))
        .map(|(at, method, url)| {
            format!(
                "{}: write `{method} {url}` whole into the first lines (//!) of this file",
                source.place(at)
            )
        })
        .collect()
}

/// Routes of features that the README's table of endpoints leaves out.
fn undocumented(source: &Source, readme: &str) -> Vec<Finding> {
    if !source.path.starts_with("src/features/") {
        return Vec::new();
    }
    let rows: Vec<&str> = readme
        .lines()
        .filter(|line| line.starts_with("| "))
        .collect();
    routes(source)
        .into_iter()
        .filter(|(_, method, url)| {
            let url = format!("`{url}`");
            !rows
                .iter()
                .any(|row| row.contains(&url) && row.contains(method.as_str()))
        })
        .map(|(at, method, url)| {
            format!(
                "{}: {method} {url} has no row in README.md",
                source.place(at)
            )
        })
        .collect()
}

#[test]
fn a_search_for_a_url_lands_on_its_file() {
    let findings: Vec<Finding> = library().iter().flat_map(hidden).collect();
    assert_none(&findings);
}

#[test]
fn the_readme_has_a_row_for_every_endpoint() {
    let readme = text("README.md");
    let findings: Vec<Finding> = library()
        .iter()
        .flat_map(|source| undocumented(source, &readme))
        .collect();
    assert_none(&findings);
}

#[test]
fn the_sources_have_the_routes_that_everybody_knows() {
    let all: Vec<String> = library()
        .iter()
        .flat_map(routes)
        .map(|(_, method, url)| format!("{method} {url}"))
        .collect();
    for known in [
        "POST /api/auth/refresh",
        "DELETE /api/auth/sessions/{id}",
        "GET /",
    ] {
        assert!(
            all.iter().any(|route| route == known),
            "{known} among {all:?}"
        );
    }
}

#[test]
fn a_hidden_url_is_found() {
    let bad = "//! `GET /a`: all of them.\n#[get(\"/a/<id>?<page>\")]\nfn a() {}";
    assert_eq!(hidden(&Source::new("src/features/a/b.rs", bad)).len(), 1);
    let good = "//! `GET /a/{id}`: one of them.\n#[get(\"/a/<id>?<page>\")]\nfn a() {}";
    assert!(hidden(&Source::new("src/features/a/b.rs", good)).is_empty());
}

#[test]
fn an_endpoint_without_a_row_is_found() {
    let source = Source::new(
        "src/features/a/b.rs",
        "#[post(\"/api/a\", data = \"<body>\")]",
    );
    assert_eq!(
        undocumented(&source, "| `GET` | `/api/a` |\nPOST `/api/a`").len(),
        1
    );
    assert!(undocumented(&source, "| `POST` | `/api/a` |").is_empty());
}
