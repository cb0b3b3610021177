//! The statements that walk an index in the order of a list: where many rows pass, a page is found after few steps.

use rusqlite::{Row, ToSql, params};

use crate::features::sessions::store::many::order::{Keys, Place, Sort, former};
use crate::features::sessions::store::many::passing::{Bound, condition, narrow, used};
use crate::features::sessions::store::many::{Filter, Listed};
use crate::store::{Db, StoreError};

/// A row of a page, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) listed: Listed,
}

/// The columns of [`read`].
macro_rules! columns {
    () => {
        "SELECT s.id, s.user_id, u.username, s.created_at, s.rotated_at, s.ends_at, s.ended_at, s.end_reason,
                s.address, a.text, s.generation, u.username_key, s.address_key, s.agent, a.device\n"
    };
}

fn read(sort: Sort, row: &Row<'_>) -> rusqlite::Result<Found> {
    let keys = Keys {
        id: row.get(0)?,
        user: row.get(1)?,
        created_at: row.get(3)?,
        used_at: row.get(4)?,
        name: row.get(11)?,
        address: row.get(12)?,
        agent: row.get(13)?,
        device: row.get(14)?,
    };
    Ok(Found {
        place: Place::of(sort, keys),
        listed: Listed::read(row)?,
    })
}

/// The row of one session.
pub(super) fn by_id(db: &Db<'_>, sort: Sort, id: i64) -> Result<Option<Found>, StoreError> {
    db.optional(
        concat!(
            columns!(),
            "FROM sessions s
             JOIN user_agents a ON a.id = s.agent
             LEFT JOIN users u ON u.id = s.user_id
             WHERE s.id = $1"
        ),
        params![id],
        |row| read(sort, row),
    )
}

