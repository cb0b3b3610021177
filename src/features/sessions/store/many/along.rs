//! The statements that go into the table by one condition of the filter and look at the others on the way.

use crate::features::sessions::store::many::passing::{condition, narrow, passing};

/// By which condition a statement goes into the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// A range of the table's own keys.
    Keys,
    /// The sessions of some users.
    User,
    /// A range of addresses.
    Network,
    /// The sessions of some clients.
    Device,
    /// Whatever the first word names: users, clients, addresses.
    Word,
    /// A stretch of last use; an index that tells the status too.
    Used,
    /// The whole table in its own order: where most rows are looked at anyway, that is faster than to fetch them one by one.
    All,
}

macro_rules! by_path {
    ($path:expr, $select:literal) => {
        match $path {
            Path::Keys => concat!($select, passing!(keys)),
            Path::User => concat!($select, passing!(user)),
            Path::Network => concat!($select, passing!(network)),
            Path::Device => concat!($select, passing!(device)),
            Path::Word => concat!($select, passing!(word)),
            Path::Used => concat!($select, passing!(used)),
            Path::All => concat!($select, passing!(all)),
        }
    };
}

/// How many pass.
pub(super) fn count(path: Path) -> &'static str {
    by_path!(
        path,
        "SELECT count(*)
         FROM sessions s
         WHERE "
    )
}

/// What every order sorts by, of at most `$26` that pass.
pub(super) fn places(path: Path) -> &'static str {
    macro_rules! limited {
        ($way:tt) => {
            concat!(
                "SELECT s.id, s.user_id, u.username_key, s.created_at, s.rotated_at, s.address_key, s.agent, a.device
                 FROM sessions s
                 LEFT JOIN users u ON u.id = s.user_id
                 LEFT JOIN user_agents a ON a.id = s.agent
                 WHERE ",
                passing!($way),
                "\n LIMIT $26"
            )
        };
    }
    match path {
        Path::Keys => limited!(keys),
        Path::User => limited!(user),
        Path::Network => limited!(network),
        Path::Device => limited!(device),
        Path::Word => limited!(word),
        Path::Used => limited!(used),
        Path::All => limited!(all),
    }
}

/// Those that pass and were not ended yet.
pub(super) fn endings(path: Path) -> &'static str {
    by_path!(
        path,
        "SELECT s.id, s.user_id, s.generation, s.lineage_length, s.ends_at > $19 AND s.rotated_at > $20, s.created_at
         FROM sessions s
         WHERE s.ended_at IS NULL AND "
    )
}
