//! Which sessions a filter lets pass: the one place where that is said in SQL, and the values that go with it.
//!
//! Every condition has its own numbers, so that any statement can be made of them at compile time: 1 to 3 the user, 4 and 5 the network, 6 and 7
//! the keys, 8 the device, 9 to 17 three words, 18 to 22 the status, 23 and 24 the last use, 25 the one left out. Statements go on from 26.

use rusqlite::ToSql;
use rusqlite::types::Value;

use crate::features::sessions::store::many::{Filter, MAX_WORDS, Now, Status, Word};
use crate::types::ids::SessionId;
use crate::types::time::Timestamp;

/// A condition on its own, as the way into the table.
macro_rules! narrow {
    (keys) => {
        "s.id BETWEEN $6 AND $7"
    };
    (user) => {
        "s.user_id IN (SELECT id
                       FROM users
                       WHERE username_key BETWEEN $1 AND $2
                       UNION ALL
                       SELECT $3)"
    };
    (network) => {
        "s.address_key BETWEEN $4 AND $5"
    };
    (device) => {
        "s.agent IN (SELECT id
                     FROM user_agents
                     WHERE lower(device) LIKE $8 ESCAPE '\\' OR lower(text) LIKE $8 ESCAPE '\\')"
    };
    (word) => {
        narrow!(word "$9", "$10", "$11")
    };
    (word $text:literal, $low:literal, $high:literal) => {
        concat!(
            "(s.user_id IN (SELECT id
                            FROM users
                            WHERE username_key LIKE ", $text, " ESCAPE '\\')
              OR s.agent IN (SELECT id
                             FROM user_agents
                             WHERE lower(device) LIKE ", $text, " ESCAPE '\\'
                                OR lower(text) LIKE ", $text, " ESCAPE '\\')
              OR s.address_key BETWEEN ", $low, " AND ", $high, ")"
        )
    };
    (used) => {
        "s.rotated_at BETWEEN $23 AND $24"
    };
    (all) => {
        "1 = 1"
    };
}

/// A condition beside the way into the table: it lets everything pass if its values are absent, and no index is looked for.
macro_rules! condition {
    (keys) => {
        concat!("\n AND ($6 IS NULL OR ", narrow!(keys), ")")
    };
    (user) => {
        concat!("\n AND (($1 IS NULL AND $3 IS NULL) OR ", narrow!(user), ")")
    };
    (network) => {
        concat!("\n AND ($4 IS NULL OR ", narrow!(network), ")")
    };
    (device) => {
        concat!("\n AND ($8 IS NULL OR ", narrow!(device), ")")
    };
    (word) => {
        concat!("\n AND ($9 IS NULL OR ", narrow!(word), ")")
    };
    (used) => {
        "\n AND +s.rotated_at BETWEEN $23 AND $24"
    };
    (rest) => {
        concat!(
            "\n AND CASE $18 WHEN 'active' THEN s.end_reason IS NULL AND +s.ends_at > $19 AND +s.rotated_at > $20
                             WHEN 'expiring' THEN s.end_reason IS NULL AND +s.ends_at > $19 AND +s.rotated_at > $20
                                                  AND (+s.ends_at <= $21 OR +s.rotated_at <= $22)
                             WHEN 'expired' THEN s.end_reason IS NULL AND (+s.ends_at <= $19 OR +s.rotated_at <= $20)
                             WHEN 'ended' THEN s.end_reason <> 'reuse'
                             WHEN 'reused' THEN s.end_reason = 'reuse'
                             ELSE 1 END
              AND ($25 IS NULL OR s.id <> $25)
              AND ($12 IS NULL OR ", narrow!(word "$12", "$13", "$14"), ")
              AND ($15 IS NULL OR ", narrow!(word "$15", "$16", "$17"), ")"
        )
    };
}

