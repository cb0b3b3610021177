//! The strongest layer: flags of the command line, given as keys of `hub.toml` and their text.

use super::error::Problem;
use super::layers::{Given, Giver};
use super::settings::{Setting, nearest_key};
use super::sources::Sources;

/// What the command line gives; unknown keys become problems.
pub(super) fn read(sources: &Sources, problems: &mut Vec<Problem>) -> Vec<Given> {
    let mut layer = Vec::new();
    for (key, text) in &sources.flags {
        let Some(setting) = Setting::of_key(key) else {
            let nearest = flag(&nearest_key(key));
            let fault = format!("no such flag; the nearest known one is {nearest}: use that");
            problems.push(Problem::new(flag(key), fault));
            continue;
        };
        layer.push(Given {
            setting,
            text: text.clone(),
            from: Giver::Named(flag(key)),
        });
    }
    layer
}

/// `front.idle_timeout` is `--front-idle-timeout`.
fn flag(key: &str) -> String {
    format!("--{}", key.replace(['_', '.'], "-"))
}
