//! The few marks of the document's own texts (paragraphs, `code`, **strong**) as parts that a template puts into elements.

use serde::Serialize;

/// A part of a paragraph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part<'text> {
    /// `plain`, `code` or `strong`.
    pub mark: &'static str,
    /// Its text.
    pub text: &'text str,
}

/// Each paragraph's parts.
#[must_use]
pub fn paragraphs(text: &str) -> Vec<Vec<Part<'_>>> {
    let paragraphs = text.split("\n\n").map(str::trim);
    paragraphs
        .filter(|paragraph| !paragraph.is_empty())
        .map(parts)
        .collect()
}

fn parts(paragraph: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for (at, text) in paragraph.split('`').enumerate() {
        if at % 2 == 1 {
            parts.push(Part { mark: "code", text });
            continue;
        }
        for (at, text) in text.split("**").enumerate() {
            let mark = if at % 2 == 1 { "strong" } else { "plain" };
            if !text.is_empty() {
                parts.push(Part { mark, text });
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::paragraphs;

    #[test]
    fn marks_become_parts() {
        let read = paragraphs("**Calling.** Send `a **b**` on.\n\nNext.");
        let marks: Vec<Vec<(&str, &str)>> = read
            .iter()
            .map(|parts| parts.iter().map(|part| (part.mark, part.text)).collect())
            .collect();
        let first = vec![
            ("strong", "Calling."),
            ("plain", " Send "),
            ("code", "a **b**"),
            ("plain", " on."),
        ];
        assert_eq!(marks, [first, vec![("plain", "Next.")]]);
    }
}
