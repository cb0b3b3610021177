//! One session and all that acts on it, small enough to be searched: generations from 1, time in units of half a grace, everything
//! relative to now and capped where it stops to matter.

use hub::features::sessions::model::{MAX_RETRIES, Verdict};

use super::rules::Rules;

/// The grace in units.
pub const GRACE_UNITS: u8 = 2;
/// Microseconds in one unit.
pub const UNIT: i64 = 5_000_000;
/// How long a request waits between the clock and the writer at most.
const MAX_WAIT_UNITS: u8 = 1;
/// Ages end to be told apart here: older by more than the grace than whatever still waits.
pub const OLD_UNITS: u8 = GRACE_UNITS + 1 + MAX_WAIT_UNITS;
/// How far the wall clock is set, forward or back: out of any window, or into it again.
const STEP_UNITS: i8 = 3;
/// Retries that one of the model's stands for, so that the bound is reached by two.
pub const RETRY_WEIGHT: i64 = MAX_RETRIES / 2;
/// Most generations of any scenario.
const GENERATIONS: usize = 6;
const TABS: usize = 3;

/// What may happen in a search.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub tabs: usize,
    pub thief: bool,
    pub generations: u8,
    pub clock_steps: u8,
    pub boots: u8,
    pub floods: u8,
}

/// A reading of the clocks, as it is seen from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stamp {
    /// Real time since, capped.
    pub age: u8,
    /// What the wall clock says has passed since.
    pub wall: i8,
    /// Read before the machine was last started.
    pub other_boot: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Tab {
    Idle {
        held: u8,
    },
    /// Its request has arrived and waits for the writer.
    Waits {
        held: u8,
        arrived: Stamp,
    },
    /// The answer, a pair with this generation, is on its way back.
    Answered {
        held: u8,
        given: u8,
    },
    /// There is no such tab in this scenario.
    Absent,
}

/// Who acts, and on what. Tabs go by their place.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// A unit of time passes.
    Tick,
    /// The wall clock is set.
    StepForward,
    StepBack,
    /// The machine is started anew; whatever waited is gone.
    Boot,
    /// A client in a loop fills the lineage with refusals: of all rotations before, none is kept.
    Flood,
    /// A tab looks into the storage that all tabs share.
    Load(usize),
    /// A tab presents what it holds.
    Send(usize),
    /// The writer takes its request.
    Apply(usize),
    /// Its answer arrives, and goes into the storage.
    Deliver(usize),
    /// Its answer is lost.
    Lose(usize),
    /// The thief presents a generation that was ever in a client's hands.
    Thief(u8),
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub(super) generation: u8,
    pub(super) retries: u8,
    pub(super) ended: bool,
    /// Per generation when it was made, as the row and its lineage have it: the first use of the one before.
    pub(super) made: [Stamp; GENERATIONS],
    /// The same in real time, which nobody in the model can read.
    really_made: [u8; GENERATIONS],
    /// What lies in the storage of the honest client.
    storage: u8,
    /// Sorted: tabs are alike.
    pub(super) tabs: [Tab; TABS],
    /// Generations that ever reached a client, a bit each: the thief may have copied any.
    seen: u8,
    pub(super) thief_acted: bool,
    /// Since the machine was started, capped.
    pub(super) up: u8,
    /// The lineage has forgotten how this generation and those before it came about.
    pub(super) forgotten: u8,
    /// The oldest event that the lineage has kept, once it has forgotten any.
    pub(super) oldest: Stamp,
    steps_left: u8,
    boots_left: u8,
    floods_left: u8,
}

