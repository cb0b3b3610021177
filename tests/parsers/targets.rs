//! The fuzz crate, which the ordinary build never sees: it has a target for every property, and seeds for nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::properties;
use crate::seeds;

fn names() -> BTreeSet<String> {
    properties::ALL
        .iter()
        .map(|target| target.name.to_owned())
        .collect()
}

fn entries(place: &Path) -> BTreeSet<String> {
    let entries =
        fs::read_dir(place).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    entries
        .map(|entry| {
            let name = entry.expect("an entry").file_name();
            let name = name.to_str().expect("UTF-8");
            name.trim_end_matches(".rs").to_owned()
        })
        .collect()
}

#[test]
fn every_property_is_a_fuzz_target_with_seeds() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    assert_eq!(entries(&fuzz.join("targets")), names());
    assert_eq!(entries(&seeds::folder()), names());
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).expect("readable");
    for name in names() {
        let source = fs::read_to_string(fuzz.join(format!("targets/{name}.rs"))).expect("readable");
        assert!(
            source.contains(&format!("properties::{name}::holds(bytes)")),
            "{name}"
        );
        assert!(
            manifest.contains(&format!("path = \"targets/{name}.rs\"")),
            "{name}"
        );
    }
}
