//! Which condition of a filter is the best way into the table: the one that the fewest sessions pass, counted in its index.

use rusqlite::{ToSql, params};

use crate::features::sessions::store::many::along::Path;
use crate::features::sessions::store::many::passing::containing;
use crate::features::sessions::store::many::tally::{self, number};
use crate::features::sessions::store::many::{Filter, Word};
use crate::store::{Db, StoreError};

/// From this part of the table on (one in so many rows), all of it is read in its own order: to fetch rows one by one costs a few times as much a row.
const ALL_FROM_ONE_IN: u64 = 6;

/// The way, and what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// The condition to go in by.
    pub(super) path: Path,
    /// How many sessions pass that condition.
    pub(super) candidates: u64,
    /// Whether they are just so many, and not at most: a session found by its user and by its client counts twice.
    pub(super) exact: bool,
    /// Which word stands first in the statement.
    pub(super) word: usize,
}

impl Choice {
    /// The best way for a filter.
    pub(super) fn of(db: &Db<'_>, filter: &Filter) -> Result<Self, StoreError> {
        let mut ways = Vec::new();
        for path in [Path::Keys, Path::User, Path::Network, Path::Device] {
            if let Some(candidates) = candidates(db, filter, path)? {
                ways.push(Self {
                    path,
                    candidates,
                    exact: true,
                    word: 0,
                });
            }
        }
        for (word, named) in filter.words.iter().enumerate() {
            let found = of_word(db, named)?;
            ways.push(Self {
                path: Path::Word,
                candidates: found.iter().sum(),
                // Found in one way only, none is found twice.
                exact: found.into_iter().filter(|found| *found > 0).count() <= 1,
                word,
            });
        }
        let all = tally::tally(db)?.all();
        let best = ways.into_iter().min_by_key(|way| way.candidates);
        Ok(match best {
            None => Self {
                path: Path::Used,
                candidates: all,
                exact: false,
                word: 0,
            },
            Some(best) if best.candidates.saturating_mul(ALL_FROM_ONE_IN) > all => Self {
                path: Path::All,
                ..best
            },
            Some(best) => best,
        })
    }
}

/// How many sessions pass one condition; `None` if the filter does not have it.
fn candidates(db: &Db<'_>, filter: &Filter, path: Path) -> Result<Option<u64>, StoreError> {
    match path {
        Path::Keys => of_keys(db, filter),
        Path::User => of_user(db, filter),
        Path::Network => match filter.network {
            Some(network) => in_range(db, network.keys()).map(Some),
            None => Ok(None),
        },
        Path::Device => match &filter.device {
            Some(text) => with_client(db, text).map(Some),
            None => Ok(None),
        },
        Path::Word | Path::Used | Path::All => Ok(None),
    }
}

fn of_keys(db: &Db<'_>, filter: &Filter) -> Result<Option<u64>, StoreError> {
    let Some((first, last)) = filter.keys else {
        return Ok(None);
    };
    let found = count(
        db,
        "SELECT count(*)
         FROM sessions
         WHERE id BETWEEN $1 AND $2",
        params![first, last],
    )?;
    Ok(Some(found))
}

fn of_user(db: &Db<'_>, filter: &Filter) -> Result<Option<u64>, StoreError> {
    if filter.user.is_none() && filter.names.is_none() {
        return Ok(None);
    }
    let (low, high) = filter.names.clone().unzip();
    let found = count(
        db,
        "SELECT count(*)
         FROM sessions
         WHERE user_id IN (SELECT id
                           FROM users
                           WHERE username_key BETWEEN $1 AND $2
                           UNION ALL
                           SELECT $3)",
        params![low, high, filter.user.map(|user| user.0)],
    )?;
    Ok(Some(found))
}

/// By the user's name, by the client, by the address.
fn of_word(db: &Db<'_>, word: &Word) -> Result<[u64; 3], StoreError> {
    let range = word.network.map(|network| in_range(db, network.keys()));
    let named = count(
        db,
        "SELECT count(*)
         FROM sessions
         WHERE user_id IN (SELECT id
                           FROM users
                           WHERE username_key LIKE $1 ESCAPE '\\')",
        params![containing(&word.text)],
    )?;
    Ok([
        named,
        with_client(db, &word.text)?,
        range.transpose()?.unwrap_or(0),
    ])
}

fn in_range(db: &Db<'_>, (low, high): (Vec<u8>, Vec<u8>)) -> Result<u64, StoreError> {
    count(
        db,
        "SELECT count(*)
         FROM sessions
         WHERE address_key BETWEEN $1 AND $2",
        params![low, high],
    )
}

fn with_client(db: &Db<'_>, text: &str) -> Result<u64, StoreError> {
    count(
        db,
        "SELECT count(*)
         FROM sessions
         WHERE agent IN (SELECT id
                         FROM user_agents
                         WHERE lower(device) LIKE $1 ESCAPE '\\' OR lower(text) LIKE $1 ESCAPE '\\')",
        params![containing(text)],
    )
}

fn count(db: &Db<'_>, sql: &'static str, values: &[&dyn ToSql]) -> Result<u64, StoreError> {
    db.one(sql, values, |row| number(row, 0))
}
