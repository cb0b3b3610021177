//! The places of the door: how many connections may be open, in all and for one network, and whose goes when all are taken.
//!
//! Requests take no lock here: a connection notes in its own [`Tenure`] what it waits for, and only an accept that finds no room reads
//! the notes of all.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::limits::{ASK_AGAIN, Limits, MAX_NEXT_TO_GO, TELL_AGAIN};
use super::tenure::{Tenure, Waiting, microseconds};
use crate::types::door_counts::DoorCounts;
use crate::types::sender_network::SenderNetwork;

/// All places, taken and free.
pub(super) struct Places {
    max_connections: usize,
    max_connections_per_network: usize,
    counts: Arc<DoorCounts>,
    ledger: Mutex<Ledger>,
    /// Told when a connection is gone.
    freed: Notify,
}

/// Who has which place.
struct Ledger {
    opened: Instant,
    grace: Duration,
    last_number: u64,
    taken: HashMap<u64, Taken>,
    /// The connections of each network, those that were asked to go left out.
    networks: HashMap<SenderNetwork, Vec<u64>>,
    /// Those that have waited longest, as the last look at all found them: the next to be asked, if nothing has changed for them.
    next_to_go: VecDeque<(Waiting, u64)>,
    /// How many were asked to go and have not gone.
    going: usize,
    told: Told,
}

struct Taken {
    tenure: Arc<Tenure>,
    network: Option<SenderNetwork>,
    going: bool,
}

/// What was done for want of room since the log last told of it.
#[derive(Default)]
struct Told {
    at: Option<Instant>,
    asked: usize,
    refused: usize,
}

/// What came of knocking.
enum Entry {
    In(Place),
    /// Its network has as many connections as it may, and none to spare.
    Refused,
    /// All places are taken.
    Full,
}

impl Places {
    /// As many places as the limits say.
    pub(super) fn new(limits: &Limits, counts: Arc<DoorCounts>) -> Arc<Self> {
        counts
            .most
            .set(u64::try_from(limits.max_connections).unwrap_or(u64::MAX));
        Arc::new(Self {
            max_connections: limits.max_connections,
            max_connections_per_network: limits.max_connections_per_network,
            ledger: Mutex::new(Ledger {
                opened: Instant::now(),
                grace: limits.eviction_grace,
                last_number: 0,
                taken: HashMap::new(),
                networks: HashMap::new(),
                next_to_go: VecDeque::new(),
                going: 0,
                told: Told::default(),
            }),
            freed: Notify::new(),
            counts,
        })
    }

    /// A place for a new connection of this network; `None` if that has no room left. Whoever is counted in no network is held to the
    /// limit for all alone.
    ///
    /// Waits while all places are taken and none can be spared. A healthy client is then answered late, where closing its connection
    /// would be an error for certain.
    pub(super) async fn admit(self: &Arc<Self>, network: Option<SenderNetwork>) -> Option<Place> {
        let mut hurried = false;
        loop {
            match self.enter(network) {
                Entry::In(place) => return Some(place),
                Entry::Refused => return None,
                Entry::Full => {
                    let closed = self.ledger().make_room(hurried);
                    self.counts.closed.add(u64::from(closed));
                }
            }
            // One that was asked may have become busy, and one that was not asked may have become idle: neither says so.
            hurried = timeout(ASK_AGAIN, self.freed.notified()).await.is_err();
        }
    }

    /// The same for a door that closes: nobody is asked to go.
    pub(super) fn admit_last(self: &Arc<Self>) -> Option<Place> {
        match self.enter(None) {
            Entry::In(place) => Some(place),
            Entry::Refused | Entry::Full => None,
        }
    }

