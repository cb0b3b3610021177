//! The tables of settings, codes and exit codes.

use hub::cli::Exit;
use hub::config::SETTINGS;
use hub::features::sessions::error::AccessError;
use hub::features::sessions::model::EndReason;

use crate::blocks::{readme, section};

fn settings() -> String {
    let rows = SETTINGS.iter().map(|setting| {
        let default = match setting.default {
            "" => String::new(),
            default => format!("`{default}`"),
        };
        let secret = if setting.secret { " Never shown." } else { "" };
        format!(
            "| `{}` | {default} | {}{secret} |\n",
            setting.env, setting.meaning
        )
    });
    let head = "| variable | default | meaning |\n| --- | --- | --- |\n".to_owned();
    std::iter::once(head).chain(rows).collect()
}

#[test]
fn the_table_of_settings_is_that_of_the_code() {
    let wanted = settings();
    assert_eq!(
        section("settings"),
        wanted,
        "put this into README.md:\n{wanted}"
    );
}

#[test]
fn every_reason_for_a_dead_token_has_a_row() {
    let ends = EndReason::ALL.map(EndReason::code);
    let others = [
        AccessError::Expired,
        AccessError::SessionExpired,
        AccessError::SessionUnknown,
        AccessError::UserDisabled,
        AccessError::UserNotFound,
    ];
    for code in ends.into_iter().chain(others.iter().map(AccessError::code)) {
        assert!(
            readme().contains(&format!("\n| `{code}` | ")),
            "{code} has no row"
        );
    }
}

#[test]
fn every_exit_code_has_a_row() {
    for exit in [
        Exit::Failed,
        Exit::Usage,
        Exit::Unavailable,
        Exit::CannotCreate,
        Exit::TryAgain,
        Exit::Permission,
        Exit::Configuration,
    ] {
        let code = exit as u8;
        assert!(
            readme().contains(&format!("\n| {code} | ")),
            "{code} has no row"
        );
    }
}
