//! The house rules as a test: reads the project's own sources and says, for each breach, where it stands and how to mend it.

#![expect(
    clippy::expect_used,
    reason = "a rule that cannot read the tree has to fail, also outside test functions"
)]

#[path = "tidy/arrows.rs"]
mod arrows;
#[path = "tidy/chance.rs"]
mod chance;
#[path = "tidy/comparisons.rs"]
mod comparisons;
#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/doors.rs"]
mod doors;
#[path = "tidy/forms.rs"]
mod forms;
#[path = "tidy/links.rs"]
mod links;
#[path = "tidy/migrations.rs"]
mod migrations;
#[path = "tidy/promises.rs"]
mod promises;
#[path = "tidy/routes.rs"]
mod routes;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/sql.rs"]
mod sql;
#[path = "tidy/templates.rs"]
mod templates;
#[path = "tidy/tree.rs"]
mod tree;
#[path = "tidy/words.rs"]
mod words;
