//! Who may name whom: `types ← store, crypto, config ← hub ← http ← features ← front ← cli`, and the order among features.

use crate::source::Source;
use crate::tree::{Finding, assert_none, library};

/// Each folder and the folders it may name. The front door stands on pages and values only: it hands requests on without knowing them.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("store", &["types"]),
    ("crypto", &["types"]),
    ("config", &["types"]),
    ("hub", &["types", "store", "crypto", "config"]),
    ("http", &["types", "store", "crypto", "config", "hub"]),
    (
        "features",
        &["types", "store", "crypto", "config", "hub", "http"],
    ),
    ("front", &["types", "http"]),
    (
        "cli",
        &[
            "types",
            "store",
            "crypto",
            "config",
            "hub",
            "http",
            "features",
            "front",
            "build",
            "build_metrics",
        ],
    ),
];

/// Among features: these have an order, and all others may name them but not one another.
const FEATURES: &[(&str, &[&str])] = &[
    ("passwords", &[]),
    ("attempts", &[]),
    ("users", &["passwords"]),
    ("sessions", &["attempts", "users", "passwords"]),
    (
        "revocations",
        &["sessions", "attempts", "users", "passwords"],
    ),
    ("webhooks", &["sessions", "attempts", "users", "passwords"]),
    (
        "second_factors",
        &["sessions", "attempts", "users", "passwords"],
    ),
    (
        "browser",
        &[
            "second_factors",
            "sessions",
            "attempts",
            "users",
            "passwords",
        ],
    ),
];

/// What a pure feature may name outside itself.
const PURE: &[(&str, &[&str])] = &[("passwords", &["types"])];

/// Arrows that turn round.
fn turned_round(source: &Source) -> Vec<Finding> {
    let mut findings = out_of_the_folder(source);
    let segments: Vec<&str> = source.path.split(['/', '.']).collect();
    // `lib.rs` and `main.rs` put everything together.
    let Some((home, allowed)) = MAY_NAME.iter().find(|(name, _)| segments[1] == *name) else {
        return findings;
    };
    for (at, path) in crate_paths(source) {
        let named = path[0].as_str();
        if named != *home && !allowed.contains(&named) {
            findings.push(format!(
                "{}: {home} must not name {named}; move what both need to a folder that stands lower",
                source.place(at)
            ));
        }
        if *home == "features" {
            findings.extend(among_features(source, at, segments[2], &path));
        }
    }
    findings
}

fn among_features(source: &Source, at: usize, home: &str, path: &[String]) -> Option<Finding> {
    let place = source.place(at);
    if path[0] != "features" {
        let (_, allowed) = PURE.iter().find(|(pure, _)| *pure == home)?;
        return (!allowed.contains(&path[0].as_str())).then(|| {
            format!(
                "{place}: {home} is pure and must not name {}; pass it in",
                path[0]
            )
        });
    }
    let named = path.get(1)?.as_str();
    if named == home || home == "mod" {
        return None;
    }
    let ordered = FEATURES.iter().find(|(feature, _)| *feature == home);
    let allowed = match ordered {
        Some((_, allowed)) => allowed.contains(&named),
        None => FEATURES.iter().any(|(feature, _)| *feature == named),
    };
    (!allowed).then(|| {
        format!(
            "{place}: features/{home} must not name features/{named}; attempts, users ← sessions ← revocations, webhooks, second_factors ← browser ← the rest"
        )
    })
}

/// `super` that leaves a folder would be an arrow that nobody sees.
fn out_of_the_folder(source: &Source) -> Vec<Finding> {
    let is_folder = source.path.ends_with("/mod.rs") && source.path.split('/').count() == 3;
    let from_folder = |at: &usize| is_folder && source.text[..*at].ends_with("\nuse ");
    let hidden = source
        .code_matches("super::super")
        .chain(source.code_matches("super::").filter(from_folder));
    hidden
        .map(|at| format!("{}: write the whole path from `crate::`", source.place(at)))
        .collect()
}

