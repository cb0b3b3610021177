//! Schedules drawn at random, on a whole Hub, compared step by step with what the machine's table says.
//!
//! A seed that fails names itself. To repeat it, add it to `KNOWN_REGRESSIONS`, which run first.

mod acts;
pub mod oracle;
mod presenting;
mod schedule;

use schedule::Schedule;

use crate::stage;

const STEPS: usize = 500;
const SEEDS: u64 = 40;
/// Seeds that once found something: both, sessions that were ended on the word of a wall clock after the machine was started anew.
const KNOWN_REGRESSIONS: [u64; 2] = [1, 4];

/// Says which seed it was when a test fails under it.
struct Naming(u64);

impl Drop for Naming {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {0} failed; add {0} to KNOWN_REGRESSIONS", self.0);
        }
    }
}

fn seeds() -> impl Iterator<Item = u64> {
    let most = stage::often(usize::try_from(SEEDS).expect("small"));
    (1..=SEEDS).take(most)
}

async fn run(seeds: impl Iterator<Item = u64>) {
    for seed in seeds {
        let _naming = Naming(seed);
        let mut schedule = Schedule::new(seed).await;
        for step in 0..STEPS {
            schedule.step(step).await;
        }
        let told = schedule.finish().await;
        println!("seed {seed}: {STEPS} steps, {told}");
    }
}

#[tokio::test]
async fn what_once_failed_holds() {
    run(KNOWN_REGRESSIONS.into_iter()).await;
}

#[tokio::test]
async fn the_hub_does_what_the_table_says_under_even_seeds() {
    run(seeds().filter(|seed| seed % 2 == 0)).await;
}

#[tokio::test]
async fn the_hub_does_what_the_table_says_under_odd_seeds() {
    run(seeds().filter(|seed| seed % 2 == 1)).await;
}
