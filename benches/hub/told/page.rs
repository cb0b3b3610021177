//! `docs/performance.md`: each part's figures stand between two markers of its own, and only what stands between them is replaced. So a part can be
//! measured again by itself, and what people wrote stays.

use std::path::Path;

use anyhow::Context;

use crate::arguments::Part;
use crate::told::Told;

/// The head of the table of targets.
const HEAD: &str = "| part | what | figure | ratio (range) | target | verdict |\n| --- | --- | ---: | ---: | ---: | --- |\n";

/// Puts what was found into the page: the part's section, and its lines of the table of targets.
pub fn keep(file: &Path, told: &Told, measured: &str) -> anyhow::Result<()> {
    let page =
        std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let name = told.part.name();
    let section = format!("{measured}\n\n{}", told.text.trim_end());
    let page = replaced(&page, name, &section)?;
    let before = between(&page, "targets")?.to_owned();
    let mut lines: Vec<String> = before
        .lines()
        .filter(|line| is_target(line) && cell(line) != Some(name))
        .map(str::to_owned)
        .collect();
    lines.extend(target_lines(told));
    lines.sort_by_key(|line| {
        Part::ALL
            .iter()
            .position(|part| Some(part.name()) == cell(line))
    });
    let page = replaced(&page, "targets", &format!("{HEAD}{}", lines.join("\n")))?;
    std::fs::write(file, page).with_context(|| format!("writing {}", file.display()))
}

/// The same for people who look at the terminal.
pub fn shown(told: &Told, measured: &str) -> String {
    let name = told.part.name();
    let mut text = format!("## {name}\n\n{measured}\n\n{}\n", told.text.trim_end());
    if !told.targets.is_empty() {
        text.push('\n');
        text.push_str(HEAD);
        text.push_str(&target_lines(told).join("\n"));
        text.push('\n');
    }
    text
}

fn target_lines(told: &Told) -> Vec<String> {
    let lines = told.targets.iter().map(|target| {
        let cells = [
            told.part.name(),
            &target.what,
            &target.figure,
            &target.ratio,
            &target.bound,
            &target.verdict,
        ];
        format!("| {} |", cells.join(" | "))
    });
    lines.collect()
}

fn is_target(line: &str) -> bool {
    Part::ALL.iter().any(|part| cell(line) == Some(part.name()))
}

/// The first cell of a table's line.
fn cell(line: &str) -> Option<&str> {
    line.strip_prefix("| ")?.split(" |").next()
}

fn markers(name: &str) -> (String, String) {
    (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"))
}

fn between<'page>(page: &'page str, name: &str) -> anyhow::Result<&'page str> {
    let (begin, end) = markers(name);
    page.split_once(&begin)
        .and_then(|(_, rest)| rest.split_once(&end))
        .map(|(held, _)| held)
        .with_context(|| format!("the page has no place between {} and {end}", begin.trim()))
}

fn replaced(page: &str, name: &str, text: &str) -> anyhow::Result<String> {
    between(page, name)?;
    let (begin, end) = markers(name);
    let (before, rest) = page.split_once(&begin).context("a marker")?;
    let (_, after) = rest.split_once(&end).context("a marker")?;
    Ok(format!("{before}{begin}\n{text}\n\n{end}{after}"))
}
