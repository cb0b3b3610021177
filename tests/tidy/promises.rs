//! Each promise of `tests/promises.md` names tests that there are.

use std::path::Path;

use crate::source::Source;
use crate::tree::{Finding, assert_none, root, text};

const PAGE: &str = "tests/promises.md";

/// What a row promises, and the tests that it names, each with its file.
struct Promise<'page> {
    line: usize,
    words: &'page str,
    tests: Vec<(&'page str, &'page str)>,
}

/// The rows of the page's tables: a promise, then files and the tests in them.
fn promises(page: &str) -> Vec<Promise<'_>> {
    let rows = page.lines().enumerate();
    rows.filter(|(_, line)| line.starts_with("| ") && !line.starts_with("| ---"))
        .filter(|(_, line)| !line.starts_with("| promise |"))
        .map(|(number, line)| {
            let mut cells = line.trim_matches('|').splitn(2, " | ");
            let words = cells.next().unwrap_or_default().trim();
            let mut file = "";
            let mut tests = Vec::new();
            for name in cells
                .next()
                .unwrap_or_default()
                .split('`')
                .skip(1)
                .step_by(2)
            {
                // Every file stands in one of two folders, and no test is called so.
                if name.starts_with("tests/") || name.starts_with("src/") {
                    file = name;
                } else {
                    tests.push((file, name));
                }
            }
            Promise {
                line: number + 1,
                words,
                tests,
            }
        })
        .collect()
}

/// Whether a file has this test: a function in Rust, a sentence in JavaScript, a function in a script that goes through them by name.
fn has_test(file: &str, source: &str, name: &str) -> bool {
    if Path::new(file).extension().is_none() {
        let mut called = source
            .lines()
            .filter(|line| line.starts_with("for part in "));
        return source.lines().any(|line| line == format!("{name}() {{"))
            && called.any(|line| line.contains(&format!(" {name}")));
    }
    if Path::new(file).extension().is_some_and(|end| end == "mjs") {
        return source.contains(&format!("test(\"{name}\""));
    }
    let source = Source::new("a.rs", source);
    let head = format!("fn {name}(");
    source.code.match_indices(&head).any(|(at, _)| {
        let before = source.code[..at]
            .trim_end()
            .trim_end_matches("async")
            .trim_end();
        let attributes = before.rsplit(['}', ';']).next().unwrap_or_default();
        attributes.contains("test")
    })
}

fn broken(page: &str, read: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for promise in promises(page) {
        let place = format!("{PAGE}:{}", promise.line);
        if promise.tests.is_empty() {
            findings.push(format!(
                "{place}: name a test that holds `{}`",
                promise.words
            ));
        }
        for (file, name) in promise.tests {
            let known = read(file).is_some_and(|source| has_test(file, &source, name));
            if !known {
                findings.push(format!("{place}: there is no test `{name}` in `{file}`"));
            }
        }
    }
    findings
}

#[test]
fn every_promise_names_tests_that_there_are() {
    let page = text(PAGE);
    assert!(promises(&page).len() > 40);
    assert_none(&broken(&page, |file| {
        std::fs::read_to_string(root().join(file)).ok()
    }));
}

#[test]
fn a_promise_without_a_test_is_found() {
    let source = "#[test]\nfn it_holds() {}\nfn holds() {}\n#[rocket::async_test]\nasync fn so_does_this() {}";
    let read = |file: &str| match file {
        "tests/a.rs" => Some(source.to_owned()),
        "tests/a" => Some("one() {\n}\ntwo() {\n}\nfor part in one three; do".to_owned()),
        "tests/a.mjs" => Some("t.test(\"it holds, too\", async () => {".to_owned()),
        _ => None,
    };
    let good = "| promise | held by |\n| --- | --- |\n| It holds. | `tests/a.rs`: `it_holds`, `so_does_this`; `tests/a.mjs`: `it holds, too`; `tests/a`: `one` |";
    assert!(broken(good, read).is_empty(), "{:?}", broken(good, read));
    for bad in [
        "| It holds. | one day |",
        "| It holds. | `tests/a.rs`: `it_held` |",
        "| It holds. | `tests/a.rs`: `holds` |",
        "| It holds. | `tests/b.rs`: `it_holds` |",
        "| It holds. | `tests/a.mjs`: `it holds` |",
        "| It holds. | `it_holds` |",
        "| It holds. | `tests/a`: `two` |",
        "| It holds. | `tests/a`: `three` |",
    ] {
        assert_eq!(broken(bad, read).len(), 1, "{bad}");
    }
}