    fn enter(self: &Arc<Self>, network: Option<SenderNetwork>) -> Entry {
        let mut ledger = self.ledger();
        let has_room = network.is_none_or(|network| {
            let all = ledger.networks.get(&network).map_or(0, Vec::len);
            if all < self.max_connections_per_network {
                return true;
            }
            let closed = ledger.make_room_in(network);
            self.counts.closed.add(u64::from(closed));
            closed
        });
        if !has_room {
            self.counts.refused.count();
            ledger.told.refused += 1;
            ledger.tell();
            return Entry::Refused;
        }
        if ledger.taken.len() >= self.max_connections {
            return Entry::Full;
        }
        let (number, tenure) = ledger.take(network);
        self.counts.admitted.count();
        self.counts.open.up();
        Entry::In(Place {
            places: Arc::clone(self),
            number,
            tenure,
        })
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    fn take(&mut self, network: Option<SenderNetwork>) -> (u64, Arc<Tenure>) {
        self.last_number += 1;
        let tenure = Arc::new(Tenure::begin(self.opened));
        let taken = Taken {
            tenure: Arc::clone(&tenure),
            network,
            going: false,
        };
        self.taken.insert(self.last_number, taken);
        if let Some(network) = network {
            self.networks
                .entry(network)
                .or_default()
                .push(self.last_number);
        }
        (self.last_number, tenure)
    }

    /// Asks the one to go whose client has let it wait longest, unless one is on its way out already; whether it asked one.
    fn make_room(&mut self, hurried: bool) -> bool {
        if self.going > 0 && !hurried {
            return false;
        }
        let longest = self.longest_waiting();
        if let Some(number) = longest {
            self.ask(number);
        }
        self.tell();
        longest.is_some()
    }

    /// The connection that has waited longest, and past the grace.
    ///
    /// A look at all finds the next few at once. Whoever begins to wait later comes after them, so the order stays right until they are
    /// used up, and in a flood not every new connection costs a look at all.
    fn longest_waiting(&mut self) -> Option<u64> {
        if let Some(number) = self.next_noted() {
            return Some(number);
        }
        let now = microseconds(self.opened.elapsed());
        let staying = self.taken.iter().filter(|(_, taken)| !taken.going);
        let mut found: Vec<(Waiting, u64)> = staying
            .filter_map(|(number, taken)| Some((taken.tenure.waiting()?, *number)))
            .filter(|(waiting, _)| waiting.has_lasted(self.grace, now))
            .collect();
        if found.len() > MAX_NEXT_TO_GO {
            found.select_nth_unstable(MAX_NEXT_TO_GO);
            found.truncate(MAX_NEXT_TO_GO);
        }
        found.sort_unstable();
        self.next_to_go = found.into();
        self.next_noted()
    }

    fn next_noted(&mut self) -> Option<u64> {
        while let Some((waiting, number)) = self.next_to_go.pop_front() {
            let taken = self.taken.get(&number);
            if taken.is_some_and(|taken| !taken.going && taken.tenure.waiting() == Some(waiting)) {
                return Some(number);
            }
        }
        None
    }

    /// Asks the one of this network to go that has waited longest; whether there was one. Between requests none has a grace here: a
    /// client that opens one connection after the other is done with the old ones.
    fn make_room_in(&mut self, network: SenderNetwork) -> bool {
        let now = microseconds(self.opened.elapsed());
        let numbers = self.networks.get(&network).into_iter().flatten();
        let longest = numbers
            .filter_map(|number| Some((self.taken.get(number)?.tenure.waiting()?, *number)))
            .filter(|(waiting, _)| waiting.is_idle || waiting.has_lasted(self.grace, now))
            .min();
        let Some((_, number)) = longest else {
            return false;
        };
        self.ask(number);
        self.tell();
        true
    }

    fn ask(&mut self, number: u64) {
        let Some(taken) = self.taken.get_mut(&number) else {
            return;
        };
        taken.going = true;
        taken.tenure.ask_to_go();
        let network = taken.network;
        self.going += 1;
        self.told.asked += 1;
        self.leave_network(number, network);
    }

    fn leave(&mut self, number: u64) {
        if let Some(taken) = self.taken.remove(&number) {
            if taken.going {
                self.going -= 1;
            } else {
                self.leave_network(number, taken.network);
            }
        }
    }

    fn leave_network(&mut self, number: u64, network: Option<SenderNetwork>) {
        let Some(network) = network else { return };
        if let Some(numbers) = self.networks.get_mut(&network) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.networks.remove(&network);
            }
        }
    }

    /// Says in the log that room is short: at once, and then now and then, however many knock.
    fn tell(&mut self) {
        let recently = self.told.at.is_some_and(|at| at.elapsed() < TELL_AGAIN);
        if recently {
            return;
        }
        tracing::warn!(
            open = self.taken.len(),
            closed = self.told.asked,
            refused = self.told.refused,
            "too many connections: the longest idle are closed, and networks at their limit refused; see front.max_connections"
        );
        self.told = Told {
            at: Some(Instant::now()),
            ..Told::default()
        };
    }
}

/// One connection's place; free again when this is dropped, however the connection ended.
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
    tenure: Arc<Tenure>,
}

impl Place {
    /// What the connection says about itself.
    pub(super) fn tenure(&self) -> &Arc<Tenure> {
        &self.tenure
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.ledger().leave(self.number);
        self.places.counts.open.down();
        self.places.freed.notify_one();
    }
}
