//! How many passwords the cores hash when they do nothing else: with the Hub's default parameters, each thread on memory that it keeps, and as
//! urgent as the Hub's, so that whatever else runs on the machine takes as much from either.

use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use hub::config::{Config, Sources};
use hub::crypto::hasher::NICENESS;

use crate::load::now;

/// Bytes of a hash (RFC 9106, 4).
const HASH_BYTES: usize = 32;

/// Hashes a second on all cores together.
pub fn per_second(time: Duration) -> anyhow::Result<f64> {
    let hashing = Config::load(&Sources::default())?.config.hashing;
    let refused = |error| anyhow::anyhow!("Argon2: {error}");
    let params = Params::new(
        hashing.memory_kib,
        hashing.passes,
        hashing.lanes,
        Some(HASH_BYTES),
    )
    .map_err(refused)?;
    let threads = std::thread::available_parallelism()?.get();
    let begun = now();
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let params = params.clone();
            std::thread::spawn(move || {
                let _niceness = rustix::process::nice(NICENESS);
                hash_until(params, begun + time).map_err(refused)
            })
        })
        .collect();
    let mut all = 0.0;
    for worker in workers {
        let Ok(made) = worker.join() else {
            anyhow::bail!("a thread that hashes broke off");
        };
        all += made?;
    }
    Ok(all)
}

/// What one thread makes a second. It ends with a whole hash, and counts up to its own end.
fn hash_until(params: Params, until: std::time::Instant) -> Result<f64, argon2::Error> {
    let mut memory = vec![Block::new(); params.block_count()];
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hash = [0; HASH_BYTES];
    let (begun, mut made) = (now(), 0_u32);
    while now() < until {
        hasher.hash_password_into_with_memory(
            b"quartz-meadow-7-lantern",
            &made.to_le_bytes().repeat(4),
            &mut hash,
            &mut memory,
        )?;
        made += 1;
    }
    Ok(f64::from(made) / begun.elapsed().as_secs_f64())
}
