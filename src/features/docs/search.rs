//! The search of the reference: which calls, errors and events hold every word. Pure.

use crate::features::docs::reference::{Call, Reference, Refused};
use crate::features::docs::told::Event;

/// Characters of a search at most: nobody types more, and the page shows them again.
pub const MAX_CHARS: usize = 80;

/// The words of a search, in small letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// As it was typed, as far as it is read.
    pub typed: String,
    words: Vec<String>,
}

impl Search {
    /// Reads what was typed.
    #[must_use]
    pub fn parse(typed: &str) -> Self {
        let typed: String = typed.trim().chars().take(MAX_CHARS).collect();
        let words = typed.split_whitespace().map(str::to_lowercase).collect();
        Self { typed, words }
    }

    /// Whether there is anything to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    fn finds(&self, texts: &[&str]) -> bool {
        let text = texts.join("\n").to_lowercase();
        self.words.iter().all(|word| text.contains(word))
    }

    fn finds_call(&self, call: &Call) -> bool {
        let fields = call.body.iter().chain(&call.answer);
        let fields: Vec<&str> = fields.map(|field| field.name.as_str()).collect();
        let status = call.status.to_string();
        self.finds(&[
            &call.id,
            &call.method,
            &call.path,
            &call.summary,
            &call.description,
            &call.group,
            &status,
            &fields.join(" "),
            // It has the fields within fields too.
            call.example.as_deref().unwrap_or_default(),
        ])
    }

    fn finds_error(&self, error: &Refused) -> bool {
        let status = error.status.to_string();
        self.finds(&[&status, &error.code, &error.text, error.meaning])
    }

    fn finds_event(&self, event: &Event) -> bool {
        self.finds(&[
            "webhook",
            &event.id,
            &event.name,
            &event.when,
            &event.description,
            // It has every field.
            &event.example,
        ])
    }

    /// What is found: a call whole, or with those of its errors that are meant.
    #[must_use]
    pub fn of(&self, reference: &Reference) -> Reference {
        let mut found = reference.clone();
        if self.is_empty() {
            return found;
        }
        found.calls.retain_mut(|call| {
            if self.finds_call(call) {
                return true;
            }
            call.errors.retain(|error| self.finds_error(error));
            !call.errors.is_empty()
        });
        found.alike.retain(|error| self.finds_error(error));
        found.shapes.retain(|shape| {
            let fields: Vec<&str> = shape
                .fields
                .iter()
                .map(|field| field.name.as_str())
                .collect();
            self.finds(&[&shape.name, &fields.join(" ")])
        });
        found.told.events.retain(|event| self.finds_event(event));
        found
    }
}