/// The conditions beside the order's own.
macro_rules! others {
    () => {
        concat!(
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

/// A walk along an index of `sessions`: from behind `$26` and `$27` to `$28`.
macro_rules! along_column {
    ($column:literal, $beyond:literal, $until:literal, $direction:literal) => {
        concat!(
            columns!(),
            "FROM sessions s
             LEFT JOIN user_agents a ON a.id = s.agent
             LEFT JOIN users u ON u.id = s.user_id
             WHERE (",
            $column,
            ", s.id) ",
            $beyond,
            " ($26, $27)
               AND ",
            $column,
            " ",
            $until,
            " $28",
            others!(),
            "\n ORDER BY ",
            $column,
            " ",
            $direction,
            ", s.id ",
            $direction,
            "\n LIMIT $29"
        )
    };
    ($column:literal, $descending:expr) => {
        if $descending {
            along_column!($column, "<", ">=", "DESC")
        } else {
            along_column!($column, ">", "<=", "ASC")
        }
    };
}

/// A walk along the names, and the sessions of each in the order of their sign-ins: from behind `$26`, `$27`, `$28` to `$29`.
macro_rules! along_names {
    ($beyond:literal, $from:literal, $until:literal, $direction:literal, $start:literal) => {
        concat!(
            columns!(),
            "FROM users u
             CROSS JOIN sessions s
             LEFT JOIN user_agents a ON a.id = s.agent
             WHERE s.user_id = u.id
               AND u.username_key ", $from, " $26
               AND u.username_key ", $until, " $29
               AND (s.created_at, s.id) ", $beyond, " (CASE WHEN u.username_key = $26 THEN $27 ELSE ", $start, " END,
                                                       CASE WHEN u.username_key = $26 THEN $28 ELSE ", $start, " END)",
            others!(),
            "\n ORDER BY u.username_key ", $direction, ", s.created_at ", $direction, ", s.id ", $direction,
            "\n LIMIT $30"
        )
    };
}

/// The same along the numbers of users who are gone.
macro_rules! along_former {
    ($beyond:literal, $from:literal, $direction:literal, $start:literal) => {
        concat!(
            columns!(),
            "FROM former_users f
             CROSS JOIN sessions s
             LEFT JOIN users u ON u.id = f.id
             LEFT JOIN user_agents a ON a.id = s.agent
             WHERE s.user_id = f.id
               AND f.id ",
            $from,
            " $26
               AND (s.created_at, s.id) ",
            $beyond,
            " (CASE WHEN f.id = $26 THEN $27 ELSE ",
            $start,
            " END,
                                                       CASE WHEN f.id = $26 THEN $28 ELSE ",
            $start,
            " END)",
            others!(),
            "\n ORDER BY f.id ",
            $direction,
            ", s.created_at ",
            $direction,
            ", s.id ",
            $direction,
            "\n LIMIT $29"
        )
    };
}

/// A walk along the names of clients: from behind `$26`, `$27`, `$28`. The device is looked at before its sessions are.
macro_rules! along_devices {
    ($beyond:literal, $from:literal, $direction:literal, $start:literal) => {
        concat!(
            columns!(),
            "FROM user_agents a
             CROSS JOIN sessions s
             LEFT JOIN users u ON u.id = s.user_id
             WHERE s.agent = a.id
               AND (a.device, a.id) ", $from, " ($26, $27)
               AND s.id ", $beyond, " CASE WHEN a.id = $27 THEN $28 ELSE ", $start, " END
               AND ($8 IS NULL OR lower(a.device) LIKE $8 ESCAPE '\\' OR lower(a.text) LIKE $8 ESCAPE '\\')",
            condition!(rest),
            condition!(used),
            condition!(keys),
            condition!(user),
            condition!(network),
            condition!(word),
            "\n ORDER BY a.device ", $direction, ", a.id ", $direction, ", s.id ", $direction,
            "\n LIMIT $29"
        )
    };
}

/// A walk through a list.
pub(super) struct Walk<'filter> {
    pub(super) sort: Sort,
    pub(super) descending: bool,
    pub(super) filter: &'filter Filter,
    pub(super) bound: &'filter Bound,
}

impl Walk<'_> {
    /// The first rows behind a place, at most `limit`; from the beginning without one.
    pub(super) fn behind(
        &self,
        db: &Db<'_>,
        place: Option<&Place>,
        limit: u32,
    ) -> Result<Vec<Found>, StoreError> {
        let from = self.start(place);
        match self.sort {
            Sort::Used => {
                let sql = along_column!("s.rotated_at", self.descending);
                let stop = self.edge(!self.descending).number;
                self.run(db, sql, params![from.number, from.id, stop, limit])
            }
            Sort::Started => {
                let sql = along_column!("s.created_at", self.descending);
                let stop = self.edge(!self.descending).number;
                self.run(db, sql, params![from.number, from.id, stop, limit])
            }
            Sort::Address => {
                let sql = along_column!("s.address_key", self.descending);
                let stop = self.edge(!self.descending).text;
                self.run(db, sql, params![from.text, from.id, stop, limit])
            }
            Sort::Device => {
                let sql = if self.descending {
                    along_devices!("<", "<=", "DESC", "9223372036854775807")
                } else {
                    along_devices!(">", ">=", "ASC", "0")
                };
                let name = String::from_utf8_lossy(&from.text);
                self.run(db, sql, params![name, from.number, from.id, limit])
            }
            Sort::User => self.by_user(db, &from, limit),
        }
    }

    /// Users by their names, then those who are gone; the other way round if the last come first.
    fn by_user(&self, db: &Db<'_>, from: &Place, limit: u32) -> Result<Vec<Found>, StoreError> {
        let is_gone = from.former().is_some();
        // What lies before the place as a whole is left out.
        let parts = [self.descending, !self.descending];
        let parts = &parts[usize::from(is_gone != self.descending)..];
        let mut found = Vec::new();
        for gone in parts {
            let beginning;
            let begin = if *gone == is_gone {
                from
            } else {
                beginning = if *gone { first_gone() } else { last_named() };
                &beginning
            };
            let taken = u32::try_from(found.len()).unwrap_or(limit);
            let left = limit.saturating_sub(taken);
            found.extend(if *gone {
                self.gone(db, begin, left)?
            } else {
                self.named(db, begin, left)?
            });
        }
        Ok(found)
    }

    fn named(&self, db: &Db<'_>, from: &Place, limit: u32) -> Result<Vec<Found>, StoreError> {
        let sql = if self.descending {
            along_names!("<", "<=", ">=", "DESC", "9223372036854775807")
        } else {
            along_names!(">", ">=", "<=", "ASC", "-9223372036854775807")
        };
        let (low, high) = self.filter.names.clone().unwrap_or_default();
        let stop = match (self.filter.names.is_some(), self.descending) {
            (true, true) => low,
            (true, false) => high,
            (false, true) => String::new(),
            (false, false) => LAST_NAME.to_owned(),
        };
        let name = String::from_utf8_lossy(&from.text);
        self.run(db, sql, params![name, from.number, from.id, stop, limit])
    }

    fn gone(&self, db: &Db<'_>, from: &Place, limit: u32) -> Result<Vec<Found>, StoreError> {
        if self.filter.names.is_some() {
            return Ok(Vec::new());
        }
        let sql = if self.descending {
            along_former!("<", "<=", "DESC", "9223372036854775807")
        } else {
            along_former!(">", ">=", "ASC", "-9223372036854775807")
        };
        self.run(db, sql, params![from.former(), from.number, from.id, limit])
    }

    /// Where to begin behind a place: not before what the filter lets pass.
    fn start(&self, place: Option<&Place>) -> Place {
        let edge = self.edge(self.descending);
        match place {
            None => edge,
            Some(place) if self.descending => place.clone().min(edge),
            Some(place) => place.clone().max(edge),
        }
    }

    /// The edge of what the filter lets pass in this order: before the first row, or behind the last.
    fn edge(&self, last: bool) -> Place {
        let (since, until) = used(self.filter);
        let network = self.filter.network.map(|network| network.keys());
        let (first_number, last_number) = match self.sort {
            Sort::Used => (since, until),
            // Of addresses there is nothing but the address.
            Sort::Address => (0, 0),
            Sort::Started | Sort::User | Sort::Device => (i64::MIN, i64::MAX),
        };
        let (first_text, last_text) = match (self.sort, network, &self.filter.names) {
            (Sort::Used | Sort::Started, ..) => Default::default(),
            (Sort::Address, Some((low, high)), _) => (low, high),
            (Sort::Address, None, _) => (Vec::new(), LAST_ADDRESS.to_vec()),
            (Sort::User, _, Some((low, high))) => {
                (low.as_bytes().to_vec(), high.as_bytes().to_vec())
            }
            (Sort::User, _, None) => (Vec::new(), former(i64::MAX)),
            (Sort::Device, ..) => (Vec::new(), LAST_NAME.as_bytes().to_vec()),
        };
        if last {
            Place {
                text: last_text,
                number: last_number,
                id: i64::MAX,
            }
        } else {
            Place {
                text: first_text,
                number: first_number,
                id: 0,
            }
        }
    }

    fn run(
        &self,
        db: &Db<'_>,
        sql: &'static str,
        more: &[&dyn ToSql],
    ) -> Result<Vec<Found>, StoreError> {
        db.all(sql, &self.bound.with(more), |row| read(self.sort, row))
    }
}

/// Sorts behind every name that there is.
const LAST_NAME: &str = "\u{10ffff}";
/// Sorts behind every address that there is.
const LAST_ADDRESS: [u8; 18] = [0xff; 18];

fn first_gone() -> Place {
    Place {
        text: former(0),
        number: i64::MIN,
        id: 0,
    }
}

fn last_named() -> Place {
    Place {
        text: LAST_NAME.as_bytes().to_vec(),
        number: i64::MAX,
        id: i64::MAX,
    }
}
