//! Words that the project does not use, and things that it does not speak of.

use crate::source::Source;
use crate::tree::{Finding, assert_none, files, rust};

/// Names that say where something was put and not what it does.
const EMPTY_MODULES: &[&str] = &[
    "util", "utils", "helper", "helpers", "common", "misc", "shared",
];
/// The domain's own use of one of them: common passwords.
const DOMAIN_WORDS: &[&str] = &["src/features/passwords/common.rs"];
/// Words that are written whole.
const CUT_WORDS: &[(&str, &str)] = &[
    ("sess", "session"),
    ("mgr", "manager, or better what it manages"),
    ("usr", "user"),
    ("pwd", "password"),
];

fn empty_modules(source: &Source) -> Vec<Finding> {
    if DOMAIN_WORDS.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let parts = source.path.trim_end_matches(".rs").split('/');
    let mut findings: Vec<Finding> = parts
        .filter(|part| EMPTY_MODULES.contains(part))
        .map(|part| {
            format!(
                "{}:1: `{part}` says nothing; name it after what it does",
                source.path
            )
        })
        .collect();
    let mut before = "";
    for (at, word) in source.words() {
        let is_inline = source.code[at + word.len()..].trim_start().starts_with('{');
        if before == "mod" && is_inline && EMPTY_MODULES.contains(&word) {
            findings.push(format!(
                "{}: `{word}` says nothing; name it after what it does",
                source.place(at)
            ));
        }
        before = word;
    }
    findings
}

fn cut_words(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, word) in source.words() {
        for part in parts(word) {
            if let Some((cut, whole)) = CUT_WORDS.iter().find(|(cut, _)| *cut == part) {
                findings.push(format!("{}: `{cut}`: write {whole}", source.place(at)));
            }
        }
    }
    findings
}

/// The words in `sign_in` and `SignIn`, in small letters.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut small_before = false;
    for character in name.chars() {
        if character == '_' || (character.is_uppercase() && small_before) {
            parts.push(String::new());
        }
        small_before = character.is_lowercase();
        if character != '_'
            && let Some(last) = parts.last_mut()
        {
            last.extend(character.to_lowercase());
        }
    }
    parts
}

/// What a reader outside cannot look up. In pieces, so that this file does not speak of it either.
const UNSPOKEN: &[&[&str]] = &[
    &["/wo", "rk/"],
    &["crates", ".io"],
    &["npmjs", ".org"],
    &["registry", "+https"],
    &["index", ".crates"],
    &["chat", "gpt"],
    &["clau", "de"],
    &["assist", "ant"],
    &["issue", " #"],
    &["issu", "es/"],
    &["pull", " request"],
];

fn unspoken(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in source.text.lines().enumerate() {
        let lower = line.to_lowercase();
        let word = UNSPOKEN
            .iter()
            .map(|pieces| pieces.concat())
            .find(|word| lower.contains(word));
        let found = word.or_else(|| numbered_issue(&lower));
        if let Some(found) = found {
            findings.push(format!(
                "{}:{}: `{found}`: say what is meant, so that the sentence stands alone",
                source.path,
                number + 1
            ));
        }
    }
    findings
}

/// `issue 7`, `ticket 7`.
fn numbered_issue(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let pair = words.windows(2).find(|pair| {
        let numbered = pair[1].starts_with(|c: char| c.is_ascii_digit());
        numbered && ["issue", "issues", "ticket"].contains(&pair[0].trim_start_matches('('))
    })?;
    Some(pair.join(" "))
}

#[test]
fn names_say_what_a_thing_does() {
    let findings: Vec<Finding> = rust().iter().flat_map(empty_modules).collect();
    assert_none(&findings);
}

#[test]
fn words_are_written_whole() {
    let findings: Vec<Finding> = rust().iter().flat_map(cut_words).collect();
    assert_none(&findings);
}

#[test]
fn the_project_speaks_of_itself_only() {
    let places = [
        "src",
        "tests",
        "benches",
        "migrations",
        "templates",
        "static",
        "contrib",
        "clients",
        "docs",
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "Cargo.toml",
        "Dockerfile",
        "compose.yaml",
        ".cargo",
        ".clippy.toml",
        ".deny.toml",
        ".ci",
    ];
    // The list of common passwords holds every word there is.
    let all = files(&places, &[""]);
    let findings: Vec<Finding> = all
        .iter()
        .filter(|source| !source.path.starts_with("src/features/passwords/common."))
        .flat_map(unspoken)
        .collect();
    assert_none(&findings);
}

#[test]
fn an_empty_name_is_found() {
    for (path, text) in [
        ("src/http/util.rs", ""),
        ("tests/api/helpers/mod.rs", ""),
        ("src/features/users/common.rs", ""),
        ("src/a.rs", "mod helpers { }"),
    ] {
        assert_eq!(empty_modules(&Source::new(path, text)).len(), 1, "{path}");
    }
    for path in ["src/features/passwords/common.rs", "src/http/body.rs"] {
        assert!(empty_modules(&Source::new(path, "")).is_empty(), "{path}");
    }
}

#[test]
fn a_cut_word_is_found() {
    for bad in ["let sess = 1;", "struct UserMgr;", "fn end_sess() {}"] {
        assert_eq!(cut_words(&Source::new("src/a.rs", bad)).len(), 1, "{bad}");
    }
    assert!(
        cut_words(&Source::new(
            "src/a.rs",
            "let session = assess(\"sess\"); // mgr"
        ))
        .is_empty()
    );
}

#[test]
fn what_the_project_does_not_speak_of_is_found() {
    let mut bad: Vec<String> = UNSPOKEN.iter().map(|pieces| pieces.concat()).collect();
    bad.push(["as issue", " 2 says"].concat());
    for bad in bad {
        assert_eq!(unspoken(&Source::new("README.md", &bad)).len(), 1, "{bad}");
    }
    assert!(
        unspoken(&Source::new(
            "README.md",
            "Tokens are issued at work; 2 of them."
        ))
        .is_empty()
    );
}
