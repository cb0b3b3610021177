//! Stolen refresh tokens: whoever uses an ancestor after the grace ends the session for both holders.

use std::sync::Arc;
use std::time::Duration;

use hub::features::sessions::model::{EndReason, Standing};
use hub::types::time::Clock;

use super::served::{Caller, Served};
use crate::stage::{self, Dice};

const THEFTS: usize = 240;

async fn is_dead(caller: &mut Caller, refresh: &str) {
    let answer = caller.refresh(refresh).await;
    assert_eq!((answer.status, answer.code()), (401, "token_reused"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ancestor_after_the_grace_ends_the_session_for_both_holders_every_time() {
    let clock = stage::hand_clock();
    let served = Served::new(Arc::clone(&clock) as Arc<dyn Clock>, 9).await;
    let (mut victim, mut thief) = (served.connect().await, served.connect().await);
    victim.register("victim").await;
    let dice = Dice::new(9);
    for theft in 0..THEFTS {
        let mut line = vec![victim.login("victim").await];
        for _ in 0..=dice.below(5) {
            clock.advance(Duration::from_secs(u64::from(dice.pick(&[1_u32, 20]))));
            let answer = victim.refresh(&line[line.len() - 1].refresh).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            line.push(answer.pair());
        }
        clock.advance(Duration::from_micros(10_000_001));
        let newest = line[line.len() - 1].clone();
        let stolen = line[dice.below(line.len() - 1)].refresh.clone();
        let by_thief = theft % 2 == 0;
        if by_thief {
            is_dead(&mut thief, &stolen).await;
            is_dead(&mut victim, &newest.refresh).await;
        } else {
            // The thief was first with the present token; the victim's is now the used one.
            let stolen = thief.refresh(&newest.refresh).await.pair();
            clock.advance(Duration::from_secs(11));
            is_dead(&mut victim, &newest.refresh).await;
            is_dead(&mut thief, &stolen.refresh).await;
            assert_eq!(thief.validate(&stolen.access).await.status, 401);
        }
        for pair in &line {
            is_dead(&mut thief, &pair.refresh).await;
            let answer = thief.validate(&pair.access).await;
            assert_eq!((answer.status, answer.code()), (401, "token_reused"));
        }
        assert!(matches!(
            served.row(&newest.refresh).standing,
            Standing::Ended {
                reason: EndReason::Reuse,
                ..
            }
        ));
    }
    println!("{THEFTS} thefts, {THEFTS} sessions ended for both holders");
    drop((victim, thief));
    served.stop().await;
}

/// Who acts next in a story of two holders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Owner,
    Thief,
}

/// Acts of a story.
const ACTS: u32 = 5;

/// Every order in which two holders can act.
fn stories() -> impl Iterator<Item = Vec<Holder>> {
    (0..2_u32.pow(ACTS)).map(|story| {
        let acts = (0..ACTS).map(|act| story >> act & 1);
        acts.map(|one| [Holder::Owner, Holder::Thief][one as usize])
            .collect()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thief_inside_the_window_is_found_out_as_soon_as_both_go_on_more_than_a_grace_apart() {
    let clock = stage::hand_clock();
    let served = Served::new(Arc::clone(&clock) as Arc<dyn Clock>, 10).await;
    let mut caller = served.connect().await;
    caller.register("victim").await;
    let (mut told, mut found_out) = (0, 0);
    // How many rotations the stolen token is behind when it is presented, all of them within the grace of its first use.
    for behind in 1..=4 {
        for story in stories() {
            told += 1;
            let stolen = caller.login("victim").await;
            let mut owner = stolen.clone();
            for _ in 0..behind {
                owner = caller.refresh(&owner.refresh).await.pair();
                clock.advance(Duration::from_millis(2_500));
            }
            let thief = caller.refresh(&stolen.refresh).await;
            assert_eq!(thief.status, 200, "{thief:?}");
            // No second live leaf: from here on they hold one and the same token.
            assert_eq!(thief.pair().refresh, owner.refresh);
            let (mut held, mut acted) = ([owner.clone(), thief.pair()], [false; 2]);
            let mut live = true;
            for holder in &story {
                clock.advance(Duration::from_micros(10_000_001));
                let place = usize::from(*holder == Holder::Thief);
                let answer = caller.refresh(&held[place].refresh).await;
                acted[place] = true;
                live = live && acted != [true; 2];
                assert_eq!(
                    answer.status,
                    if live { 200 } else { 401 },
                    "{behind} behind, {story:?}: {answer:?}"
                );
                if live {
                    held[place] = answer.pair();
                } else {
                    assert_eq!(answer.code(), "token_reused");
                    found_out += 1;
                    break;
                }
            }
        }
    }
    // Only where one of them never acts again nobody finds out, and nobody has to: what the other holds is dead.
    assert_eq!(found_out, told - 2 * 4);
    println!("{told} stories of two holders, {found_out} ended for both, the rest had one holder");
    drop(caller);
    served.stop().await;
}
