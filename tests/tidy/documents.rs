//! What the documents say of the project is so.

use crate::tree::text;

/// The direct dependencies: the names in the tables of `Cargo.toml` that list them.
fn direct(manifest: &str) -> Vec<&str> {
    let mut listed = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            listed = ["[dependencies]", "[dev-dependencies]"].contains(&line.trim());
        } else if listed
            && !line.starts_with('#')
            && let Some((name, _)) = line.split_once(" = ")
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// How many crates the lock file names beside the project itself.
fn locked(lock: &str) -> usize {
    lock.lines().filter(|line| *line == "[[package]]").count() - 1
}

/// The number in `**315 crates**`.
fn told(contributing: &str) -> Option<usize> {
    let (before, _) = contributing.split_once(" crates**")?;
    before.rsplit("**").next()?.parse().ok()
}

/// Direct dependencies without a row in the table.
fn without_row<'a>(names: &[&'a str], contributing: &str) -> Vec<&'a str> {
    let has_row = |name: &str| {
        let cell = format!("`{name}`");
        let mut rows = contributing.lines().filter(|line| line.starts_with("| "));
        rows.any(|row| {
            row.split('|')
                .nth(1)
                .is_some_and(|first| first.contains(&cell))
        })
    };
    names
        .iter()
        .copied()
        .filter(|name| !has_row(name))
        .collect()
}

#[test]
fn every_direct_dependency_says_what_it_is_for() {
    let manifest = text("Cargo.toml");
    let names = direct(&manifest);
    assert!(
        names.contains(&"rocket") && names.contains(&"tempfile"),
        "{names:?}"
    );
    let missing = without_row(&names, &text("CONTRIBUTING.md"));
    assert!(
        missing.is_empty(),
        "CONTRIBUTING.md: add a row for each of {missing:?}"
    );
}

#[test]
fn the_number_of_crates_is_the_one_that_is_told() {
    let count = locked(&text("Cargo.lock"));
    let told = told(&text("CONTRIBUTING.md"));
    assert_eq!(
        told,
        Some(count),
        "CONTRIBUTING.md: write **{count} crates**"
    );
}

/// Entries of `.deny.toml` that name an advisory, but one version where a range is meant: `crate@<1` would match nothing.
fn bans_of_one_version(settings: &str) -> Vec<&str> {
    settings
        .lines()
        .filter(|line| line.contains("reason = \"RUSTSEC") || line.contains("reason = \"CVE"))
        .filter(|line| line.contains('@'))
        .collect()
}

#[test]
fn each_ban_of_vulnerable_versions_is_a_range() {
    let settings = text(".deny.toml");
    assert!(settings.contains("jsonwebtoken:<10.3.0"));
    assert_eq!(bans_of_one_version(&settings), Vec::<&str>::new());
    let wrong = "{ crate = \"a@<1\", reason = \"CVE-1\" }";
    assert_eq!(bans_of_one_version(wrong), [wrong]);
}

#[test]
fn a_dependency_that_nobody_explains_is_found() {
    let manifest = "[package]\nname = \"a\"\n[dependencies]\n# why\nb = \"1\"\nc = { version = \"1\" }\n[lints.rust]\nd = \"e\"";
    assert_eq!(direct(manifest), ["b", "c"]);
    assert_eq!(without_row(&["b", "c"], "| `b` | this |\n`c`"), ["c"]);
}

#[test]
fn a_wrong_number_of_crates_is_found() {
    assert_eq!(
        locked("[[package]]\nname = \"a\"\n[[package]]\nname = \"b\""),
        1
    );
    assert_eq!(told("There are **12 crates** in it."), Some(12));
    assert_eq!(told("There are many."), None);
}
