//! What a page tells once after an act: a code in a cookie that the next page turns into a sentence, so that no link can put words into our mouth.

use serde::Serialize;

/// Seconds that a note waits for its page: longer than any page takes to follow a redirect.
pub const NOTE_SECONDS: u64 = 60;

/// How a note is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// It is done.
    Good,
    /// Something to know.
    Plain,
    /// It was not done.
    Bad,
}

/// A note: its code and, where its sentence counts something, how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    code: &'static str,
    count: u64,
}

/// A note as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    tone: Tone,
    text: String,
}

/// Every note: its code, tone, sentence for one and sentence for several. `#` stands for the number.
const NOTES: &[(&str, Tone, &str, &str)] = &[
    (
        "backup_made",
        Tone::Good,
        "The backup is made. Copy it to another machine, and secret.key to where you keep it.",
        "",
    ),
    (
        "backup_under_way",
        Tone::Plain,
        "Another backup is being made right now. Look again in a moment.",
        "",
    ),
    (
        "backup_no_space",
        Tone::Bad,
        "There is no room for a backup on the disk of the data directory. Nothing was written.",
        "",
    ),
    (
        "backup_failed",
        Tone::Bad,
        "No backup was made, and nothing else was changed. The log of the Hub says why.",
        "",
    ),
    (
        "key_rotated",
        Tone::Good,
        "A new key makes every token from now on. Copy secret.key to where you keep it.",
        "",
    ),
    (
        "service_revoked",
        Tone::Good,
        "The service is revoked. Its token opens nothing any more.",
        "",
    ),
    (
        "webhook_enabled",
        Tone::Good,
        "The webhook is enabled. What waits for it is on its way.",
        "",
    ),
    (
        "webhook_disabled",
        Tone::Good,
        "The webhook is disabled. It is told nothing until you enable it.",
        "",
    ),
    (
        "webhook_is_disabled",
        Tone::Bad,
        "The webhook is disabled, so it is told nothing. Enable it first.",
        "",
    ),
    (
        "webhook_test",
        Tone::Plain,
        "A test is on its way. Load this page anew in a moment to see what became of it.",
        "",
    ),
    (
        "webhook_resent",
        Tone::Good,
        "# dead letter is on its way again.",
        "# dead letters are on their way again.",
    ),
    (
        "webhook_deleted",
        Tone::Good,
        "The webhook is deleted, and with it all that was on its way to it.",
        "",
    ),
    (
        "sign_in_anew",
        Tone::Plain,
        "That took too long, or something changed meanwhile. Please sign in again.",
        "",
    ),
    ("signed_out", Tone::Good, "You are signed out.", ""),
    (
        "proven",
        Tone::Good,
        "Thank you. For the next five minutes you will not be asked again.",
        "",
    ),
    ("user_added", Tone::Good, "The user can sign in.", ""),
    (
        "user_role_set",
        Tone::Good,
        "The role is given. It counts at their next request.",
        "",
    ),
    ("user_tier_set", Tone::Good, "The tier is given.", ""),
    (
        "user_enabled",
        Tone::Good,
        "The user can sign in again.",
        "",
    ),
    (
        "user_disabled",
        Tone::Good,
        "The user is disabled, and # session is ended.",
        "The user is disabled, and # sessions are ended.",
    ),
    (
        "user_password_set",
        Tone::Good,
        "The password is set, and # session is ended.",
        "The password is set, and # sessions are ended.",
    ),
    (
        "user_signed_out",
        Tone::Good,
        "# session is ended.",
        "# sessions are ended.",
    ),
    (
        "user_second_factor_reset",
        Tone::Good,
        "The second factor is reset.",
        "",
    ),
    (
        "user_without_second_factor",
        Tone::Plain,
        "This user had no second factor; nothing was changed.",
        "",
    ),
    (
        "user_deleted",
        Tone::Good,
        "The user is deleted, and # session is ended.",
        "The user is deleted, and # sessions are ended.",
    ),
    (
        "own_account",
        Tone::Bad,
        "Nobody does this to their own account here. Change what is yours at Account, or ask another administrator.",
        "",
    ),
    (
        "last_super_admin",
        Tone::Bad,
        "This is the last active SUPERADMIN. Make another one first; nothing was changed.",
        "",
    ),
    ("session_ended", Tone::Good, "The session is ended.", ""),
    (
        "session_ended_before",
        Tone::Plain,
        "The session had been ended before; nothing was changed.",
        "",
    ),
    (
        "second_factor_needed",
        Tone::Plain,
        "Administrators of this Hub need a second factor. Add yours to go on.",
        "",
    ),
    ("profile_saved", Tone::Good, "Your profile is saved.", ""),
    (
        "profile_unchanged",
        Tone::Plain,
        "Nothing was different, so nothing was changed.",
        "",
    ),
    (
        "password_changed",
        Tone::Good,
        "Your password is changed. # other session was signed out.",
        "Your password is changed. # other sessions were signed out.",
    ),
    (
        "own_session_ended",
        Tone::Good,
        "The session is ended. Its device is signed out.",
        "",
    ),
    (
        "own_session_ended_before",
        Tone::Plain,
        "That session had ended before.",
        "",
    ),
    (
        "own_sessions_ended",
        Tone::Good,
        "# other session is ended. Only this browser is signed in.",
        "# other sessions are ended. Only this browser is signed in.",
    ),
    (
        "second_factor_present",
        Tone::Plain,
        "You have a second factor. Remove it first if you want another.",
        "",
    ),
    (
        "second_factor_absent",
        Tone::Plain,
        "You have no second factor.",
        "",
    ),
    (
        "second_factor_too_late",
        Tone::Bad,
        "That took too long, so the secret counts no more. Begin again.",
        "",
    ),
    (
        "second_factor_removed",
        Tone::Good,
        "Your second factor is removed. Your password alone signs you in.",
        "",
    ),
    (
        "sessions_ended",
        Tone::Good,
        "# session was revoked. Its tokens are refused from now on.",
        "# sessions were revoked. Their tokens are refused from now on.",
    ),
    (
        "no_session_ended",
        Tone::Plain,
        "Nothing was revoked: those sessions had ended before.",
        "",
    ),
];

