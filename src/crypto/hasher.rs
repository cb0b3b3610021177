//! Password hashes: Argon2id on threads of their own, so that a storm of sign-ins costs no more memory and no more cores than a calm day.
//!
//! As many threads as cores, each with one block of memory that it keeps; a short queue before them; beyond that the caller is told when to come back
//! ([`line`]).
//! The threads run at low priority: whoever is signed in already does not wait for those who sign in.

mod bench;
pub mod counts;
mod line;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Params, Version};
use tokio::sync::oneshot;

use crate::crypto::attempt_keys::Subject;
use crate::crypto::stored_hash::HASH_BYTES;
pub use crate::crypto::stored_hash::StoredHash;
pub use bench::NICENESS;
use bench::work;
use counts::HasherCounts;
use line::{Entry, Line};

use crate::types::entropy::Entropy;
use crate::types::password::Password;
use crate::types::sender_network::SenderNetwork;
use crate::types::time::Clock;

/// Bytes of a hash's salt (RFC 9106, 3.1).
const SALT_BYTES: usize = 16;
/// How long whoever was promised a place waits in it. It is there, but those of a whole second come at once, and the threads may be slower than before.
const PROMISED_WAIT: Duration = Duration::from_secs(10);

/// How hashes are made and how many wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HasherSettings {
    /// Memory of one hash in KiB (m).
    pub memory_kib: u32,
    /// Passes over it (t).
    pub passes: u32,
    /// Lanes (p).
    pub lanes: u32,
    /// Threads that hash; each holds one block of memory.
    pub threads: usize,
    /// Sign-ins that may wait for a thread, but for those that were promised a place.
    pub queue: usize,
    /// How long one of them may wait.
    pub queue_wait: Duration,
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// It is another password, or there is no such user.
    Different,
    /// It is the password.
    Same {
        /// A new hash to store, where the stored one is weaker than what is made today.
        renewed: Option<StoredHash>,
    },
}

/// What somebody is known by who comes back: whose password it is, and from where. So nobody takes another's place by typing their name.
pub type Name = (Subject, SenderNetwork);

/// Who comes to have a password hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comer {
    /// Somebody who may come back, and is then known again.
    Named(Name),
    /// Somebody who waits as long as it takes, or is not known again.
    Nameless,
    /// Whoever is never sent away: they had another password hashed a moment ago, in the same request, or run the Hub. They are few.
    Expected,
}

/// Why nothing was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HasherError {
    /// Too many wait already, or the wait was too long: there is a place in this much time.
    #[error("too many passwords wait to be compared")]
    Busy(Duration),
    /// A stored hash that is neither an Argon2id hash of ours nor one that was imported.
    #[error("a stored password hash cannot be read")]
    Unreadable,
    /// The parameters were refused or the thread is gone.
    #[error("a password could not be hashed")]
    Failed,
}

/// The way to the hashing threads.
pub struct Hasher {
    queue: SyncSender<Job>,
    line: Arc<SharedLine>,
    settings: HasherSettings,
    entropy: Arc<dyn Entropy>,
    clock: Arc<dyn Clock>,
    /// What the password of an unknown user is compared with: it costs the same and never fits.
    decoy: StoredHash,
    /// How many were compared, with whatever outcome.
    compared: AtomicU64,
    counts: Arc<HasherCounts>,
}

struct Job {
    task: Task,
    /// Whoever turns it first, the thread or the caller who gave up, has the job.
    taken: Arc<AtomicBool>,
    reply: oneshot::Sender<Result<Done, HasherError>>,
}

enum Task {
    Make {
        password: Password,
        salt: [u8; SALT_BYTES],
    },
    Compare {
        password: Password,
        stored: StoredHash,
        /// For the renewed hash, if one is due.
        salt: [u8; SALT_BYTES],
    },
}

enum Done {
    Made(StoredHash),
    Compared(Comparison),
}

