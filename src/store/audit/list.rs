//! The rows that a filter lets pass, newest first, in pages that neither repeat nor lose one; and how many there are.
//!
//! The number of a row is its place in the list: it never changes, and later rows have higher ones.

use rusqlite::params;

use crate::store::audit::Entry;
use crate::store::db::{Db, Values};
use crate::store::error::StoreError;
use crate::types::time::Timestamp;

/// Which rows are meant. Absent conditions let everything pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only rows with this actor.
    pub actor: Option<String>,
    /// Only rows with this action, or with an action of this group (`session` for `session.…`).
    pub action: Option<String>,
    /// Only rows with this target.
    pub target: Option<String>,
    /// Only rows with this address.
    pub address: Option<String>,
    /// Only rows of this request.
    pub request_id: Option<String>,
    /// Only rows at or after this time.
    pub since: Option<Timestamp>,
    /// Only rows before this time.
    pub until: Option<Timestamp>,
    /// How many rows at most, where the whole list is asked for at once ([`list`]).
    pub limit: u32,
}

/// What a filter finds in the audit as it is at one moment: rows that are written later stay out of its pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// How many rows pass.
    pub total: i64,
    /// None of them has a lower number.
    pub first: i64,
    /// Nor a higher one.
    pub last: i64,
    /// The filter's times, where not every row between `first` and `last` lies in them: the wall clock was set back in between.
    times: (Option<i64>, Option<i64>),
}

/// The text of a statement on the filter's rows. `$leading` is the condition that an index answers; it repeats one of the others, which
/// let everything pass where their value is absent and so cannot lead.
macro_rules! statement {
    (count, $leading:literal) => {
        statement!("SELECT count(*) FROM audit WHERE ", $leading, "")
    };
    (before, $leading:literal) => {
        statement!(
            "SELECT id, at, actor, action, target, address, request_id, detail, hash FROM audit WHERE ",
            $leading,
            " ORDER BY id DESC LIMIT $10"
        )
    };
    (after, $leading:literal) => {
        statement!(
            "SELECT id, at, actor, action, target, address, request_id, detail, hash FROM audit WHERE ",
            $leading,
            " ORDER BY id LIMIT $10"
        )
    };
    ($asked:literal, $leading:literal, $order:literal) => {
        concat!(
            $asked,
            $leading,
            " AND ($1 IS NULL OR actor = $1)
              AND ($2 IS NULL OR action = $2 OR substr(action, 1, length($2) + 1) = $2 || '.')
              AND ($3 IS NULL OR target = $3)
              AND ($4 IS NULL OR address = $4)
              AND ($5 IS NULL OR request_id = $5)
              AND ($6 IS NULL OR at >= $6)
              AND ($7 IS NULL OR at < $7)
              AND id >= $8
              AND id <= $9",
            $order
        )
    };
}

/// The three statements on a filter's rows, led by the same condition.
struct Statements {
    count: &'static str,
    before: &'static str,
    after: &'static str,
}

macro_rules! led_by {
    ($leading:literal) => {
        Statements {
            count: statement!(count, $leading),
            before: statement!(before, $leading),
            after: statement!(after, $leading),
        }
    };
}

impl Filter {
    /// The statements whose leading condition has the fewest rows, as a rule: a target has less than an address, that less than an actor.
    fn statements(&self) -> Statements {
        let one_action = self.action.as_ref().is_some_and(|text| text.contains('.'));
        if self.target.is_some() {
            led_by!("target = $3")
        } else if self.address.is_some() {
            led_by!("address = $4")
        } else if self.actor.is_some() {
            led_by!("actor = $1")
        } else if one_action {
            led_by!("action = $2")
        } else {
            led_by!("id > 0")
        }
    }

    /// Whether only times are asked for.
    fn is_of_times_only(&self) -> bool {
        self.actor.is_none()
            && self.action.is_none()
            && self.target.is_none()
            && self.address.is_none()
            && self.request_id.is_none()
    }

