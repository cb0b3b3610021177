//! The writer without its thread, for a simulation: it alone decides when the writer works, in which order, and where it is cut off.

use std::sync::mpsc::Receiver;

use crate::store::error::StoreError;
use crate::store::writer::turns::Turns;
use crate::store::writer::{Job, Message};

/// Where a turn is cut off. Whoever waits hears nothing then, and the changes that wait are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It is not.
    Nowhere,
    /// All is applied, nothing committed.
    BeforeCommit,
    /// All is on disk, and nobody knows.
    BeforeAnswers,
}

/// A writer that works when it is told to.
pub struct WriterByHand {
    turns: Turns,
    queue: Receiver<Message>,
    waiting: Vec<Box<dyn Job>>,
}

impl WriterByHand {
    pub(super) fn new(turns: Turns, queue: Receiver<Message>) -> Self {
        Self {
            turns,
            queue,
            waiting: Vec::new(),
        }
    }

    /// How many changes wait.
    pub fn waiting(&mut self) -> usize {
        while let Ok(Message::Apply(job)) = self.queue.try_recv() {
            self.waiting.push(job);
        }
        self.waiting.len()
    }

    /// One turn for the changes that have waited longest: so many of them, in the order of their new `places` (each below their number, once).
    ///
    /// # Errors
    /// Why it was not committed; then each of the changes was answered so.
    pub fn turn(&mut self, places: &[usize], cut: Cut) -> Result<(), StoreError> {
        let most = places.len().min(self.waiting());
        let mut order: Vec<_> = places
            .iter()
            .copied()
            .zip(self.waiting.drain(..most))
            .collect();
        order.sort_by_key(|(place, _)| *place);
        let mut batch: Vec<_> = order.into_iter().map(|(_, job)| job).collect();
        let done = match cut {
            Cut::BeforeCommit => self.turns.apply_and_forget(&mut batch),
            Cut::Nowhere | Cut::BeforeAnswers => self.turns.commit(&mut batch),
        };
        if cut != Cut::Nowhere {
            batch.clear();
            self.waiting.clear();
        }
        Turns::answer(&mut batch, done.as_ref().err());
        done
    }
}
