//! Every door out of a secret is known: what calls `reveal` stands in `doors.txt`, and nothing that wipes its memory prints it.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Source;
use crate::tree::{Finding, assert_none, library, text};

/// The list: a file and how many doors it opens.
const LIST: &str = "tests/tidy/doors.txt";
/// How a door is called, the last as a value: `map(RecoveryCode::reveal)`.
const DOORS: [&str; 3] = [".reveal()", ".reveal_line()", "::reveal)"];

/// How many doors a file opens outside its unit tests.
fn doors(source: &Source) -> usize {
    let end = source.tests_begin();
    let calls = DOORS.iter().flat_map(|door| source.code_matches(door));
    calls.filter(|at| *at < end).count()
}

/// What the list says.
fn listed(list: &str) -> BTreeMap<String, usize> {
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (count, path) = line.split_once(' ').expect("a count and a file");
            (path.to_owned(), count.parse().expect("a count"))
        })
        .collect()
}

fn differing(sources: &[Source], list: &str) -> Vec<Finding> {
    let listed = listed(list);
    let opened: BTreeMap<String, usize> = sources
        .iter()
        .map(|source| (source.path.clone(), doors(source)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let paths: BTreeSet<&String> = listed.keys().chain(opened.keys()).collect();
    let mut findings = Vec::new();
    for path in paths {
        let known = listed.get(path).copied().unwrap_or(0);
        let found = opened.get(path).copied().unwrap_or(0);
        if known != found {
            findings.push(format!(
                "{path}: lets a secret out at {found} places, {LIST} knows of {known}; see where each of them goes, then write `{found} {path}` there"
            ));
        }
    }
    findings
}

/// Types with something in them that is wiped after use, whose `Debug` is derived and so prints it.
fn printed(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut derives_debug = false;
    let mut holds = false;
    let mut at = 0;
    for line in source.code.lines() {
        let word = line.trim_start();
        if word.starts_with("#[derive(") {
            derives_debug = word.contains("Debug");
        } else if word.contains("struct ") || word.contains("enum ") {
            holds = derives_debug;
            derives_debug = false;
        }
        if holds && word.contains("Zeroizing<") {
            findings.push(format!(
                "{}: `Debug` prints what is wiped after use; write it by hand, and say `redacted`",
                source.place(at)
            ));
        }
        if line.starts_with('}') || (line.ends_with(';') && !line.starts_with(' ')) {
            holds = false;
        }
        at += line.len() + 1;
    }
    findings
}

#[test]
fn every_door_out_of_a_secret_is_known() {
    assert_none(&differing(&library(), &text(LIST)));
}

#[test]
fn nothing_that_wipes_its_memory_prints_it() {
    let findings: Vec<Finding> = library().iter().flat_map(printed).collect();
    assert_none(&findings);
}

#[test]
fn a_new_door_and_a_closed_one_are_found() {
    let source = Source::new(
        "src/a.rs",
        "fn a() { b(c.reveal()); d.map(Code::reveal); } // e.reveal()\n#[cfg(test)]\nmod tests { fn f() { g.reveal(); } }",
    );
    assert_eq!(doors(&source), 2);
    let found = |list: &str| differing(&[Source::new("src/a.rs", &source.text)], list).len();
    assert_eq!(found("# why\n2 src/a.rs"), 0);
    assert_eq!(found("1 src/a.rs"), 1);
    assert_eq!(found(""), 1);
    assert_eq!(found("2 src/a.rs\n1 src/b.rs"), 1);
}

#[test]
fn a_type_that_prints_what_it_wipes_is_found() {
    for bad in [
        "#[derive(Clone, Debug)]\npub struct A(Zeroizing<String>);",
        "#[derive(Debug)]\nstruct A {\n    a: u8,\n    b: Option<Zeroizing<String>>,\n}",
        "#[derive(Debug)]\nenum A {\n    B(Zeroizing<String>),\n}",
    ] {
        assert_eq!(printed(&Source::new("src/a.rs", bad)).len(), 1, "{bad}");
    }
    for good in [
        "#[derive(Clone)]\npub struct A(Zeroizing<String>);",
        "#[derive(Debug)]\npub struct A(u8);\n\nfn b() -> Zeroizing<String> {\n    c()\n}",
        "#[derive(Debug)]\npub struct A {\n    a: u8,\n}\n\npub struct B(Zeroizing<String>);",
    ] {
        assert!(printed(&Source::new("src/a.rs", good)).is_empty(), "{good}");
    }
}
