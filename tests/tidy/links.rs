//! Links between the documents lead somewhere: to a file that is there, and to a heading that it has.

use crate::source::Source;
use crate::tree::{Finding, assert_none, files, root};

/// Where documents stand.
const PLACES: &[&str] = &[
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs",
    "contrib",
    "clients",
    "src",
    "tests",
];

/// The lines of a document with its code taken out, so that each line keeps its number.
fn prose(text: &str) -> Vec<String> {
    let mut fence: Option<&str> = None;
    text.lines()
        .map(|line| {
            let start = line.trim_start();
            let marks = ["```", "~~~"].into_iter().find(|m| start.starts_with(m));
            match (fence, marks) {
                (None, Some(_)) => fence = marks,
                (Some(open), Some(close)) if open == close => fence = None,
                (None, None) => {
                    let pieces: Vec<&str> = line.split('`').collect();
                    // Between two backticks stands code. A single one belongs to another line.
                    return if pieces.len() % 2 == 1 {
                        pieces.into_iter().step_by(2).collect::<Vec<_>>().join("`")
                    } else {
                        line.to_owned()
                    };
                }
                _ => {}
            }
            String::new()
        })
        .collect()
}

/// Where the links of a line lead, and its pictures stand.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let marks = [
        ("](", ')'),
        ("href=\"", '"'),
        ("src=\"", '"'),
        ("srcset=\"", '"'),
    ];
    marks.into_iter().flat_map(move |(begin, end)| {
        line.split(begin)
            .skip(1)
            .filter_map(move |rest| rest.split_once(end))
            .map(|(target, _)| target)
    })
}

/// The names that links give to the headings of a document: small letters, digits and hyphens, a number where one is there twice.
fn anchors(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    // Code in a heading counts as its words, so the line itself is read: what is within a fence has no prose.
    for (line, kept) in text.lines().zip(prose(text)) {
        let rank = line.chars().take_while(|c| *c == '#').count();
        if kept.is_empty() || !(1..=6).contains(&rank) || !line[rank..].starts_with(' ') {
            continue;
        }
        let name: String = line[rank..]
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        let same = found.iter().filter(|other| **other == name).count();
        found.push(if same == 0 {
            name
        } else {
            format!("{name}-{same}")
        });
    }
    found
}

/// Links of a document that lead nowhere. `there` is the text of another document by its path from the root, or none where nothing stands.
fn dead(source: &Source, there: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in prose(&source.text).iter().enumerate() {
        for target in targets(line) {
            if target.contains(':') {
                continue;
            }
            let (path, anchor) = match target.split_once('#') {
                Some((path, anchor)) => (path, Some(anchor)),
                None => (target, None),
            };
            let path = if path.is_empty() {
                source.path.clone()
            } else {
                beside(&source.path, path)
            };
            let text = if path.starts_with("..") {
                None
            } else {
                there(&path)
            };
            let what = match (text, anchor) {
                (None, _) => format!("{path} is not there"),
                (Some(text), Some(anchor)) if !anchors(&text).iter().any(|a| a == anchor) => {
                    format!("{path} has no heading #{anchor}")
                }
                _ => continue,
            };
            findings.push(format!("{}:{}: {what}", source.path, number + 1));
        }
    }
    findings
}

/// A path that is told from where a document stands, from the root.
fn beside(document: &str, path: &str) -> String {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in path.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let documents = files(PLACES, &[".md"]);
    assert!(documents.iter().any(|one| one.path == "docs/moving.md"));
    let there = |path: &str| {
        let place = root().join(path);
        // Of a folder or a picture nobody asks for a heading.
        place
            .exists()
            .then(|| std::fs::read_to_string(place).unwrap_or_default())
    };
    let findings: Vec<Finding> = documents.iter().flat_map(|one| dead(one, there)).collect();
    assert_none(&findings);
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let there = |path: &str| match path {
        "README.md" => {
            Some("# The Hub\n```sh\n# not this\n```\n## Twice, `told`\n## Twice, told\n".to_owned())
        }
        "docs" | "docs/a.md" => Some(String::new()),
        _ => None,
    };
    let of = |path: &str, text: &str| dead(&Source::new(path, text), there);
    for good in [
        "[a](../README.md) [b](../README.md#the-hub) [c](a.md) [d](https://example.com/#x)",
        "[a\nb](../README.md#twice-told) [c](../README.md#twice-told-1) [d](../docs/)",
        "`[a](b)`\n```\n[a](b)\n```",
        "# Here\n[a](#here)",
    ] {
        let path = if good.starts_with('#') {
            "README.md"
        } else {
            "docs/a.md"
        };
        let found = if path == "README.md" {
            dead(&Source::new(path, good), |_| Some(good.to_owned()))
        } else {
            of(path, good)
        };
        assert_eq!(found, Vec::<Finding>::new(), "{good}");
    }
    for (bad, told) in [
        ("[a](README.md)", "docs/a.md:1: docs/README.md is not there"),
        ("\n[a](../x.md#y)", "docs/a.md:2: x.md is not there"),
        (
            "[a](../README.md#not-this)",
            "docs/a.md:1: README.md has no heading #not-this",
        ),
        (
            "`a` [a](../README.md#twice-told-2) `b`",
            "docs/a.md:1: README.md has no heading #twice-told-2",
        ),
        (
            "[a](../../README.md)",
            "docs/a.md:1: ../README.md is not there",
        ),
        ("[a](#here)", "docs/a.md:1: docs/a.md has no heading #here"),
        (
            "<img src=\"b.png\">",
            "docs/a.md:1: docs/b.png is not there",
        ),
        (
            "<source srcset=\"b.png\">",
            "docs/a.md:1: docs/b.png is not there",
        ),
    ] {
        assert_eq!(of("docs/a.md", bad), [told], "{bad}");
    }
}
