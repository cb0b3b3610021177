//! Pages escape everything and hold neither scripts nor styles of their own: the content security policy allows none.

use crate::source::Source;
use crate::tree::{Finding, assert_none, files};

fn unfit(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in source.text.lines().enumerate() {
        let lower = line.to_lowercase();
        let place = format!("{}:{}", source.path, number + 1);
        let bare: String = lower.split_whitespace().collect();
        if bare.contains("|safe") || bare.contains("autoescape") {
            findings.push(format!(
                "{place}: remove the filter; every value is escaped"
            ));
        }
        if handler(&lower) || bare.contains("javascript:") {
            findings.push(format!("{place}: move the handler to a file in static/"));
        }
        if lower.contains(" style=") || lower.contains("<style") {
            findings.push(format!("{place}: move the style to static/style.css"));
        }
        if lower.contains("<script") && !lower.contains("src=") {
            findings.push(format!("{place}: move the script to a file in static/"));
        }
    }
    findings
}

/// Whether a line has an attribute such as `onclick=`.
fn handler(line: &str) -> bool {
    line.split([' ', '\t', '"', '\'']).any(|word| {
        let name = word.split('=').next().unwrap_or_default();
        word.contains('=')
            && name.len() > 3
            && name
                .strip_prefix("on")
                .is_some_and(|event| event.chars().all(char::is_alphabetic))
    })
}

#[test]
fn templates_escape_everything_and_hold_no_code() {
    let findings: Vec<Finding> = files(&["templates"], &[".html", ".tera"])
        .iter()
        .flat_map(unfit)
        .collect();
    assert_none(&findings);
}

#[test]
fn an_unfit_template_is_found() {
    for bad in [
        "<p>{{ name | safe }}</p>",
        "{% autoescape false %}",
        "<button onclick=\"go()\">",
        "<a href=\"javascript:go()\">",
        "<p style=\"color: red\">",
        "<style>p { color: red }</style>",
        "<script>go()</script>",
    ] {
        assert_eq!(
            unfit(&Source::new("templates/a.html", bad)).len(),
            1,
            "{bad}"
        );
    }
    for good in [
        "<p>{{ name }}</p>",
        "<script src=\"{{ asset(name=\"a.js\") }}\" defer></script>",
        "<p>on = off, safe and sound</p>",
        "<link rel=\"stylesheet\" href=\"/static/style.css\">",
    ] {
        assert!(
            unfit(&Source::new("templates/a.html", good)).is_empty(),
            "{good}"
        );
    }
}
