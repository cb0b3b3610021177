//! A thread that hashes, and what it works with.

use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;

use super::counts::HasherCounts;
use super::{
    Comparison, Done, HasherError, HasherSettings, Job, SALT_BYTES, SharedLine, StoredHash, Task,
    phc, today,
};
use crate::crypto::foreign::Foreign;
use crate::crypto::stored_hash::{HASH_BYTES, Ours, Read};
use crate::types::counting::Stopwatch;
use crate::types::password::Password;

/// How much less urgent than requests hashing is: measured, it keeps a refresh beside saturated sign-ins near its usual time.
pub const NICENESS: i32 = 10;

/// A hashing thread: takes one job after another, with memory that it keeps.
pub(super) fn work(
    waiting: &Mutex<Receiver<Job>>,
    settings: HasherSettings,
    counts: &HasherCounts,
    line: &SharedLine,
) {
    // On Linux this is the thread's own niceness. Where it is refused, hashing is as urgent as the rest.
    let _niceness = rustix::process::nice(NICENESS);
    let mut bench = Bench {
        settings,
        memory: Vec::new(),
    };
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(job) = next else { return };
        counts.waiting.down();
        if job.taken.swap(true, Ordering::AcqRel) || job.reply.is_closed() {
            line.lock().leave();
            continue;
        }
        counts.under_way.up();
        let stopwatch = Stopwatch::begin();
        let done = bench.run(&job.task);
        let micros = stopwatch.micros();
        counts.durations.note(micros);
        counts.under_way.down();
        let mut line = line.lock();
        line.took(Duration::from_micros(micros));
        line.leave();
        drop(line);
        // The caller may hang up while the hash is made; then nobody wants it.
        let _hung_up = job.reply.send(done);
    }
}

/// What a hashing thread works with.
struct Bench {
    settings: HasherSettings,
    /// One hash's memory, kept between hashes: freed and asked for anew each time, the process would grow.
    memory: Vec<Block>,
}

impl Bench {
    fn run(&mut self, task: &Task) -> Result<Done, HasherError> {
        match task {
            Task::Make { password, salt } => self.make(password, salt).map(Done::Made),
            Task::Compare {
                password,
                stored,
                salt,
            } => self.compare(password, stored, salt).map(Done::Compared),
        }
    }

    fn make(
        &mut self,
        password: &Password,
        salt: &[u8; SALT_BYTES],
    ) -> Result<StoredHash, HasherError> {
        let params = today(&self.settings)?;
        let mut hash = [0; HASH_BYTES];
        self.fill(&params, password, salt, &mut hash)?;
        phc(&params, salt, &hash)
    }

    fn compare(
        &mut self,
        password: &Password,
        stored: &StoredHash,
        salt: &[u8; SALT_BYTES],
    ) -> Result<Comparison, HasherError> {
        match stored.read()? {
            Read::Ours(ours) => self.compare_ours(password, &ours, salt),
            Read::Foreign(foreign) => self.compare_foreign(password, &foreign, salt),
            Read::Nothing => {
                // As long as for everybody else.
                self.make(password, salt)?;
                Ok(Comparison::Different)
            }
        }
    }

    fn compare_ours(
        &mut self,
        password: &Password,
        ours: &Ours,
        salt: &[u8; SALT_BYTES],
    ) -> Result<Comparison, HasherError> {
        let mut hash = [0; HASH_BYTES];
        self.fill(&ours.params, password, ours.salt.as_ref(), &mut hash)?;
        if !bool::from(hash.ct_eq(ours.hash.as_bytes())) {
            return Ok(Comparison::Different);
        }
        let renewed = self
            .is_weaker(&ours.params)
            .then(|| self.make(password, salt))
            .transpose()?;
        Ok(Comparison::Same { renewed })
    }

    /// Our own hash is made whether the password fits or not: so nobody is refused faster than somebody who does not exist, and the refusal
    /// takes no less than the sign-in.
    fn compare_foreign(
        &mut self,
        password: &Password,
        foreign: &Foreign,
        salt: &[u8; SALT_BYTES],
    ) -> Result<Comparison, HasherError> {
        let renewed = self.make(password, salt)?;
        if foreign.fits(password)? {
            Ok(Comparison::Same {
                renewed: Some(renewed),
            })
        } else {
            Ok(Comparison::Different)
        }
    }

    fn is_weaker(&self, stored: &Params) -> bool {
        stored.m_cost() < self.settings.memory_kib || stored.t_cost() < self.settings.passes
    }

    fn fill(
        &mut self,
        params: &Params,
        password: &Password,
        salt: &[u8],
        hash: &mut [u8; HASH_BYTES],
    ) -> Result<(), HasherError> {
        let needed = params.block_count();
        if self.memory.len() < needed {
            // Grown to exactly what is needed: doubling would hold up to twice as much.
            self.memory.reserve_exact(needed - self.memory.len());
            self.memory.resize(needed, Block::new());
        }
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
            .hash_password_into_with_memory(
                password.reveal().as_bytes(),
                salt,
                hash,
                &mut self.memory[..needed],
            )
            .map_err(|_| HasherError::Failed)
    }
}