impl Note {
    /// The note of a code that stands in the table.
    #[must_use]
    pub const fn new(code: &'static str) -> Self {
        Self { code, count: 1 }
    }

    /// A note that counts something.
    #[must_use]
    pub const fn counting(code: &'static str, count: u64) -> Self {
        Self { code, count }
    }

    /// The cookie's value.
    #[must_use]
    pub fn value(self) -> String {
        format!("{}.{}", self.code, self.count)
    }
}

/// The sentence of a cookie's value; nothing for what is no note of ours.
#[must_use]
pub fn told(value: &str) -> Option<Told> {
    let (code, count) = value.split_once('.')?;
    let count: u64 = count.parse().ok()?;
    let (_, tone, one, several) = NOTES.iter().find(|(known, ..)| *known == code)?;
    let sentence = if count == 1 || several.is_empty() {
        one
    } else {
        several
    };
    Some(Told {
        tone: *tone,
        text: sentence.replace('#', &count.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::{NOTES, Note, told};

    #[test]
    fn a_note_reads_back_as_its_sentence_and_nothing_else_does() {
        for (code, _, one, _) in NOTES {
            let read = told(&Note::new(code).value()).expect("a sentence");
            assert_eq!(read.text, one.replace('#', "1"));
        }
        for foreign in ["", "signed_out", "signed_out.x", "<b>.1", "unknown.1"] {
            assert_eq!(told(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn codes_are_told_apart() {
        let mut codes: Vec<_> = NOTES.iter().map(|(code, ..)| code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), NOTES.len());
    }
}
