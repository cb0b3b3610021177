//! Lineages for tests, told event by event.

use crate::features::sessions::lineage::{Event, Kind};
use crate::types::time::Timestamp;
use crate::types::user_agent::UserAgent;

pub const HOME: &str = "203.0.113.7";
pub const AWAY: &str = "198.51.100.9";
pub const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";
pub const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

/// A lineage being told: each line adds an event, so many seconds after the sign-in.
#[derive(Default)]
pub struct Story(pub Vec<Event>);

impl Story {
    /// A sign-in at home, and `rotations` of it, one an hour.
    pub fn at_home(rotations: i64) -> Self {
        let mut story = Self::default().then(Kind::Start, 1, 0, HOME, FIREFOX);
        for generation in 2..=rotations + 1 {
            let seconds = (generation - 1) * 3_600;
            story = story.then(Kind::Rotate, generation, seconds, HOME, FIREFOX);
        }
        story
    }

    pub fn then(
        mut self,
        kind: Kind,
        generation: i64,
        seconds: i64,
        from: &str,
        with: &str,
    ) -> Self {
        self.0.push(Event {
            position: i64::try_from(self.0.len()).unwrap_or(0) + 1,
            kind,
            generation,
            at: Timestamp::from_seconds(1_757_160_000 + seconds),
            address: from.parse().ok(),
            user_agent: UserAgent::parse(with),
        });
        self
    }
}
