//! What is owed in real time, in every state, whatever the rules say; and how the rules are asked.

use std::net::IpAddr;
use std::time::Duration;

use hub::features::sessions::model::{Agent, FirstUse, MAX_RETRIES, Session, Standing, Verdict};
use hub::types::ids::{KeyId, SessionId, UserId};
use hub::types::time::{Moment, Timestamp};

use super::rules::Rules;
use super::world::{GRACE_UNITS, OLD_UNITS, RETRY_WEIGHT, Stamp, Tab, UNIT, World};

const GRACE: Duration = Duration::from_secs(10);

impl World {
    /// Compares a verdict with what is owed in real time.
    pub(super) fn owed(
        &self,
        presented: u8,
        arrived: Stamp,
        verdict: Verdict,
        honest: bool,
    ) -> Result<(), String> {
        if presented == self.generation {
            return match verdict {
                Verdict::Rotate => Ok(()),
                Verdict::Settle if self.retries > 0 && self.is_young(arrived) => Ok(()),
                Verdict::Settle => Err(format!(
                    "generation {presented} gave what is not owed: itself"
                )),
                _ => Err(format!("the present generation {presented} was refused")),
            };
        }
        let ago = self.used_ago(presented).saturating_sub(arrived.age);
        let in_time = ago <= GRACE_UNITS;
        let again = match verdict {
            Verdict::Retry => presented + 1 == self.generation,
            Verdict::Straggler => presented + 1 < self.generation,
            _ => false,
        };
        if is_given(verdict) && !(again && in_time) {
            return Err(format!("generation {presented} gave what is not owed"));
        }
        if verdict == Verdict::Reuse && !self.thief_acted {
            return Err(format!("generation {presented}: honest and signed out"));
        }
        let used = self.made[usize::from(presented)];
        let tired = self.is_tired();
        let untold = used.other_boot || self.is_forgotten(presented);
        if honest && in_time && !untold && !tired && !again {
            return Err(format!("generation {presented}: honest, in time, refused"));
        }
        // In doubt is whoever comes before the machine has been up for a grace, and whoever is forgotten until even the oldest that is
        // remembered is that old.
        let since = if self.is_forgotten(presented) {
            self.oldest
        } else {
            used
        };
        let surely = if since.other_boot {
            self.up.saturating_sub(arrived.age)
        } else {
            since.age.saturating_sub(arrived.age)
        };
        if !in_time && surely > GRACE_UNITS && verdict != Verdict::Reuse {
            return Err(format!(
                "generation {presented} came late and was not found out"
            ));
        }
        Ok(())
    }

    /// Whether the present generation was made within the grace before whoever arrived then.
    fn is_young(&self, arrived: Stamp) -> bool {
        let made = self.used_ago(self.generation - 1);
        made.saturating_sub(arrived.age) <= GRACE_UNITS
    }

    fn is_tired(&self) -> bool {
        i64::from(self.retries) * RETRY_WEIGHT >= MAX_RETRIES
    }

    /// Whether a successor made now may come to lie under the present generation in the storage: an answer that carries it is still on its
    /// way, and neither the grace nor the bound is over.
    pub(super) fn is_overtaken(&self, arrived: Stamp) -> bool {
        let is_under_way =
            |tab: &Tab| matches!(tab, Tab::Answered { given, .. } if *given == self.generation);
        let made = self.made[usize::from(self.generation) - 1];
        self.tabs.iter().any(is_under_way)
            && self.is_young(arrived)
            && !made.other_boot
            && !self.is_tired()
    }

    /// What must hold in every state: exactly one live leaf, and nothing but it and its ancestors in time would be given anything now.
    pub fn check(&self, rules: &Rules) -> Result<(), String> {
        if self.ended {
            return Ok(());
        }
        let mut leaves = 0;
        for presented in 1..=self.generation {
            let verdict = self.judge(presented, Stamp::default(), rules);
            self.owed(presented, Stamp::default(), verdict, true)
                .or_else(|problem| {
                    // Of what nobody presents, only what would be given counts.
                    if is_given(verdict) {
                        Err(problem)
                    } else {
                        Ok(())
                    }
                })?;
            leaves += u8::from(matches!(verdict, Verdict::Rotate | Verdict::Settle));
        }
        if leaves == 1 {
            Ok(())
        } else {
            Err(format!("{leaves} live leaves"))
        }
    }

    pub(super) fn judge(&self, presented: u8, arrived: Stamp, rules: &Rules) -> Verdict {
        let first_use = (presented < self.generation).then(|| {
            if self.is_forgotten(presented) {
                FirstUse::Before(self.moment(self.oldest))
            } else {
                FirstUse::At(self.moment(self.made[usize::from(presented)]))
            }
        });
        (rules.judge)(
            i64::from(presented),
            &self.session(),
            first_use,
            self.moment(arrived),
            GRACE,
        )
    }

    /// Whether the first use of a generation is in the lineage no more; that of the last two stands in the row.
    fn is_forgotten(&self, presented: u8) -> bool {
        presented < self.forgotten && presented + 2 < self.generation
    }

    pub(super) fn session(&self) -> Session {
        let previous = (self.generation > 1).then(|| self.made[usize::from(self.generation) - 2]);
        Session {
            id: SessionId::from_row(1).expect("positive"),
            user: UserId(1),
            salt: hub::types::salt::Salt::from_row([0; 16]),
            generation: i64::from(self.generation),
            key: KeyId::FIRST,
            retries: i64::from(self.retries) * RETRY_WEIGHT,
            rotated: self.rotated(),
            previous: previous.map(|previous| self.moment(previous)),
            created_at: Timestamp::from_seconds(0),
            ends_at: Timestamp::from_seconds(i64::MAX),
            standing: Standing::Live,
            address: None::<IpAddr>,
            agent: Agent {
                id: 1,
                text: String::new(),
            },
            lineage_length: 1,
        }
    }

    pub(super) fn rotated(&self) -> Moment {
        self.moment(self.made[usize::from(self.generation) - 1])
    }

    /// The moment of a stamp, as the Hub reads its clocks: capped times are long ago, another boot's steady clock stood anywhere.
    pub(super) fn moment(&self, stamp: Stamp) -> Moment {
        let up = if self.up == OLD_UNITS {
            1_000
        } else {
            i64::from(self.up)
        };
        let wall = Timestamp::from_micros((1_000_000 - i64::from(stamp.wall)) * UNIT);
        let running = up - i64::from(stamp.age);
        // The machine was up for a while before the Hub began: perhaps it is not even the same machine.
        let (boot, steady) = if stamp.other_boot {
            (1, 500)
        } else {
            (2, 2_000 + running)
        };
        Moment {
            wall,
            steady: steady * UNIT,
            boot,
            running: running * UNIT,
        }
    }
}

fn is_given(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Rotate | Verdict::Settle | Verdict::Retry | Verdict::Straggler
    )
}