impl World {
    /// Signed in long ago, on a machine that has been up for long, every tab with the first token.
    pub fn new(scenario: &Scenario) -> Self {
        let mut tabs = [Tab::Absent; TABS];
        tabs[..scenario.tabs].fill(Tab::Idle { held: 1 });
        let old = i8::try_from(OLD_UNITS).expect("small");
        let mut made = [Stamp::default(); GENERATIONS];
        made[0] = Stamp {
            age: OLD_UNITS,
            wall: old,
            other_boot: false,
        };
        let mut really_made = [0; GENERATIONS];
        really_made[0] = OLD_UNITS;
        Self {
            generation: 1,
            retries: 0,
            ended: false,
            made,
            really_made,
            storage: 1,
            tabs,
            seen: 1,
            thief_acted: false,
            up: OLD_UNITS,
            forgotten: 0,
            oldest: Stamp::default(),
            steps_left: scenario.clock_steps,
            boots_left: scenario.boots,
            floods_left: scenario.floods,
        }
    }

    /// What can happen next. Nothing happens to an ended session any more.
    pub fn actions(&self, scenario: &Scenario) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.ended {
            return actions;
        }
        let patient = self
            .tabs
            .iter()
            .all(|tab| !matches!(tab, Tab::Waits { arrived, .. } if arrived.age >= MAX_WAIT_UNITS));
        if patient {
            actions.push(Action::Tick);
        }
        if self.steps_left > 0 {
            actions.extend([Action::StepForward, Action::StepBack]);
        }
        if self.boots_left > 0 {
            actions.push(Action::Boot);
        }
        if self.floods_left > 0 {
            actions.push(Action::Flood);
        }
        for place in 0..TABS {
            // Of tabs in the same state one is enough.
            if place > 0 && self.tabs[place] == self.tabs[place - 1] {
                continue;
            }
            match self.tabs[place] {
                Tab::Idle { held } => {
                    if held != self.storage {
                        actions.push(Action::Load(place));
                    }
                    if self.may_send(held) {
                        actions.push(Action::Send(place));
                    }
                }
                Tab::Waits { .. } => actions.push(Action::Apply(place)),
                Tab::Answered { .. } => {
                    actions.extend([Action::Deliver(place), Action::Lose(place)]);
                }
                Tab::Absent => {}
            }
        }
        if scenario.thief {
            let seen = (1..=self.generation).filter(|given| self.seen & bit(*given) != 0);
            actions.extend(seen.map(Action::Thief));
        }
        actions
    }

    /// What an honest client is: it presents nothing that it had used itself more than a grace ago. (It cannot know what a thief used.)
    fn may_send(&self, held: u8) -> bool {
        held == self.generation || self.thief_acted || self.used_ago(held) <= GRACE_UNITS
    }

    /// Real time since the first use of a generation that was used.
    pub(super) fn used_ago(&self, generation: u8) -> u8 {
        self.really_made[usize::from(generation)]
    }

    /// The world after an action; `None` where it leads out of the scenario.
    ///
    /// # Errors
    /// The promise that the action broke.
    pub fn after(
        &self,
        action: Action,
        scenario: &Scenario,
        rules: &Rules,
    ) -> Result<Option<Self>, String> {
        let mut world = self.clone();
        match action {
            Action::Tick => world.tick(),
            Action::StepForward => world.step(STEP_UNITS),
            Action::StepBack => world.step(-STEP_UNITS),
            Action::Boot => world.boot(),
            Action::Flood => world.flood(),
            Action::Load(place) => world.tabs[place] = Tab::Idle { held: self.storage },
            Action::Send(place) => {
                if let Tab::Idle { held } = self.tabs[place] {
                    let arrived = Stamp::default();
                    world.tabs[place] = Tab::Waits { held, arrived };
                }
            }
            Action::Apply(place) => {
                if let Tab::Waits { held, arrived } = self.tabs[place] {
                    if held == scenario.generations {
                        return Ok(None);
                    }
                    let given = world.present(held, arrived, true, rules)?;
                    world.tabs[place] = match given {
                        Some(given) => Tab::Answered { held, given },
                        None => Tab::Idle { held },
                    };
                }
            }
            Action::Deliver(place) => {
                if let Tab::Answered { given, .. } = self.tabs[place] {
                    world.tabs[place] = Tab::Idle { held: given };
                    world.storage = given;
                    world.seen |= bit(given);
                }
            }
            Action::Lose(place) => {
                if let Tab::Answered { held, .. } = self.tabs[place] {
                    world.tabs[place] = Tab::Idle { held };
                }
            }
            Action::Thief(presented) => {
                if presented == scenario.generations {
                    return Ok(None);
                }
                world.thief_acted = true;
                let given = world.present(presented, Stamp::default(), false, rules)?;
                world.seen |= given.map_or(0, bit);
            }
        }
        world.reduce();
        Ok(Some(world))
    }

    fn tick(&mut self) {
        self.each_stamp(|stamp| {
            stamp.age = (stamp.age + 1).min(OLD_UNITS);
            stamp.wall += 1;
        });
        let generation = usize::from(self.generation);
        for age in &mut self.really_made[..generation] {
            *age = (*age + 1).min(OLD_UNITS);
        }
        self.up = (self.up + 1).min(OLD_UNITS);
    }

    fn step(&mut self, units: i8) {
        self.steps_left -= 1;
        self.each_stamp(|stamp| stamp.wall += units);
    }

    fn boot(&mut self) {
        self.boots_left -= 1;
        self.up = 0;
        for tab in &mut self.tabs {
            if let Tab::Waits { held, .. } = *tab {
                *tab = Tab::Idle { held };
            }
        }
        self.each_stamp(|stamp| stamp.other_boot = true);
    }

    fn flood(&mut self) {
        self.floods_left -= 1;
        self.forgotten = self.generation;
        self.oldest = Stamp::default();
    }

    /// Brings worlds that differ in nothing that matters into one form.
    fn reduce(&mut self) {
        // However far the clock may still be set back, nothing beyond this falls into a window again.
        let far = OLD_UNITS + self.steps_left * STEP_UNITS.unsigned_abs();
        let far = i8::try_from(far).expect("small");
        self.each_stamp(|stamp| stamp.wall = stamp.wall.min(far));
        self.tabs.sort_unstable();
    }

    fn each_stamp(&mut self, change: impl Fn(&mut Stamp)) {
        let generation = usize::from(self.generation);
        self.made[..generation].iter_mut().for_each(&change);
        if self.forgotten > 0 {
            change(&mut self.oldest);
        }
        for tab in &mut self.tabs {
            if let Tab::Waits { arrived, .. } = tab {
                change(arrived);
            }
        }
    }

    /// Presents a generation; the generation that is given for it, if one is.
    fn present(
        &mut self,
        presented: u8,
        arrived: Stamp,
        honest: bool,
        rules: &Rules,
    ) -> Result<Option<u8>, String> {
        let verdict = self.judge(presented, arrived, rules);
        self.owed(presented, arrived, verdict, honest)?;
        match verdict {
            Verdict::Rotate => {
                if presented == self.generation && self.is_overtaken(arrived) {
                    return Err(format!(
                        "generation {presented} was rotated while it was under way to a tab"
                    ));
                }
                let now = self.moment(arrived);
                let before = self.rotated().wall;
                let rotated = self.session().rotation_moment(now);
                let units = (now.wall.micros() - rotated.wall.micros()) / UNIT;
                let place = usize::from(self.generation);
                self.made[place] = Stamp {
                    wall: arrived.wall + i8::try_from(units).expect("small"),
                    ..arrived
                };
                self.really_made[place] = arrived.age;
                self.generation += 1;
                self.retries = 0;
                if self.rotated().wall < before {
                    return Err("the time of the rotation went down".to_owned());
                }
                Ok(Some(self.generation))
            }
            Verdict::Settle | Verdict::Retry | Verdict::Straggler => {
                self.retries += 1;
                if rules.windows_slide && verdict != Verdict::Settle {
                    self.made[usize::from(presented)] = arrived;
                }
                if i64::from(self.retries) * RETRY_WEIGHT > MAX_RETRIES {
                    return Err("more retries than the bound".to_owned());
                }
                Ok(Some(self.generation))
            }
            Verdict::Reuse => {
                self.ended = true;
                Ok(None)
            }
            Verdict::WornOut | Verdict::Unsure | Verdict::Ahead => Ok(None),
        }
    }
}

fn bit(generation: u8) -> u8 {
    1 << (generation - 1)
}
