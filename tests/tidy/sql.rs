//! Where SQL stands, and that it is never put together from pieces.

use crate::source::Source;
use crate::tree::{Finding, assert_none, files, library};

/// Files outside `src/store/` and other than `store.rs` that hold SQL, each with its reason.
const ALSO_HOLD_SQL: &[(&str, &str)] = &[
    (
        "src/hub/keys.rs",
        "which keys the database knows is the Hub's own question, not a feature's",
    ),
    (
        "src/features/health/readyz.rs",
        "the probe is one statement and has no rules",
    ),
    (
        "src/features/sessions/lineage.rs",
        "the lineage is a store of its own beside the sessions",
    ),
];

/// How a statement begins. SQL is written in upper case, so prose does not look like it.
const BEGINNINGS: &[&str] = &[
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "WITH",
    "CREATE",
    "DROP",
    "ALTER",
    "PRAGMA",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "VACUUM",
];

/// Tables that belong to features.
const FEATURE_TABLES: &[&str] = &[
    "users",
    "sessions",
    "lineage",
    "user_agents",
    "second_factors",
    "recovery_codes",
    "failed_attempts",
    "known_networks",
    "revocations",
    "service_accounts",
    "webhooks",
    "webhook_kinds",
    "webhook_deliveries",
];

fn is_sql(literal: &str) -> bool {
    let first = literal.trim_start().split([' ', '\n', ';']).next();
    first.is_some_and(|word| BEGINNINGS.contains(&word)) && literal.trim().contains(' ')
}

fn holds_sql(source: &Source) -> bool {
    source.literals().any(|(_, literal)| is_sql(literal))
}

fn may_hold_sql(path: &str) -> bool {
    path.starts_with("src/store/")
        || path.ends_with("/store.rs")
        // A store that has outgrown its file is a folder.
        || path.contains("/store/")
        || ALSO_HOLD_SQL.iter().any(|(file, _)| *file == path)
}

/// SQL outside its homes.
fn stray(source: &Source) -> Vec<Finding> {
    if may_hold_sql(&source.path) {
        return Vec::new();
    }
    let found = source.literals().filter(|(_, literal)| is_sql(literal));
    found
        .map(|(at, _)| {
            format!(
                "{}: move this SQL to the feature's store.rs",
                source.place(at)
            )
        })
        .collect()
}

/// Tables of features named by the store, which must not know them.
fn store_knows_features(source: &Source) -> Vec<Finding> {
    if !source.path.starts_with("src/store/") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (at, literal) in source.literals().filter(|(_, literal)| is_sql(literal)) {
        let words = literal.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        for table in words.filter(|word| FEATURE_TABLES.contains(word)) {
            findings.push(format!(
                "{}: src/store/ must not name the table {table}; its SQL stands in the feature's store.rs",
                source.place(at)
            ));
        }
    }
    findings
}

/// SQL with holes that are filled as text instead of being bound.
fn put_together(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, literal) in source.literals().filter(|(_, literal)| is_sql(literal)) {
        let before = source.code[..at.saturating_sub(1)].trim_end();
        let after = source.code[at + literal.len()..]
            .trim_start_matches('"')
            .trim_start();
        // Not `concat!`: it takes literals alone and is done when the program is compiled.
        let pasted = ["format!(", "format_args!(", "push_str("]
            .iter()
            .any(|call| before.ends_with(call))
            || after.starts_with('+')
            || ["write!(", "writeln!("].iter().any(|call| {
                let line = before
                    .rfind('\n')
                    .map_or(before, |newline| &before[newline..]);
                line.contains(call)
            });
        if pasted {
            findings.push(format!(
                "{}: SQL is one whole text; bind values as $1, $2 …",
                source.place(at)
            ));
        }
        if literal.contains("datetime(") || literal.contains('?') {
            findings.push(format!(
                "{}: write parameters as $1 and times as integers: the part of SQL that two engines share",
                source.place(at)
            ));
        }
    }
    findings
}

#[test]
fn sql_stands_in_stores_only() {
    let findings: Vec<Finding> = library().iter().flat_map(stray).collect();
    assert_none(&findings);
}

#[test]
fn every_exception_still_holds_sql() {
    for (file, reason) in ALSO_HOLD_SQL {
        let source = files(&[file], &[".rs"]).remove(0);
        assert!(
            holds_sql(&source),
            "{file}: take it off the list ({reason})"
        );
    }
}

#[test]
fn the_store_names_no_table_of_a_feature() {
    let findings: Vec<Finding> = library().iter().flat_map(store_knows_features).collect();
    assert_none(&findings);
}

#[test]
fn sql_is_never_put_together() {
    let findings: Vec<Finding> = library().iter().flat_map(put_together).collect();
    assert_none(&findings);
}

#[test]
fn stray_sql_is_found() {
    let text = "fn a() { tx.execute(\"\n  UPDATE users SET a = $1\") }";
    for path in [
        "src/features/users/edit.rs",
        "src/http/a.rs",
        "src/cli/a.rs",
    ] {
        assert_eq!(stray(&Source::new(path, text)).len(), 1, "{path}");
    }
    for path in [
        "src/features/users/store.rs",
        "src/features/users/store/list.rs",
        "src/store/a.rs",
    ] {
        assert!(stray(&Source::new(path, text)).is_empty(), "{path}");
    }
    let prose = "const A: &str = \"DELETE\"; const B: &str = \"Select one\"; // SELECT a FROM b";
    assert!(stray(&Source::new("src/http/a.rs", prose)).is_empty());
}

#[test]
fn a_store_that_knows_a_feature_is_found() {
    let text =
        "const A: &str = \"SELECT id FROM sessions s\"; const B: &str = \"SELECT id FROM audit\";";
    assert_eq!(
        store_knows_features(&Source::new("src/store/a.rs", text)).len(),
        1
    );
    assert!(store_knows_features(&Source::new("src/features/a/store.rs", text)).is_empty());
}

#[test]
fn sql_from_pieces_is_found() {
    for text in [
        "format!(\"SELECT a FROM b ORDER BY {c}\")",
        "let a = \"SELECT a FROM b \".to_owned() ; let b = \"SELECT a \" + c;",
        "write!(sql, \"SELECT a FROM {b}\")",
        "sql.push_str(\n  \"SELECT a FROM b\")",
        "tx.one(\"SELECT a FROM b WHERE c = ?\")",
        "tx.one(\"SELECT datetime('now') AS a\")",
    ] {
        let source = Source::new("src/features/a/store.rs", text);
        assert_eq!(put_together(&source).len(), 1, "{text}");
    }
    let whole = Source::new(
        "src/features/a/store.rs",
        "tx.one(\"SELECT a FROM b WHERE c = $1\")",
    );
    assert!(put_together(&whole).is_empty());
}