impl Hasher {
    /// Starts the threads.
    ///
    /// # Errors
    /// When Argon2 refuses the settings or a thread cannot be started.
    pub fn start(
        settings: HasherSettings,
        entropy: Arc<dyn Entropy>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, HasherError> {
        let decoy = Decoy::new(&settings, entropy.as_ref())?;
        let (queue, waiting) = sync_channel::<Job>(Line::most(&settings));
        let line = Arc::new(SharedLine(Mutex::new(Line::new(settings))));
        let waiting = Arc::new(Mutex::new(waiting));
        let counts = Arc::new(HasherCounts::of(&settings));
        for number in 0..settings.threads.max(1) {
            let (waiting, counts) = (Arc::clone(&waiting), Arc::clone(&counts));
            let line = Arc::clone(&line);
            std::thread::Builder::new()
                .name(format!("hub-hasher-{number}"))
                .spawn(move || work(&waiting, settings, &counts, &line))
                .map_err(|_| HasherError::Failed)?;
        }
        Ok(Self {
            queue,
            line,
            settings,
            entropy,
            clock,
            decoy: decoy.0,
            compared: AtomicU64::new(0),
            counts,
        })
    }

    /// How hashes are made.
    #[must_use]
    pub fn settings(&self) -> &HasherSettings {
        &self.settings
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// [`HasherError::Busy`] when too many wait.
    pub async fn make(&self, password: Password, comer: Comer) -> Result<StoredHash, HasherError> {
        let salt = self.salt();
        match self.run(Task::Make { password, salt }, comer).await? {
            Done::Made(hash) => Ok(hash),
            Done::Compared(_) => Err(HasherError::Failed),
        }
    }

    /// Compares a password with the stored hash of a user, or with nothing (`None`) at the same cost.
    ///
    /// # Errors
    /// [`HasherError::Busy`] when too many wait.
    pub async fn compare(
        &self,
        password: Password,
        stored: Option<StoredHash>,
        comer: Comer,
    ) -> Result<Comparison, HasherError> {
        let known = stored.is_some();
        let task = Task::Compare {
            password,
            stored: stored.unwrap_or_else(|| self.decoy.clone()),
            salt: self.salt(),
        };
        let done = self.run(task, comer).await?;
        // Nothing is decided on the count.
        self.compared.fetch_add(1, Ordering::Relaxed);
        match done {
            Done::Compared(found) if known => Ok(found),
            Done::Compared(_) => Ok(Comparison::Different),
            Done::Made(_) => Err(HasherError::Failed),
        }
    }

    /// How many passwords were compared since the start: what guessing comes to.
    #[must_use]
    pub fn compared(&self) -> u64 {
        self.compared.load(Ordering::Relaxed)
    }

    /// What is counted of the hashing.
    #[must_use]
    pub fn counts(&self) -> Arc<HasherCounts> {
        Arc::clone(&self.counts)
    }

    async fn run(&self, task: Task, comer: Comer) -> Result<Done, HasherError> {
        let entered = self.line.lock().enter(&comer, self.now());
        let entry = entered.map_err(|after| {
            self.counts.refused.count();
            HasherError::Busy(after)
        })?;
        let (reply, mut answer) = oneshot::channel();
        let taken = Arc::new(AtomicBool::new(false));
        let job = Job {
            task,
            taken: Arc::clone(&taken),
            reply,
        };
        // Before it can be taken, so that nobody counts it off first.
        self.counts.waiting.up();
        if let Err(error) = self.queue.try_send(job) {
            self.counts.waiting.down();
            let mut line = self.line.lock();
            line.leave();
            return Err(match error {
                // There is room for everybody that the line lets in.
                TrySendError::Full(_) => HasherError::Busy(line.promise(&comer, self.now())),
                TrySendError::Disconnected(_) => HasherError::Failed,
            });
        }
        let patience = match entry {
            Entry::Free => self.settings.queue_wait,
            Entry::Promised => self.settings.queue_wait.max(PROMISED_WAIT),
        };
        let in_time = tokio::time::timeout(patience, &mut answer).await;
        let answered = match in_time {
            Ok(answered) => answered,
            Err(_) if taken.swap(true, Ordering::AcqRel) => answer.await,
            Err(_) => {
                self.counts.too_late.count();
                let after = self.line.lock().promise(&comer, self.now());
                return Err(HasherError::Busy(after));
            }
        };
        answered.unwrap_or(Err(HasherError::Failed))
    }

    /// Time since the process began.
    fn now(&self) -> Duration {
        Duration::from_micros(self.clock.now().running.max(0).unsigned_abs())
    }

    fn salt(&self) -> [u8; SALT_BYTES] {
        let mut salt = [0; SALT_BYTES];
        self.entropy.fill(&mut salt);
        salt
    }
}

/// The line, as callers and threads share it.
struct SharedLine(Mutex<Line>);

impl SharedLine {
    fn lock(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A hash of no password, with today's parameters.
struct Decoy(StoredHash);

impl Decoy {
    fn new(settings: &HasherSettings, entropy: &dyn Entropy) -> Result<Self, HasherError> {
        let (mut salt, mut hash) = ([0; SALT_BYTES], [0; HASH_BYTES]);
        entropy.fill(&mut salt);
        entropy.fill(&mut hash);
        let params = today(settings)?;
        Ok(Self(phc(&params, &salt, &hash)?))
    }
}

fn today(settings: &HasherSettings) -> Result<Params, HasherError> {
    Params::new(
        settings.memory_kib,
        settings.passes,
        settings.lanes,
        Some(HASH_BYTES),
    )
    .map_err(|_| HasherError::Failed)
}

fn phc(
    params: &Params,
    salt: &[u8; SALT_BYTES],
    hash: &[u8; HASH_BYTES],
) -> Result<StoredHash, HasherError> {
    let failed = |_| HasherError::Failed;
    let hash = PasswordHash {
        algorithm: argon2::ARGON2ID_IDENT,
        version: Some(u32::from(Version::V0x13)),
        params: ParamsString::try_from(params).map_err(|_| HasherError::Failed)?,
        salt: Some(Salt::new(salt).map_err(failed)?),
        hash: Some(Output::new(hash).map_err(failed)?),
    };
    Ok(StoredHash::from_row(hash.to_string()))
}
