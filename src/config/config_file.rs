//! The file layer: which `hub.toml` is read, and its keys and values as text.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use figment::Provider;
use figment::error::Kind;
use figment::providers::{Format, Toml};
use figment::value::{Dict, Num, Value};

use super::bounded_file;
use super::data_dir::DATA_DIR;
use super::environment::CONFIG_VARIABLE;
use super::error::Problem;
use super::layers::{Given, Giver};
use super::reading::quoted;
use super::settings::{SETTINGS, Setting, nearest_key};
use super::sources::Sources;

/// The name of the configuration file in the data directory.
const FILE_NAME: &str = "hub.toml";

/// A hundred times the example with every key in it; more is some other file.
const MAX_CONFIG_FILE_BYTES: u64 = 1024 * 1024;

/// What the configuration file gives, if there is one; what is wrong with it becomes problems.
pub(super) fn read(sources: &Sources, data_dir: &Path, problems: &mut Vec<Problem>) -> Vec<Given> {
    let (named_by, path) = match (&sources.config_flag, sources.variable(CONFIG_VARIABLE)) {
        (Some(path), _) => (Some("--config"), path.clone()),
        (None, Some(path)) => (Some(CONFIG_VARIABLE), PathBuf::from(path)),
        (None, None) => (None, data_dir.join(FILE_NAME)),
    };
    let text = match bounded_file::read(&path, MAX_CONFIG_FILE_BYTES) {
        Ok(text) => text,
        // Only a file that somebody named has to be there.
        Err(error) if error.kind() == ErrorKind::NotFound && named_by.is_none() => {
            return Vec::new();
        }
        // Nobody asked for this file: it is the directory that this user may not enter.
        Err(error) if error.kind() == ErrorKind::PermissionDenied && named_by.is_none() => {
            let shown = quoted(&data_dir.to_string_lossy());
            let fault = format!(
                "cannot read {FILE_NAME} in {shown}: {error}; run this as the user that owns the directory, or name another"
            );
            problems.push(Problem::denied(DATA_DIR.key, fault));
            return Vec::new();
        }
        Err(error) => {
            let shown = quoted(&path.to_string_lossy());
            let fault =
                format!("cannot read {shown}: {error}; name a file that this user may read");
            problems.push(Problem::new(named_by.unwrap_or(FILE_NAME), fault));
            return Vec::new();
        }
    };
    match parse(&text) {
        Ok(dict) => given(dict, &path, named_by.is_none(), problems),
        Err(fault) => {
            problems.push(Problem::new(path.display().to_string(), fault));
            Vec::new()
        }
    }
}

fn parse(text: &str) -> Result<Dict, String> {
    match Toml::string(text).data() {
        Ok(profiles) => Ok(profiles.into_values().next().unwrap_or_default()),
        Err(error) => Err(match &error.kind {
            Kind::Message(message) => syntax_fault(message),
            _ => "is not TOML; correct it".to_owned(),
        }),
    }
}

/// The parser's position and explanation without the line it quotes: a secret may stand there.
fn syntax_fault(message: &str) -> String {
    let lines: Vec<&str> = message.lines().collect();
    let position = lines
        .first()
        .and_then(|line| line.strip_prefix("TOML parse error at "))
        .unwrap_or("an unknown line");
    let is_caret =
        |line: &&str| line.contains('^') && line.trim_matches([' ', '|', '^']).is_empty();
    let explanation = match lines.iter().rposition(is_caret) {
        Some(caret) => lines.get(caret + 1..).unwrap_or_default().join(", "),
        None => String::new(),
    };
    match explanation.as_str() {
        "" => format!("{position}: is not TOML; correct the line"),
        explanation => format!("{position}: {explanation}; correct the line"),
    }
}

fn given(dict: Dict, path: &Path, in_data_dir: bool, problems: &mut Vec<Problem>) -> Vec<Given> {
    let mut layer = Vec::new();
    let mut leaves = Vec::new();
    flatten(String::new(), dict, &mut leaves);
    for (key, value) in leaves {
        let setting = Setting::of_key(&key);
        let text = text_of(&value);
        let fault = match (setting, text) {
            (Some(setting), _) if in_data_dir && setting.key == DATA_DIR.key => format!(
                "cannot move the directory that this file lies in; use {} or --config",
                DATA_DIR.env
            ),
            (Some(setting), Some(text)) => {
                layer.push(Given {
                    setting,
                    text,
                    from: Giver::File(path.to_owned()),
                });
                continue;
            }
            (Some(_), None) => "is neither text, number nor list; write one of these".to_owned(),
            (None, _) if is_table(&key) => {
                format!("is a table of settings, no setting; write [{key}] and its keys below")
            }
            (None, _) => format!(
                "no such key; the nearest known one is {}: correct or remove it",
                nearest_key(&key)
            ),
        };
        let key = key.escape_debug();
        problems.push(Problem::new(format!("{key} in {}", path.display()), fault));
    }
    layer
}

fn is_table(key: &str) -> bool {
    SETTINGS.iter().any(|setting| {
        setting
            .key
            .strip_prefix(key)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

/// All values under their dotted keys; a table that no setting lies in counts as a value, so that it is refused.
fn flatten(prefix: String, dict: Dict, leaves: &mut Vec<(String, Value)>) {
    if dict.is_empty() && !prefix.is_empty() && !is_table(&prefix) {
        leaves.push((prefix.clone(), Value::from(dict.clone())));
    }
    for (name, value) in dict {
        let key = match prefix.as_str() {
            "" => name,
            prefix => format!("{prefix}.{name}"),
        };
        match value {
            Value::Dict(_, inner) if Setting::of_key(&key).is_none() => flatten(key, inner, leaves),
            value => leaves.push((key, value)),
        }
    }
}

/// A value as one would write it in the environment, so that one parser serves every layer.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.clone()),
        Value::Char(_, one) => Some(one.to_string()),
        Value::Bool(_, truth) => Some(truth.to_string()),
        Value::Num(_, number) => Some(number_text(*number)),
        Value::Array(_, items) => {
            let texts: Option<Vec<String>> = items.iter().map(text_of).collect();
            Some(texts?.join(","))
        }
        Value::Empty(..) | Value::Dict(..) => None,
    }
}

fn number_text(number: Num) -> String {
    match (number.to_i128(), number.to_u128(), number.to_f64()) {
        (Some(whole), _, _) => whole.to_string(),
        (None, Some(whole), _) => whole.to_string(),
        (None, None, Some(broken)) => broken.to_string(),
        (None, None, None) => String::new(),
    }
}
