//! How much time the database has seen pass, on clocks that nobody can set: what it takes for something to be old, whatever the wall clock says.
//!
//! The wall clock alone never makes anything old enough to be removed: it may be a battery that died, a time server that lies, or a finger that
//! slipped. So the database keeps a sum, its *lived time*, of what was certain to pass:
//!
//! - within one boot of a machine, what its steady clock says, also while no server ran and while the machine slept;
//! - from one boot to another, or from one machine to another, only what the present process has run for;
//! - nothing where the steady clock went back, as when a machine is put back to an earlier state.
//!
//! The sum never runs ahead of true time. It falls behind while a machine is off; then what is old is kept for longer, and that is the side to err on.
//!
//! A row's moment names its boot and the steady clock then, and for each boot the table `boots` says where on the sum it lies. So a row's age
//! follows from what it carries anyway: nothing is stamped, and a refresh writes no more than before. A boot that is met in a row and was never
//! seen by a server (a command ended a session, and the machine was started anew before the next server) counts from when it was met.
//!
//! A backup that is put back brings its own sum, and its rows lie on that. On the machine and in the boot that it was made in, the time since is
//! certain and is added; on any other machine only what passes from then on.

use rusqlite::params;

use crate::store::db::{Db, Tx};
use crate::store::error::StoreError;
use crate::store::{Change, Store};
use crate::types::time::{Elapsed, Moment};

/// A point on the sum, in microseconds. (Before the counting began it is negative.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lived(i64);

/// Where the counting began.
pub const BEGINNING: Lived = Lived(0);

impl Lived {
    /// How much lies between an earlier point and this one, in microseconds; negative if that one is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The sum, and when it was last brought up to date.
#[derive(Clone, Copy, Debug)]
struct Sum {
    lived: i64,
    read: Moment,
}

impl Sum {
    fn load(db: &Db<'_>) -> Result<Option<Self>, StoreError> {
        db.optional(
            "SELECT micros, steady, boot
             FROM lived
             WHERE id = 1",
            params![],
            |row| {
                Ok(Self {
                    lived: row.get(0)?,
                    read: Moment::from_row(0, row.get(1)?, row.get(2)?),
                })
            },
        )
    }

    /// What it comes to at `now`; `None` if the steady clock went back.
    fn at(self, now: Moment) -> Option<i64> {
        match now.since(self.read) {
            // Not the span, which is never negative: whoever was overtaken on the way here is exactly that much earlier.
            Elapsed::Span(_) => Some(now.steady.saturating_sub(self.read.steady)),
            Elapsed::AtLeast(_) => Some(now.running.max(0)),
            Elapsed::Unknown => None,
        }
        .map(|passed| self.lived.saturating_add(passed))
    }
}

/// Where `now` lies on the sum; `None` where that cannot be said: before the first server, and after the steady clock went back until the sum
/// is brought up to date.
///
/// # Errors
/// What SQLite says.
pub fn at(db: &Db<'_>, now: Moment) -> Result<Option<Lived>, StoreError> {
    Ok(Sum::load(db)?.and_then(|sum| sum.at(now)).map(Lived))
}

/// Where a row's moment lies on the sum, or lay at the latest; `None` if its boot was never met.
///
/// # Errors
/// What SQLite says.
pub fn place(db: &Db<'_>, moment: Moment) -> Result<Option<Lived>, StoreError> {
    db.optional(
        "SELECT lived - steady
         FROM boots
         WHERE boot = $1",
        params![moment.boot],
        |row| {
            let origin: i64 = row.get(0)?;
            Ok(Lived(origin.saturating_add(moment.steady)))
        },
    )
}

/// Brings the sum up to date and tells where `now` lies on it.
///
/// # Errors
/// What SQLite says.
pub fn advance(tx: &Tx<'_>, now: Moment) -> Result<Lived, StoreError> {
    let before = Sum::load(tx)?;
    let reached = before.map_or(Some(0), |sum| sum.at(now));
    let is_overtaken = before.is_some_and(|sum| reached.is_some_and(|micros| micros < sum.lived));
    if let (true, Some(micros)) = (is_overtaken, reached) {
        return Ok(Lived(micros));
    }
    let micros = reached.unwrap_or_else(|| before.map_or(0, |sum| sum.lived));
    tx.execute_on_one(
        "INSERT INTO lived (id, micros, steady, boot)
         VALUES (1, $1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET micros = $1, steady = $2, boot = $3",
        params![micros, now.steady, now.boot],
    )?;
    // Where the steady clock went back, rows of this boot lie later on the sum than its clock said before.
    let is_put_back = before.is_some() && reached.is_none();
    if is_put_back || place(tx, now)?.is_none() {
        meet(tx, now, Lived(micros))?;
    }
    Ok(Lived(micros))
}

/// Notes that a moment lies at this point of the sum, or before, and with it all of its boot.
///
/// # Errors
/// What SQLite says.
pub fn meet(tx: &Tx<'_>, moment: Moment, at: Lived) -> Result<(), StoreError> {
    tx.execute_on_one(
        "INSERT INTO boots (boot, steady, lived)
         VALUES ($1, $2, $3)
         ON CONFLICT (boot) DO UPDATE SET steady = $2, lived = $3",
        params![moment.boot, moment.steady, at.0],
    )
}

/// Lets a server that starts note the machine's boot, before anything is written in it.
///
/// # Errors
/// What the store says.
pub fn begin(store: &Store, now: Moment) -> Result<(), StoreError> {
    if store.read(|db| place(db, now))?.is_some() {
        return Ok(());
    }
    store.write_blocking(Advance { now }).map(drop)
}

/// Brings the sum up to date. It tells of no change, so it has no audit row.
#[derive(Clone, Copy, Debug)]
pub struct Advance {
    /// What time it is.
    pub now: Moment,
}

impl Change for Advance {
    type Outcome = Lived;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Lived, StoreError> {
        advance(tx, self.now)
    }
}
