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
