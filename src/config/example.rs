//! A `hub.toml` to start from, made from the table of settings.

use super::settings::{SETTINGS, Setting};

/// A `hub.toml` in which every setting stands with its meaning and its default, each commented out.
///
/// A line that begins with `#` and no space becomes valid by removing that sign.
#[must_use]
pub fn example() -> String {
    let mut parts = vec![String::from(
        "# Configuration of RegardingWork Hub. Each line shows a default: remove the # in front to change it.\n\
         # Stronger than this file: HUB_* variables, their _FILE twins, and flags.\n",
    )];
    let mut table = "";
    for setting in SETTINGS {
        let (in_table, name) = setting.key.rsplit_once('.').unwrap_or(("", setting.key));
        if in_table != table {
            table = in_table;
            // Not commented out: a key below without its table would be another key.
            parts.push(format!("\n[{table}]\n"));
        }
        parts.push(format!("\n# {}\n", setting.meaning));
        parts.push(line(setting, name));
    }
    parts.concat()
}

fn line(setting: &Setting, name: &str) -> String {
    match setting.default {
        // There is no harmless value to show, and a file is the wrong place for it.
        _ if setting.secret => format!("# {name} has no default; prefer {}_FILE.\n", setting.env),
        "" if setting.optional => format!("#{name} = \"\"\n"),
        "" => format!("#{name} = []\n"),
        number if number.chars().all(|c| c.is_ascii_digit()) => format!("#{name} = {number}\n"),
        text => format!("#{name} = {text:?}\n"),
    }
}
