//! How a list of sessions is sorted, and the places in it that the links to other pages name.
//!
//! A place is what the order sorts by, so a page begins behind a row even if that row has gone; rows that did not change are never shown twice and
//! never left out.

use crate::types::ids::SessionId;
use crate::types::network::{address_key, address_of};

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The user's name in lower case; users who are gone last; then the sign-in.
    User,
    /// The client's name; then the client.
    Device,
    /// The address, IPv4 first; those without one before all.
    Address,
    /// The sign-in.
    Started,
    /// The last use.
    #[default]
    Used,
}

impl Sort {
    /// Every order there is.
    pub const ALL: [Self; 5] = [
        Self::User,
        Self::Device,
        Self::Address,
        Self::Started,
        Self::Used,
    ];

    /// As it stands in the URL of a list.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Device => "device",
            Self::Address => "address",
            Self::Started => "started",
            Self::Used => "used",
        }
    }

    /// Whether the first click shows the last first: the newest times are what somebody looks for.
    #[must_use]
    pub const fn begins_descending(self) -> bool {
        matches!(self, Self::Started | Self::Used)
    }
}

/// A place in a list: between the rows whose keys are smaller and those whose keys are greater.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// What is sorted by first, as bytes: a name, an address, a client's name; nothing where it is a time.
    pub(super) text: Vec<u8>,
    /// Then by this: a time, a client's number.
    pub(super) number: i64,
    /// Then by the row's key.
    pub(super) id: i64,
}

/// What no name begins with: users who are gone sort behind every name, by their numbers.
const FORMER: u8 = 0xff;

/// What sorting needs to know of a row.
pub(super) struct Keys {
    pub(super) id: i64,
    pub(super) user: i64,
    /// `None` for users who are gone.
    pub(super) name: Option<String>,
    pub(super) created_at: i64,
    pub(super) used_at: i64,
    pub(super) address: Vec<u8>,
    pub(super) agent: i64,
    pub(super) device: String,
}

impl Place {
    /// Where a row stands.
    pub(super) fn of(sort: Sort, keys: Keys) -> Self {
        let (text, number) = match sort {
            Sort::User => match keys.name {
                Some(name) => (name.into_bytes(), keys.created_at),
                None => (former(keys.user), keys.created_at),
            },
            Sort::Device => (keys.device.into_bytes(), keys.agent),
            Sort::Address => (keys.address, 0),
            Sort::Started => (Vec::new(), keys.created_at),
            Sort::Used => (Vec::new(), keys.used_at),
        };
        Self {
            text,
            number,
            id: keys.id,
        }
    }

    /// The number of the user who is gone, if the place is among theirs.
    pub(super) fn former(&self) -> Option<i64> {
        let (first, number) = self.text.split_first()?;
        (*first == FORMER)
            .then(|| <[u8; 8]>::try_from(number).ok().map(i64::from_be_bytes))
            .flatten()
    }

    /// As it stands in a URL: what is sorted by, readable, and the session's id.
    #[must_use]
    pub fn to_text(&self, sort: Sort) -> String {
        let id = format!("{:016x}", self.id);
        let text = String::from_utf8_lossy(&self.text);
        match sort {
            Sort::Started | Sort::Used => format!("{}~{id}", self.number),
            Sort::Address => match address_of(&self.text) {
                Some(address) => format!("{address}~{id}"),
                None => format!("~{id}"),
            },
            Sort::Device => format!("{text}~{}~{id}", self.number),
            Sort::User => match self.former() {
                Some(user) => format!("!{user}~{}~{id}", self.number),
                None => format!("{text}~{}~{id}", self.number),
            },
        }
    }

    /// Reads it back; `None` for what was never written by [`Place::to_text`] for this order.
    #[must_use]
    pub fn from_text(sort: Sort, text: &str) -> Option<Self> {
        let (rest, id) = text.rsplit_once('~')?;
        let id = id.parse::<SessionId>().ok()?.get();
        let place = match sort {
            Sort::Started | Sort::Used => Self {
                text: Vec::new(),
                number: rest.parse().ok()?,
                id,
            },
            Sort::Address => Self {
                text: match rest {
                    "" => Vec::new(),
                    rest => address_key(rest.parse().ok()?),
                },
                number: 0,
                id,
            },
            Sort::Device | Sort::User => {
                let (name, number) = rest.rsplit_once('~')?;
                let text = match name.strip_prefix('!').filter(|_| sort == Sort::User) {
                    Some(user) => former(user.parse().ok()?),
                    None => name.as_bytes().to_vec(),
                };
                Self {
                    text,
                    number: number.parse().ok()?,
                    id,
                }
            }
        };
        // What reads back otherwise was never written: one place has one text.
        (place.to_text(sort) == text).then_some(place)
    }
}

/// What sorts a user who is gone.
pub(super) fn former(user: i64) -> Vec<u8> {
    [&[FORMER][..], &user.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::{Keys, Place, Sort};

    fn keys(name: Option<&str>, address: &[u8]) -> Keys {
        Keys {
            id: 0x0123_4567_89ab_cdef,
            user: 17,
            name: name.map(str::to_owned),
            created_at: 1_757_172_645_123_456,
            used_at: 1_757_172_999_000_000,
            address: address.to_vec(),
            agent: 5,
            device: "Firefox on Linux".to_owned(),
        }
    }

    #[test]
    fn a_place_is_readable_and_reads_back() {
        for (sort, name, address, text) in [
            (
                Sort::Used,
                None,
                &[][..],
                "1757172999000000~0123456789abcdef",
            ),
            (
                Sort::Started,
                None,
                &[],
                "1757172645123456~0123456789abcdef",
            ),
            (
                Sort::Address,
                None,
                &[4, 203, 0, 113, 7],
                "203.0.113.7~0123456789abcdef",
            ),
            (Sort::Address, None, &[], "~0123456789abcdef"),
            (
                Sort::Device,
                None,
                &[],
                "Firefox on Linux~5~0123456789abcdef",
            ),
            (
                Sort::User,
                Some("ann"),
                &[],
                "ann~1757172645123456~0123456789abcdef",
            ),
            (
                Sort::User,
                None,
                &[],
                "!17~1757172645123456~0123456789abcdef",
            ),
        ] {
            let place = Place::of(sort, keys(name, address));
            assert_eq!(place.to_text(sort), text);
            assert_eq!(Place::from_text(sort, text), Some(place));
        }
    }

    #[test]
    fn what_was_never_written_is_no_place() {
        for wrong in [
            "",
            "~",
            "1757172999000000",
            "1757172999000000~1",
            "x~0123456789abcdef",
            "+5~0123456789abcdef",
            "005~0123456789abcdef",
            "9999999999999999999~0123456789abcdef",
            "5~0000000000000000",
            "5~0123456789ABCDEF",
            "5~0123456789abcdef~",
            "' OR 1=1 --~0123456789abcdef",
        ] {
            assert_eq!(Place::from_text(Sort::Used, wrong), None, "{wrong}");
            assert_eq!(Place::from_text(Sort::Address, wrong), None, "{wrong}");
        }
        assert_eq!(Place::from_text(Sort::User, "!x~5~0123456789abcdef"), None);
        assert_eq!(Place::from_text(Sort::User, "ann~0123456789abcdef"), None);
    }

    #[test]
    fn users_who_are_gone_stand_behind_every_name() {
        let last = Place::of(Sort::User, keys(Some("zzz"), &[]));
        assert!(last < Place::of(Sort::User, keys(None, &[])));
    }
}