/// The whole filter, entered by one of its conditions.
macro_rules! passing {
    (keys) => {
        concat!(
            narrow!(keys),
            condition!(rest),
            condition!(used),
            condition!(user),
            condition!(network),
            condition!(device),
            condition!(word)
        )
    };
    (user) => {
        concat!(
            narrow!(user),
            condition!(rest),
            condition!(used),
            condition!(keys),
            condition!(network),
            condition!(device),
            condition!(word)
        )
    };
    (network) => {
        concat!(
            narrow!(network),
            condition!(rest),
            condition!(used),
            condition!(keys),
            condition!(user),
            condition!(device),
            condition!(word)
        )
    };
    (device) => {
        concat!(
            narrow!(device),
            condition!(rest),
            condition!(used),
            condition!(keys),
            condition!(user),
            condition!(network),
            condition!(word)
        )
    };
    (word) => {
        concat!(
            narrow!(word),
            condition!(rest),
            condition!(used),
            condition!(keys),
            condition!(user),
            condition!(network),
            condition!(device)
        )
    };
    (used) => {
        concat!(
            narrow!(used),
            condition!(rest),
            condition!(keys),
            condition!(user),
            condition!(network),
            condition!(device),
            condition!(word)
        )
    };
    (all) => {
        concat!(
            narrow!(all),
            condition!(rest),
            condition!(used),
            condition!(keys),
            condition!(user),
            condition!(network),
            condition!(device),
            condition!(word)
        )
    };
}

pub(super) use {condition, narrow, passing};

/// The values of a filter, `$1` to `$25`.
pub(super) struct Bound(Vec<Value>);

impl Bound {
    /// What a filter lets pass at `now`; the word with this number stands first.
    pub(super) fn new(filter: &Filter, now: Now, first_word: usize) -> Self {
        let soon = now.soon();
        let (low_name, high_name) = filter.names.clone().unzip();
        let (low, high) = filter.network.map(|network| network.keys()).unzip();
        let (first, last) = filter.keys.unzip();
        let mut values = vec![
            low_name.into(),
            high_name.into(),
            filter.user.map(|user| user.0).into(),
            low.into(),
            high.into(),
            first.into(),
            last.into(),
            filter.device.as_deref().map(containing).into(),
        ];
        let mut words = filter.words.clone();
        let first_word = first_word.min(words.len());
        words.rotate_left(first_word);
        for at in 0..MAX_WORDS {
            values.extend(word(words.get(at)));
        }
        let (since, until) = used(filter);
        values.extend([
            filter
                .status
                .map(|status| Status::as_str(status).to_owned())
                .into(),
            now.at.micros().into(),
            now.refresh_expired.micros().into(),
            soon.at.micros().into(),
            soon.refresh_expired.micros().into(),
            since.into(),
            until.into(),
            filter.except.map(SessionId::get).into(),
        ]);
        Self(values)
    }

    /// As statements take them.
    pub(super) fn values(&self) -> Vec<&dyn ToSql> {
        self.0.iter().map(|value| value as &dyn ToSql).collect()
    }

    /// The same with more values behind them.
    pub(super) fn with<'values>(
        &'values self,
        more: &[&'values dyn ToSql],
    ) -> Vec<&'values dyn ToSql> {
        let mut values = self.values();
        values.extend_from_slice(more);
        values
    }
}

/// The first and the last moment of last use that pass.
pub(super) fn used(filter: &Filter) -> (i64, i64) {
    let before = filter.used_before.map(Timestamp::micros);
    (
        filter.used_since.map_or(i64::MIN, Timestamp::micros),
        before.map_or(i64::MAX, |before| before.saturating_sub(1)),
    )
}

fn word(word: Option<&Word>) -> [Value; 3] {
    let network = word.and_then(|word| word.network);
    let (low, high) = network.map(|network| network.keys()).unzip();
    [
        word.map(|word| containing(&word.text)).into(),
        low.into(),
        high.into(),
    ]
}

/// The pattern of LIKE for whatever holds this text, in lower case; its own signs stand for themselves.
pub(super) fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character.to_ascii_lowercase());
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::containing;

    #[test]
    fn the_signs_of_a_pattern_stand_for_themselves() {
        assert_eq!(containing("Chrome"), "%chrome%");
        assert_eq!(containing(r"50%_\"), r"%50\%\_\\%");
    }
}
