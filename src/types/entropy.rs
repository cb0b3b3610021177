//! Chance as an argument: the system's generator in a server, a seeded one in tests.

use std::sync::Mutex;

/// A source of bytes that nobody can foretell.
pub trait Entropy: Send + Sync {
    /// Fills the whole buffer.
    ///
    /// # Panics
    /// When the system gives no randomness. There is no safe way on from there, and the request that asked ends with 500.
    fn fill(&self, buffer: &mut [u8]);
}

/// The operating system's generator.
#[derive(Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one home of the system's generator"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        assert!(
            getrandom::fill(buffer).is_ok(),
            "the operating system gave no randomness"
        );
    }
}

/// A generator that repeats itself for one seed: for tests and simulations, never for a server.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<u64>);

impl SeededEntropy {
    /// The same seed gives the same bytes in the same order.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        let mut state = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for chunk in buffer.chunks_mut(8) {
            // SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = *state;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^= word >> 31;
            chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
        }
    }
}
