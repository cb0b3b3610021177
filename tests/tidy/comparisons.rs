//! Secrets are compared in constant time: `==` stops at the first byte that differs, and its time tells where that was.

use crate::source::Source;
use crate::tree::{Finding, assert_none, library};

/// The door out of every type that holds a secret.
const DOOR: &str = "fn reveal";

const MEND: &str = "compare with `ct_eq` (crate `subtle`), or look a hash up";

/// What is no secret by itself: nobody presents a salt, and it is worth nothing without the key.
const NO_SECRET: &str = "Salt";

/// Types that hold a secret and could be compared with `==`.
fn comparable(source: &Source) -> Vec<Finding> {
    let end = source.tests_begin();
    let code = &source.text[..end];
    let mut findings = Vec::new();
    for (at, _) in code.match_indices("\nimpl ") {
        let block = code[at + 1..].split("\n}").next().unwrap_or_default();
        let name = block["impl ".len()..].split([' ', '<', '{']).next();
        let Some(name) = name.filter(|name| *name != NO_SECRET && block.contains(DOOR)) else {
            continue;
        };
        let Some(declared) = code.find(&format!("pub struct {name}")) else {
            continue;
        };
        let attributes = code[..declared].rsplit("\n\n").next().unwrap_or_default();
        let by_hand = format!("PartialEq for {name}");
        if attributes.contains("PartialEq") || code.contains(&by_hand) {
            let place = source.place(declared);
            findings.push(format!(
                "{place}: `{name}` holds a secret and has `==`: {MEND}"
            ));
        }
    }
    findings
}

/// Secrets that are compared as what came through the door.
fn compared(source: &Source) -> Vec<Finding> {
    let end = source.tests_begin();
    let revealed = source.code_matches("reveal()").filter(|at| *at < end);
    revealed
        .filter(|at| {
            let begin = source.text[..*at]
                .rfind([';', '{', '}'])
                .map_or(0, |found| found + 1);
            let rest = &source.text[*at..end];
            let statement =
                &source.text[begin..*at + rest.find([';', '{', '}']).unwrap_or(rest.len())];
            [
                " == ",
                " != ",
                ".eq(",
                ".ne(",
                ".starts_with(",
                ".contains(",
            ]
            .iter()
            .any(|comparison| statement.contains(comparison))
        })
        .map(|at| {
            format!(
                "{}: a secret is compared byte by byte: {MEND}",
                source.place(at)
            )
        })
        .collect()
}

#[test]
fn no_secret_is_compared_by_how_far_it_is_right() {
    let sources = library();
    let findings: Vec<Finding> = sources
        .iter()
        .flat_map(|source| [comparable(source), compared(source)].concat())
        .collect();
    assert_none(&findings);
    let holders = sources.iter().filter(|source| source.text.contains(DOOR));
    assert!(holders.count() >= 8, "the types that hold secrets");
}

#[test]
fn every_secret_that_a_client_presents_is_compared_in_constant_time() {
    let sources = library();
    for path in [
        "src/config/metrics.rs",
        "src/crypto/form_token.rs",
        "src/crypto/hasher/bench.rs",
        "src/crypto/jwt.rs",
        "src/crypto/totp.rs",
        "src/features/admin/setup/link.rs",
        "src/features/second_factors/store.rs",
    ] {
        let source = sources
            .iter()
            .find(|source| source.path == path)
            .expect(path);
        let end = source.tests_begin();
        let compares = source.code_matches(".ct_eq(").any(|at| at < end);
        assert!(compares, "{path}: {MEND}");
    }
}

#[test]
fn a_comparison_that_tells_by_its_time_is_found() {
    let holder = |derived: &str| {
        format!(
            "//! x\n\n/// A.\n#[derive({derived})]\npub struct Key([u8; 32]);\n\nimpl Key {{\n    /// A.\n    pub fn reveal(&self) -> &[u8; 32] {{\n        &self.0\n    }}\n}}\n"
        )
    };
    let found = |text: &str| {
        let source = Source::new("src/crypto/a.rs", text);
        comparable(&source).len() + compared(&source).len()
    };
    assert_eq!(found(&holder("Clone")), 0);
    assert_eq!(found(&holder("Clone, PartialEq, Eq")), 1);
    assert_eq!(
        found("//! x\nfn a() -> bool {\n    let x = one.reveal() == other;\n    x\n}\n"),
        1
    );
    assert_eq!(
        found("//! x\nfn a() -> bool {\n    one.reveal().as_bytes().ct_eq(other).into()\n}\n"),
        0
    );
}
