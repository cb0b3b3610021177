//! `hub key list`: the keys that the database knows. It needs none of them.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::database::Reading;
use crate::cli::output::{self, or_nothing};
use crate::cli::{Global, Outcome};
use crate::crypto::ring::{KeyState, KnownKey};
use crate::hub::keys;

/// List the keys, newest first: fingerprints, never a key.
#[derive(Debug, Args)]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl List {
    /// Lists them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Reading::open(global)?;
        let known = database.read(|db| Ok(keys::known(db)?))?;
        let state = |key: &KnownKey| key.state(database.lifetimes(), database.now.wall);
        if self.json {
            let keys: Vec<Value> = known.iter().map(|key| body(key, state(key))).collect();
            return output::json(&keys);
        }
        let rows: Vec<Vec<String>> = known.iter().map(|key| row(key, state(key))).collect();
        output::table(
            &["KEY", "FINGERPRINT", "MADE", "REPLACED", "STATE", "UNTIL"],
            &rows,
        )
    }
}

/// A state as one word, and until when it lasts.
fn told(state: KeyState) -> (&'static str, Option<String>) {
    match state {
        KeyState::Present => ("present", None),
        KeyState::Verifies { until } => ("verifies", Some(until.to_string())),
        KeyState::Retired => ("retired", None),
    }
}

fn body(key: &KnownKey, state: KeyState) -> Value {
    let (state, until) = told(state);
    json!({
        "id": key.id.0,
        "fingerprint": key.fingerprint(),
        "made_at": key.made_at.map(|at| at.to_string()),
        "replaced_at": key.replaced_at.map(|at| at.to_string()),
        "state": state,
        "verifies_until": until,
    })
}

fn row(key: &KnownKey, state: KeyState) -> Vec<String> {
    let (state, until) = told(state);
    vec![
        key.id.to_string(),
        key.fingerprint(),
        or_nothing(key.made_at),
        or_nothing(key.replaced_at),
        state.to_owned(),
        or_nothing(until),
    ]
}
