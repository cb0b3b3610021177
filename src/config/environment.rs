//! The environment layer: `HUB_*` variables and their `_FILE` twins for container secrets.

use super::bounded_file;
use super::error::Problem;
use super::layers::{Given, Giver};
use super::reading::quoted;
use super::settings::{SETTINGS, Setting, nearest};
use super::sources::Sources;

/// What the names of all the Hub's variables begin with.
pub(super) const PREFIX: &str = "HUB_";

/// The variable that names the configuration file; it is no setting.
pub(super) const CONFIG_VARIABLE: &str = "HUB_CONFIG";

const TWIN_SUFFIX: &str = "_FILE";

/// Enough for the longest list anyone would write, and little to read by mistake.
const MAX_TWIN_FILE_BYTES: u64 = 64 * 1024;

/// What the environment gives; unknown names and unusable twins become problems.
pub(super) fn read(sources: &Sources, problems: &mut Vec<Problem>) -> Vec<Given> {
    let mut layer = Vec::new();
    let mut variables: Vec<_> = sources
        .env
        .iter()
        .filter(|(name, _)| name.starts_with(PREFIX) && name != CONFIG_VARIABLE)
        .collect();
    // By name, so that the same faults give the same lines on every run.
    variables.sort();
    for (name, text) in variables {
        if let Some(setting) = Setting::of_env(name) {
            layer.push(Given {
                setting,
                text: text.clone(),
                from: Giver::Named(name.clone()),
            });
        } else if let Some(setting) = twin_of(name) {
            match twin(sources, setting, name, text) {
                Ok(given) => layer.push(given),
                Err(problem) => problems.push(problem),
            }
        } else {
            problems.push(unknown(name));
        }
    }
    layer
}

fn twin_of(name: &str) -> Option<&'static Setting> {
    Setting::of_env(name.strip_suffix(TWIN_SUFFIX)?)
}

fn twin(
    sources: &Sources,
    setting: &'static Setting,
    name: &str,
    path: &str,
) -> Result<Given, Problem> {
    if sources.variable(setting.env).is_some() {
        let place = format!("{} and {name}", setting.env);
        return Err(Problem::new(place, "both are set; unset one of them"));
    }
    let content = bounded_file::read(path.as_ref(), MAX_TWIN_FILE_BYTES).map_err(|error| {
        let fault = format!(
            "cannot read {}: {error}; name a file that this user may read",
            quoted(path)
        );
        Problem::new(name, fault)
    })?;
    Ok(Given {
        setting,
        text: without_newline(&content).to_owned(),
        from: Giver::Named(format!("{name} ({path})")),
    })
}

/// Editors and `echo` end a file with a newline that nobody means as part of the value.
fn without_newline(content: &str) -> &str {
    let Some(line) = content.strip_suffix('\n') else {
        return content;
    };
    line.strip_suffix('\r').unwrap_or(line)
}

fn unknown(name: &str) -> Problem {
    // Who wrote a twin's name meant a twin.
    let suffix = if name.ends_with(TWIN_SUFFIX) {
        TWIN_SUFFIX
    } else {
        ""
    };
    let known = SETTINGS
        .iter()
        .map(|setting| format!("{}{suffix}", setting.env))
        .chain([CONFIG_VARIABLE.to_owned()]);
    let nearest = nearest(name, known);
    let fault =
        format!("no such variable; the nearest known one is {nearest}: correct or unset it");
    Problem::new(quoted_if_odd(name), fault)
}

/// A name is printed as it is unless it could break the line.
fn quoted_if_odd(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_graphic());
    if plain { name.to_owned() } else { quoted(name) }
}
