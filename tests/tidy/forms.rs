//! The form of a file: its head, its length, and the shortcuts that no file takes.

use crate::source::Source;
use crate::tree::{Finding, assert_none, files, library, rust};

/// A file that is longer does more than its name says.
const MAX_LINES: usize = 400;

fn too_long(source: &Source) -> Vec<Finding> {
    let lines = source.text.lines().count();
    let finding = format!(
        "{}:{lines}: more than {MAX_LINES} lines; split it by action, and name each part after what it does",
        source.path
    );
    (lines > MAX_LINES).then_some(finding).into_iter().collect()
}

fn without_purpose(source: &Source) -> Vec<Finding> {
    let first = source.text.lines().next().unwrap_or_default();
    let says = first
        .strip_prefix("//! ")
        .is_some_and(|purpose| purpose.len() > 10);
    let finding = format!(
        "{}:1: begin with `//! ` and the file's purpose in one line",
        source.path
    );
    (!says).then_some(finding).into_iter().collect()
}

/// What no file of the library does, and what to do instead.
const SHORTCUTS: &[(&str, &str)] = &[
    (
        ".unwrap()",
        "handle it: `?`, `let … else`, or a variant of the feature's error",
    ),
    (
        ".expect(",
        "handle it: `?`, `let … else`, or a variant of the feature's error",
    ),
    ("panic!(", "return an error"),
    ("todo!(", "write it, or leave it out"),
    ("unimplemented!(", "write it, or leave it out"),
    ("dbg!(", "use tracing, and never with a secret"),
];

/// What no file of the project does, tests included.
const NOWHERE: &[(&str, &str)] = &[
    ("#[allow(", "use `#[expect(…, reason = \"…\")]`"),
    ("#![allow(", "use `#![expect(…, reason = \"…\")]`"),
    (
        "#[ignore",
        "a test that skips itself promises nothing: make it run, or remove it",
    ),
    ("::*;", "name what is imported"),
];

fn shortcuts(source: &Source) -> Vec<Finding> {
    let end = source.tests_begin();
    let in_library = |at: &usize| source.path.starts_with("src/") && *at < end;
    let mut findings = Vec::new();
    for (shortcut, mend) in SHORTCUTS {
        for at in source.code_matches(shortcut).filter(in_library) {
            findings.push(format!("{}: `{shortcut}`: {mend}", source.place(at)));
        }
    }
    for (shortcut, mend) in NOWHERE {
        for at in source.code_matches(shortcut) {
            findings.push(format!("{}: `{shortcut}`: {mend}", source.place(at)));
        }
    }
    for (at, _) in source.words().filter(|(_, word)| *word == "unsafe") {
        findings.push(format!("{}: no unsafe code", source.place(at)));
    }
    findings
}

/// What editors and patches leave behind.
const LEFT_BEHIND: &[&str] = &[".orig", ".rej", ".bak", "~"];

#[test]
fn nothing_is_left_behind_by_an_editor_or_a_patch() {
    let places = [
        "src",
        "tests",
        "benches",
        "migrations",
        "static",
        "templates",
    ];
    let findings: Vec<Finding> = files(&places, &[""])
        .iter()
        .filter(|file| LEFT_BEHIND.iter().any(|end| file.path.ends_with(end)))
        .map(|file| format!("{}: remove it", file.path))
        .collect();
    assert_none(&findings);
}

#[test]
fn no_file_has_more_than_400_lines() {
    let findings: Vec<Finding> = rust().iter().flat_map(too_long).collect();
    assert_none(&findings);
}

#[test]
fn every_file_begins_with_its_purpose() {
    let findings: Vec<Finding> = rust().iter().flat_map(without_purpose).collect();
    assert_none(&findings);
}

#[test]
fn no_file_takes_a_shortcut() {
    let findings: Vec<Finding> = rust().iter().flat_map(shortcuts).collect();
    assert_none(&findings);
}

#[test]
fn unit_tests_stand_last() {
    for source in library() {
        let after = &source.code[source.tests_begin()..];
        // A brace in the first column, and then nothing: the module of tests was the last thing.
        let last = after.rfind("\n}").map_or("", |at| &after[at + 2..]);
        let modules = after.matches("#[cfg(test)]").count();
        assert!(
            last.trim().is_empty() && modules <= 1,
            "{}: move the tests to the end",
            source.path
        );
    }
}

#[test]
fn a_file_that_is_too_long_or_has_no_purpose_is_found() {
    let fits = format!("//! A purpose in one line.\n{}", "\n".repeat(MAX_LINES - 1));
    assert!(too_long(&Source::new("src/a.rs", &fits)).is_empty());
    assert_eq!(
        too_long(&Source::new("src/a.rs", &(fits.clone() + "\n"))).len(),
        1
    );
    assert!(without_purpose(&Source::new("src/a.rs", &fits)).is_empty());
    for bad in [
        "",
        "// A purpose in one line.",
        "//! x",
        "use a::b;\n//! A purpose in one line.",
    ] {
        assert_eq!(
            without_purpose(&Source::new("src/a.rs", bad)).len(),
            1,
            "{bad:?}"
        );
    }
}

#[test]
fn shortcuts_are_found() {
    for bad in [
        "let a = b.unwrap();",
        "let a = b.expect(\"c\");",
        "panic!(\"a\");",
        "#[allow(dead_code)] fn a() {}",
        "unsafe { a() }",
        "use a::b::*;",
        "#[ignore = \"slow\"] fn a() {}",
    ] {
        assert_eq!(shortcuts(&Source::new("src/a.rs", bad)).len(), 1, "{bad}");
    }
    let fine = "// unsafe .unwrap()\nlet a = b.unwrap_or(\"panic!(\");\n#[cfg(test)]\nmod tests { fn a() { b.unwrap(); } }";
    assert!(shortcuts(&Source::new("src/a.rs", fine)).is_empty());
    assert!(shortcuts(&Source::new("tests/a.rs", "a.unwrap();")).is_empty());
}
