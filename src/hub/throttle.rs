//! [`Throttle`]: how often the same is tried. Buckets by network for rates, and which tries at an account are under way.
//!
//! What an account's failures have come to stands in the database (the feature `attempts`), so that a restart does
//! not forget it. Here is what may be forgotten: a bucket that fills by itself in half an hour, and tries that a restart ends.

mod buckets;
pub mod model;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ipnet::IpNet;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::crypto::attempt_keys::Subject;
use crate::hub::throttle::buckets::Buckets;
use crate::hub::throttle::model::{REFRESHES, Refused, TooMany, Tries};
use crate::types::counting::Counters;
use crate::types::ids::SessionId;
use crate::types::sender_network::SenderNetwork;
use crate::types::time::Clock;

/// What holds tries back.
pub struct Throttle {
    /// Networks that nothing counts: as configured, and read anew on HUP.
    exempt: RwLock<Arc<[IpNet]>>,
    by_network: [Buckets<SenderNetwork>; Tries::ALL.len()],
    refreshes: Buckets<SessionId>,
    /// One entry for each request that waits for a comparison right now, so no more than there are connections.
    under_way: Mutex<HashMap<Counted, u32>>,
    /// Told when one of them is over.
    over: Notify,
    /// Whether the log was told that a proxy is not trusted.
    told_of_proxy: AtomicBool,
    refused: Counters<{ Refused::ALL.len() }>,
}

/// Who tries, as limits know them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// From a network that nothing counts.
    Exempt,
    /// From this one.
    From(SenderNetwork),
}

/// What failures are counted together: those at a subject from one network that it is known from, or from all that it is not known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Counted {
    /// At whom.
    pub subject: Subject,
    /// The known network; `None` for all strangers together.
    pub network: Option<SenderNetwork>,
}

impl Throttle {
    /// Full buckets; `exempt` networks are never counted.
    #[must_use]
    pub fn new(exempt: Vec<IpNet>, clock: &Arc<dyn Clock>) -> Self {
        Self {
            exempt: RwLock::new(exempt.into()),
            by_network: Tries::ALL.map(|kind| Buckets::new(kind.quota(), Arc::clone(clock))),
            refreshes: Buckets::new(REFRESHES, Arc::clone(clock)),
            under_way: Mutex::default(),
            over: Notify::new(),
            told_of_proxy: AtomicBool::new(false),
            refused: Counters::default(),
        }
    }

    /// From the next request on, these networks are not counted.
    pub fn exempt(&self, networks: Vec<IpNet>) {
        let held = self.exempt.write();
        *held.unwrap_or_else(PoisonError::into_inner) = networks.into();
    }

    /// Who a request from this address is.
    #[must_use]
    pub fn caller(&self, address: Option<IpAddr>) -> Caller {
        let held = self.exempt.read();
        let exempt = Arc::clone(&held.unwrap_or_else(PoisonError::into_inner));
        let address = address.map(|address| address.to_canonical());
        // Where nobody is counted, nobody without an address is either.
        let is_exempt = exempt.iter().any(|network| match &address {
            Some(address) => network.contains(address),
            None => network.prefix_len() == 0,
        });
        if is_exempt {
            Caller::Exempt
        } else {
            Caller::From(SenderNetwork::of(address))
        }
    }

    /// Takes a try out of the bucket of whoever tries.
    ///
    /// # Errors
    /// When it is empty.
    pub fn take(&self, kind: Tries, caller: Caller) -> Result<(), TooMany> {
        match caller {
            Caller::Exempt => Ok(()),
            Caller::From(network) => {
                let taken = self.by_network[kind as usize].take(network);
                taken.inspect_err(|_| self.refused(Refused::Network(kind)))
            }
        }
    }

    /// A try was refused.
    pub fn refused(&self, by: Refused) {
        self.refused.count(by.number());
    }

    /// How many tries were refused.
    #[must_use]
    pub fn refusals(&self, by: Refused) -> u64 {
        self.refused.read(by.number())
    }

    /// The same for what counts only when it fails: it goes back by itself unless [`Reserved::spend`] says that it did. Taken before it is judged, so
    /// that tries at the same time are no cheaper than tries one after another.
    ///
    /// # Errors
    /// When the bucket is empty.
    pub fn reserve(self: &Arc<Self>, kind: Tries, caller: Caller) -> Result<Reserved, TooMany> {
        self.take(kind, caller)?;
        Ok(Reserved {
            throttle: Arc::clone(self),
            kind,
            caller,
            is_spent: false,
        })
    }

    /// Takes a refresh out of a session's bucket.
    ///
    /// # Errors
    /// When it is empty.
    pub fn refresh(&self, session: SessionId, caller: Caller) -> Result<(), TooMany> {
        match caller {
            Caller::Exempt => Ok(()),
            Caller::From(_) => {
                let taken = self.refreshes.take(session);
                taken.inspect_err(|_| self.refused(Refused::Session))
            }
        }
    }

    /// A try begins. It counts as failed until it is over.
    #[must_use]
    pub fn begin(self: &Arc<Self>, counted: Counted) -> UnderWay {
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = under_way.entry(counted).or_default();
        let ahead = *count;
        *count = count.saturating_add(1);
        UnderWay {
            throttle: Arc::clone(self),
            counted,
            ahead,
            is_withdrawn: false,
        }
    }

    /// Resolves when a try that was under way is over, of whichever account.
    pub fn one_is_over(&self) -> Notified<'_> {
        self.over.notified()
    }

    /// Whether this is the first time that somebody asks. A proxy that is not trusted is told of once, not with every request.
    pub fn is_first_word_of_proxy(&self) -> bool {
        !self.told_of_proxy.swap(true, Ordering::Relaxed)
    }

    /// Other proxies are trusted now: if one is not, the log is told again.
    pub fn forget_proxy(&self) {
        self.told_of_proxy.store(false, Ordering::Relaxed);
    }
}

/// A try taken out of a bucket that counts failures only.
pub struct Reserved {
    throttle: Arc<Throttle>,
    kind: Tries,
    caller: Caller,
    is_spent: bool,
}

impl Reserved {
    /// It failed.
    pub fn spend(&mut self) {
        self.is_spent = true;
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if let (false, Caller::From(network)) = (self.is_spent, self.caller) {
            self.throttle.by_network[self.kind as usize].give_back(network);
        }
    }
}

/// A try that is under way.
pub struct UnderWay {
    throttle: Arc<Throttle>,
    counted: Counted,
    /// How many were under way when it began.
    pub ahead: u32,
    is_withdrawn: bool,
}

impl UnderWay {
    /// It was not compared after all, and whoever waits for one to be over learns nothing by that.
    pub fn withdraw(mut self) {
        self.is_withdrawn = true;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let under_way = self.throttle.under_way.lock();
        let mut under_way = under_way.unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = under_way.get_mut(&self.counted) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                under_way.remove(&self.counted);
            }
        }
        drop(under_way);
        if !self.is_withdrawn {
            self.throttle.over.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests;
