//! Password hashes: Argon2id on threads of their own, so that a storm of sign-ins costs no more memory and no more cores than a calm day.
//!
//! As many threads as cores, each with one block of memory that it keeps; a short queue before them; beyond that the caller is told to come back.
//! The threads run at low priority: whoever is signed in already does not wait for those who sign in.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

use crate::crypto::foreign::Foreign;
pub use crate::crypto::stored_hash::StoredHash;
use crate::crypto::stored_hash::{HASH_BYTES, Ours, Read};
use crate::types::entropy::Entropy;
use crate::types::password::Password;

/// Bytes of a hash's salt (RFC 9106, 3.1).
const SALT_BYTES: usize = 16;
/// How much less urgent than requests hashing is: measured, it keeps a refresh beside saturated sign-ins near its usual time.
const NICENESS: i32 = 10;

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
    /// Sign-ins that may wait for a thread.
    pub queue: usize,
    /// How long one may wait.
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

/// Why nothing was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HasherError {
    /// Too many wait already, or the wait was too long.
    #[error("too many passwords wait to be compared")]
    Busy,
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
    settings: HasherSettings,
    entropy: Arc<dyn Entropy>,
    /// What the password of an unknown user is compared with: it costs the same and never fits.
    decoy: StoredHash,
    /// How many were compared, with whatever outcome.
    compared: AtomicU64,
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
    pub fn start(settings: HasherSettings, entropy: Arc<dyn Entropy>) -> Result<Self, HasherError> {
        let decoy = Decoy::new(&settings, entropy.as_ref())?;
        let (queue, waiting) = sync_channel::<Job>(settings.queue);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..settings.threads.max(1) {
            let waiting = Arc::clone(&waiting);
            std::thread::Builder::new()
                .name(format!("hub-hasher-{number}"))
                .spawn(move || work(&waiting, settings))
                .map_err(|_| HasherError::Failed)?;
        }
        Ok(Self {
            queue,
            settings,
            entropy,
            decoy: decoy.0,
            compared: AtomicU64::new(0),
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
    pub async fn make(&self, password: Password) -> Result<StoredHash, HasherError> {
        let salt = self.salt();
        match self.run(Task::Make { password, salt }).await? {
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
    ) -> Result<Comparison, HasherError> {
        let known = stored.is_some();
        let task = Task::Compare {
            password,
            stored: stored.unwrap_or_else(|| self.decoy.clone()),
            salt: self.salt(),
        };
        let done = self.run(task).await?;
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

    async fn run(&self, task: Task) -> Result<Done, HasherError> {
        let (reply, mut answer) = oneshot::channel();
        let taken = Arc::new(AtomicBool::new(false));
        let job = Job {
            task,
            taken: Arc::clone(&taken),
            reply,
        };
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => HasherError::Busy,
            TrySendError::Disconnected(_) => HasherError::Failed,
        })?;
        let in_time = tokio::time::timeout(self.settings.queue_wait, &mut answer).await;
        let answered = match in_time {
            Ok(answered) => answered,
            Err(_) if taken.swap(true, Ordering::AcqRel) => answer.await,
            Err(_) => return Err(HasherError::Busy),
        };
        answered.unwrap_or(Err(HasherError::Failed))
    }

    fn salt(&self) -> [u8; SALT_BYTES] {
        let mut salt = [0; SALT_BYTES];
        self.entropy.fill(&mut salt);
        salt
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

/// A hashing thread: takes one job after another, with memory that it keeps.
fn work(waiting: &Mutex<Receiver<Job>>, settings: HasherSettings) {
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
        if job.taken.swap(true, Ordering::AcqRel) || job.reply.is_closed() {
            continue;
        }
        // The caller may hang up while the hash is made; then nobody wants it.
        let _hung_up = job.reply.send(bench.run(&job.task));
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
