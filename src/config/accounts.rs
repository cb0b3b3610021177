//! Who may make an account, and what its password must at least be.

use serde::Deserializer;

use super::reading::{number, parsed, quoted};
use super::settings::Setting;

pub(super) const REGISTRATION: Setting = Setting::plain(
    "registration",
    "HUB_REGISTRATION",
    "open",
    "Whether people may register themselves: open or closed.",
);

pub(super) const PASSWORD_MIN_LENGTH: Setting = Setting::plain(
    "password_min_length",
    "HUB_PASSWORD_MIN_LENGTH",
    "8",
    "Fewest characters of a new password, 8 to 64.",
);

// A Hub of one person on a laptop needs none; a team's should demand it.
pub(super) const ADMIN_SECOND_FACTOR: Setting = Setting::plain(
    "admin_second_factor",
    "HUB_ADMIN_SECOND_FACTOR",
    "optional",
    "Whether administrators need a second factor for their pages: optional or required.",
);

// Below 8 the published contract would be broken.
const PASSWORD_MIN_LENGTH_LEAST_CHARACTERS: usize = 8;
// Half of the longest password there may be: more would shut out passphrases that people remember.
const PASSWORD_MIN_LENGTH_MOST_CHARACTERS: usize = 64;

/// Whether people may make their own accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Anyone who reaches the server may register.
    Open,
    /// Only administrators make accounts.
    Closed,
}

pub(super) fn registration<'de, D: Deserializer<'de>>(given: D) -> Result<Registration, D::Error> {
    parsed(given, |text| match text {
        "open" => Ok(Registration::Open),
        "closed" => Ok(Registration::Closed),
        _ => Err(format!("{} is unknown; write open or closed", quoted(text))),
    })
}

/// Whether administrators need a second factor for their pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactor {
    /// Whoever has one is asked for it.
    Optional,
    /// Without one no administrator's page opens, but the one to add it.
    Required,
}

pub(super) fn admin_second_factor<'de, D: Deserializer<'de>>(
    given: D,
) -> Result<SecondFactor, D::Error> {
    parsed(given, |text| match text {
        "optional" => Ok(SecondFactor::Optional),
        "required" => Ok(SecondFactor::Required),
        _ => Err(format!(
            "{} is unknown; write optional or required",
            quoted(text)
        )),
    })
}

pub(super) fn password_min_length<'de, D: Deserializer<'de>>(given: D) -> Result<usize, D::Error> {
    let range = PASSWORD_MIN_LENGTH_LEAST_CHARACTERS..=PASSWORD_MIN_LENGTH_MOST_CHARACTERS;
    number(given, &range)
}
