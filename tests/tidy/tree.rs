//! The project's files, as the rules read them, and the verdict on a whole tree.

use std::fs;
use std::path::{Path, PathBuf};

use crate::source::Source;

/// More than the project will ever have: a loop through a link ends here.
const MAX_FILES: usize = 5_000;

/// The folder that holds `Cargo.toml`.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of one file, named from the root.
pub fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file below the given folders (or the file itself) whose name ends so, in order of path.
pub fn files(places: &[&str], endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    for place in places {
        collect(&root().join(place), &mut found);
    }
    found.sort();
    let sources: Vec<Source> = found
        .iter()
        .filter_map(|path| {
            let name = path.strip_prefix(root()).ok()?.to_str()?.to_owned();
            endings
                .iter()
                .any(|ending| name.ends_with(ending))
                .then(|| Source::new(&name, &text(&name)))
        })
        .collect();
    assert!(!sources.is_empty(), "no file {endings:?} below {places:?}");
    sources
}

fn collect(place: &Path, found: &mut Vec<PathBuf>) {
    assert!(found.len() < MAX_FILES, "more than {MAX_FILES} files");
    if !place.is_dir() {
        found.push(place.to_owned());
        return;
    }
    let entries =
        fs::read_dir(place).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    for entry in entries {
        let path = entry.expect("an entry of a folder").path();
        let generated = ["node_modules", "target", "Cargo.lock"]
            .iter()
            .any(|name| path.ends_with(name));
        // Bytes that strangers might send: no text of ours.
        let bytes = path.ends_with("fuzz/seeds") || path.ends_with("fuzz/artifacts");
        let picture = path.extension().is_some_and(|ending| ending == "png");
        if !generated && !bytes && !picture {
            collect(&path, found);
        }
    }
}

/// The Rust files of the library and its binary.
pub fn library() -> Vec<Source> {
    files(&["src"], &[".rs"])
}

/// All Rust files of the project.
pub fn rust() -> Vec<Source> {
    files(&["src", "tests", "benches"], &[".rs"])
}

/// A breach of a rule: `file:line: what to do`.
pub type Finding = String;

/// Fails with every finding at once.
pub fn assert_none(findings: &[Finding]) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}