    /// Runs `with` on the values of `$1` to `$10`.
    fn bind<T>(&self, extent: &Extent, limit: u32, with: impl FnOnce(Values<'_>) -> T) -> T {
        with(params![
            self.actor,
            self.action,
            self.target,
            self.address,
            self.request_id,
            extent.times.0,
            extent.times.1,
            extent.first,
            extent.last,
            limit
        ])
    }
}

/// What the filter finds now.
///
/// # Errors
/// What SQLite says.
pub fn extent(db: &Db<'_>, filter: &Filter) -> Result<Extent, StoreError> {
    let mut extent = whole(db)?;
    if filter.since.is_some() || filter.until.is_some() {
        extent = within(db, filter, &extent)?;
    }
    if filter.is_of_times_only() || extent.total == 0 {
        return Ok(extent);
    }
    let total = count(db, filter, &extent)?;
    Ok(Extent { total, ..extent })
}

fn count(db: &Db<'_>, filter: &Filter, extent: &Extent) -> Result<i64, StoreError> {
    filter.bind(extent, 0, |values| {
        // All but the limit.
        let values = &values[..values.len() - 1];
        db.one(filter.statements().count, values, |row| row.get(0))
    })
}

/// All rows.
fn whole(db: &Db<'_>) -> Result<Extent, StoreError> {
    db.one(
        "SELECT (SELECT count(*) FROM audit), (SELECT max(id) FROM audit)",
        params![],
        |row| {
            Ok(Extent {
                total: row.get(0)?,
                first: 1,
                last: row.get::<_, Option<i64>>(1)?.unwrap_or(0),
                times: (None, None),
            })
        },
    )
}

/// The rows within the filter's times.
fn within(db: &Db<'_>, filter: &Filter, whole: &Extent) -> Result<Extent, StoreError> {
    let times = (
        filter.since.map(Timestamp::micros),
        filter.until.map(Timestamp::micros),
    );
    let (total, first, last) = db.one(
        "SELECT count(*), min(id), max(id)
         FROM audit
         WHERE at >= $1 AND at < $2 AND id <= $3",
        params![
            times.0.unwrap_or(i64::MIN),
            times.1.unwrap_or(i64::MAX),
            whole.last
        ],
        |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, Option<i64>>(1)?.unwrap_or(1),
                row.get::<_, Option<i64>>(2)?.unwrap_or(0),
            ))
        },
    )?;
    let unbroken = total == last - first + 1;
    Ok(Extent {
        total,
        first,
        last,
        times: if unbroken { (None, None) } else { times },
    })
}

/// How many rows of an extent are newer than the row `id`.
///
/// # Errors
/// What SQLite says.
pub fn newer(db: &Db<'_>, filter: &Filter, extent: &Extent, id: i64) -> Result<i64, StoreError> {
    let newer = Extent {
        first: extent.first.max(id.saturating_add(1)),
        ..*extent
    };
    if newer.first > newer.last {
        return Ok(0);
    }
    // Without a filter, or with times that no set clock has torn, every row between the two passes, as the numbers have no gap.
    let unbroken = extent.total == extent.last - extent.first + 1;
    if unbroken {
        return Ok(newer.last - newer.first + 1);
    }
    count(db, filter, &newer)
}

/// The newest rows of an extent that are older than the row `id`, newest first.
///
/// # Errors
/// What SQLite says.
pub fn before(
    db: &Db<'_>,
    filter: &Filter,
    extent: &Extent,
    id: i64,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let extent = Extent {
        last: extent.last.min(id.saturating_sub(1)),
        ..*extent
    };
    filter.bind(&extent, limit, |values| {
        db.all(filter.statements().before, values, Entry::read)
    })
}

/// The oldest rows of an extent that are newer than the row `id`, newest first.
///
/// # Errors
/// What SQLite says.
pub fn after(
    db: &Db<'_>,
    filter: &Filter,
    extent: &Extent,
    id: i64,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let extent = Extent {
        first: extent.first.max(id.saturating_add(1)),
        ..*extent
    };
    let mut rows = filter.bind(&extent, limit, |values| {
        db.all(filter.statements().after, values, Entry::read)
    })?;
    rows.reverse();
    Ok(rows)
}

/// The newest rows that pass the filter, newest first, at most as many as it says.
///
/// # Errors
/// What SQLite says.
pub fn list(db: &Db<'_>, filter: &Filter) -> Result<Vec<Entry>, StoreError> {
    let everything = Extent {
        total: 0,
        first: 1,
        last: i64::MAX,
        times: (
            filter.since.map(Timestamp::micros),
            filter.until.map(Timestamp::micros),
        ),
    };
    before(db, filter, &everything, i64::MAX, filter.limit)
}
