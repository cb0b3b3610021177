//! The README's blocks that are marked for testing.

const README: &str = include_str!("../../README.md");

/// The whole text.
pub fn readme() -> &'static str {
    README
}

/// The blocks behind `<!-- test: name -->`, in order; at least one.
pub fn blocks(name: &str) -> Vec<&'static str> {
    let mark = format!("<!-- test: {name} -->\n```");
    let blocks: Vec<&str> = README
        .split(&mark)
        .skip(1)
        .map(|rest| {
            let (_language, rest) = rest.split_once('\n').expect("a line of its own");
            rest.split_once("\n```").expect("the end of the block").0
        })
        .collect();
    assert!(!blocks.is_empty(), "README.md has no block behind {mark:?}");
    blocks
}

/// What stands between `<!-- name -->` and `<!-- /name -->`.
pub fn section(name: &str) -> &'static str {
    let (_, rest) = README
        .split_once(&format!("<!-- {name} -->\n"))
        .unwrap_or_else(|| panic!("README.md has no <!-- {name} -->"));
    rest.split_once(&format!("<!-- /{name} -->"))
        .unwrap_or_else(|| panic!("README.md has no <!-- /{name} -->"))
        .0
}
