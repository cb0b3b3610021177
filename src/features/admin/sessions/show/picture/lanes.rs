//! Who held the session: a lane for each holder, told apart by network and client, so that a change of hands is a change of height.

use crate::features::sessions::lineage::{Event, Kind};
use crate::features::sessions::verdict::{first_use, is_one_holder};

/// Lanes at most: more holders than this share the last one, each named where it begins.
pub const MAX_LANES: usize = 5;

/// The lanes of a lineage.
pub struct Lanes<'a> {
    /// An event of each holder that has a lane of its own, from the top.
    holders: Vec<&'a Event>,
    /// How many there are, with the shared one.
    count: usize,
}

impl<'a> Lanes<'a> {
    /// Gives lanes to holders, in the order in which they came.
    #[must_use]
    pub fn of(events: &'a [Event]) -> Self {
        let mut all: Vec<&Event> = Vec::new();
        // Who ended a session did not hold it.
        for event in events.iter().filter(|event| event.kind != Kind::End) {
            if !all.iter().any(|known| is_one_holder(known, event)) {
                all.push(event);
            }
        }
        let count = all.len().clamp(1, MAX_LANES);
        if all.len() > MAX_LANES {
            let suspects = suspects(events);
            let is_suspect = |event: &&Event| suspects.iter().any(|one| is_one_holder(one, event));
            // The suspects, then the first to come; the sort keeps the order among equals.
            let mut chosen = all.clone();
            chosen.sort_by_key(|event| !is_suspect(event));
            chosen.truncate(MAX_LANES - 1);
            all.retain(|event| chosen.iter().any(|one| one.position == event.position));
        }
        Self {
            holders: all,
            count,
        }
    }

    /// The lane of an event's holder, from 0 at the top.
    #[must_use]
    pub fn lane(&self, event: &Event) -> usize {
        let own = |holder: &&Event| is_one_holder(holder, event);
        self.holders
            .iter()
            .position(own)
            .unwrap_or(self.count.saturating_sub(1))
    }

    /// How many lanes there are: at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }
}

/// The two who used one token.
fn suspects(events: &[Event]) -> Vec<&Event> {
    let reuses = events.iter().filter(|event| event.kind == Kind::Reuse);
    reuses
        .flat_map(|reuse| [Some(reuse), first_use(events, reuse.generation)])
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Lanes, MAX_LANES};
    use crate::features::sessions::lineage::Kind;
    use crate::features::sessions::verdict::tests::story::{AWAY, CHROME, FIREFOX, HOME, Story};

    #[test]
    fn one_holder_has_one_lane_and_who_ended_it_has_none() {
        let story = Story::at_home(9)
            .then(Kind::Rotate, 11, 90_000, "203.0.113.200", FIREFOX)
            .then(Kind::End, 11, 90_001, AWAY, CHROME);
        let lanes = Lanes::of(&story.0);
        assert_eq!(lanes.count(), 1);
        assert!(story.0.iter().all(|event| lanes.lane(event) == 0));
        assert_eq!(Lanes::of(&[]).count(), 1);
    }

    #[test]
    fn a_stranger_has_a_lane_of_its_own_however_many_came_before() {
        let mut story = Story::at_home(1);
        for generation in 3..=30 {
            let address = format!("198.51.{generation}.1");
            story = story.then(Kind::Rotate, generation, generation * 60, &address, FIREFOX);
        }
        let story = story.then(Kind::Reuse, 20, 90_000, AWAY, CHROME);
        let lanes = Lanes::of(&story.0);
        assert_eq!(lanes.count(), MAX_LANES);
        let stranger = story.0.last().expect("a reuse");
        let alone = story
            .0
            .iter()
            .filter(|event| lanes.lane(event) == lanes.lane(stranger));
        assert_eq!(alone.count(), 1);
        assert_eq!(lanes.lane(&story.0[0]), 0);
        assert_eq!(story.0[0].address, HOME.parse().ok());
    }
}