/// Every path from `crate::` as its first two segments; of `crate::{a, b::c}` and `crate::a::{b, c}` each.
fn crate_paths(source: &Source) -> Vec<(usize, Vec<String>)> {
    let mut paths = Vec::new();
    for at in source.code_matches("crate::") {
        let rest = &source.code[at + "crate::".len()..];
        let statement = &rest[..rest.find(';').unwrap_or(rest.len())];
        let end = statement.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        let (plain, group) = statement.split_at(end.unwrap_or(statement.len()));
        let segments: Vec<String> = plain
            .split("::")
            .filter(|segment| !segment.is_empty())
            .take(2)
            .map(str::to_owned)
            .collect();
        if group.starts_with('{') && segments.len() < 2 {
            for member in group_members(group) {
                let path = segments.iter().cloned().chain([member.to_owned()]);
                paths.push((at, path.collect()));
            }
        } else if !segments.is_empty() {
            paths.push((at, segments));
        }
    }
    paths
}

/// The first word of each member of `{a, b::c, d::{e, f}}`.
fn group_members(group: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    let members = group.split(move |c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth <= 1 && matches!(c, '{' | ',' | '}')
    });
    members
        .map(|member| member.split("::").next().unwrap_or_default().trim())
        .filter(|member| !member.is_empty())
}

/// A feature's rules are pure: they know neither the web nor the database.
fn impure_model(source: &Source) -> Vec<Finding> {
    if !source.path.ends_with("/model.rs") {
        return Vec::new();
    }
    source
        .words()
        .filter(|(_, word)| ["rocket", "rusqlite"].contains(word))
        .map(|(at, word)| {
            format!(
                "{}: model.rs must not name {word}; take plain values and give plain values",
                source.place(at)
            )
        })
        .collect()
}

#[test]
fn arrows_never_turn_round() {
    let findings: Vec<Finding> = library().iter().flat_map(turned_round).collect();
    assert_none(&findings);
}

#[test]
fn models_are_pure() {
    let findings: Vec<Finding> = library().iter().flat_map(impure_model).collect();
    assert_none(&findings);
}

#[test]
fn an_arrow_that_turns_round_is_found() {
    for (path, text) in [
        ("src/store/a.rs", "use crate::hub::Hub;"),
        ("src/types/a.rs", "fn a() { crate::store::b() }"),
        ("src/hub.rs", "use crate::http::problem::ApiError;"),
        ("src/config/a.rs", "use crate::{types::ids, crypto};"),
        ("src/front/a.rs", "use crate::features::users;"),
        (
            "src/http/a.rs",
            "use crate::{\n    hub::Hub,\n    front::{Limits, serve},\n};",
        ),
        (
            "src/features/users/a.rs",
            "use crate::features::sessions::model;",
        ),
        (
            "src/features/users/a.rs",
            "use crate::features::{passwords, sessions};",
        ),
        (
            "src/features/account/a.rs",
            "use crate::features::admin::users::x;",
        ),
        ("src/features/passwords/a.rs", "use crate::hub::Hub;"),
        ("src/store/a.rs", "use super::super::hub::Hub;"),
        ("src/store/mod.rs", "//! x\nuse super::hub::Hub;"),
    ] {
        assert_eq!(
            turned_round(&Source::new(path, text)).len(),
            1,
            "{path}: {text}"
        );
    }
}

#[test]
fn an_arrow_that_points_down_passes() {
    for (path, text) in [
        ("src/lib.rs", "use crate::cli::run;"),
        ("src/hub.rs", "use crate::store::{Change, Tx};"),
        (
            "src/cli/a.rs",
            "use crate::features::{users, sessions}; fn a() { crate::build(hub) }",
        ),
        (
            "src/features/account/a.rs",
            "use crate::features::sessions::model;",
        ),
        ("src/features/mod.rs", "use crate::features::users;"),
        (
            "src/store/a.rs",
            "// crate::hub\nconst A: &str = \"crate::hub\";",
        ),
    ] {
        assert_eq!(
            turned_round(&Source::new(path, text)),
            Vec::<String>::new(),
            "{path}"
        );
    }
}

#[test]
fn a_model_that_knows_the_database_is_found() {
    let source = Source::new(
        "src/features/a/model.rs",
        "use rusqlite::Row;\nuse rocket::get;",
    );
    assert_eq!(impure_model(&source).len(), 2);
    let elsewhere = Source::new("src/features/a/store.rs", "use rusqlite::Row;");
    assert!(impure_model(&elsewhere).is_empty());
}
