//! Every kind at its limit, who counts as whom, and what goes back.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::model::{REFRESHES, TooMany, Tries};
use super::{Caller, Counted, Throttle};
use crate::crypto::attempt_keys::AttemptKeys;
use crate::crypto::keyring::Secret;
use crate::crypto::ring::{Lifetimes, Ring, SharedRing};
use crate::types::entropy::SeededEntropy;
use crate::types::ids::SessionId;
use crate::types::time::{Clock, HandClock, Timestamp};

fn throttle(exempt: &[&str]) -> (Arc<Throttle>, Arc<HandClock>) {
    let clock = Arc::new(HandClock::at(Timestamp::from_seconds(1_800_000_000)));
    let networks: Vec<_> = exempt
        .iter()
        .flat_map(|text| text.parse::<ipnet::IpNet>())
        .collect();
    assert_eq!(networks.len(), exempt.len());
    let as_clock: Arc<dyn Clock> = clock.clone();
    (Arc::new(Throttle::new(networks, &as_clock)), clock)
}

fn caller(throttle: &Throttle, text: &str) -> Caller {
    let address: Option<IpAddr> = text.parse().ok();
    assert!(address.is_some(), "{text}");
    throttle.caller(address)
}

/// At once, and the time after which one more comes.
const LIMITS: [(Tries, u32, Duration); 7] = [
    (Tries::SignIn, 60, Duration::from_secs(1)),
    (Tries::FailedSignIn, 30, Duration::from_mins(1)),
    (Tries::Register, 20, Duration::from_mins(1)),
    (Tries::ForgedToken, 600, Duration::from_millis(100)),
    (Tries::FailedProof, 30, Duration::from_mins(1)),
    (Tries::FailedCode, 30, Duration::from_mins(1)),
    (Tries::FailedSetup, 20, Duration::from_mins(1)),
];

#[test]
fn every_kind_stops_at_its_limit_and_not_one_before_and_goes_on_at_the_time_told() {
    for (kind, at_once, each) in LIMITS {
        let (throttle, clock) = throttle(&[]);
        let network = caller(&throttle, "203.0.113.7");
        for number in 1..=at_once {
            assert_eq!(throttle.take(kind, network), Ok(()), "{kind:?} {number}");
        }
        let refused = Err(TooMany { after: each });
        assert_eq!(throttle.take(kind, network), refused, "{kind:?}");
        clock.advance(each.saturating_sub(Duration::from_micros(1)));
        assert!(throttle.take(kind, network).is_err(), "{kind:?}");
        clock.advance(Duration::from_micros(1));
        assert_eq!(throttle.take(kind, network), Ok(()), "{kind:?}");
        assert!(throttle.take(kind, network).is_err(), "{kind:?}");
        let other = caller(&throttle, "203.0.113.8");
        assert_eq!(throttle.take(kind, other), Ok(()), "{kind:?}");
    }
}

#[test]
fn no_kind_takes_from_another() {
    let (throttle, _clock) = throttle(&[]);
    let network = caller(&throttle, "203.0.113.7");
    while throttle.take(Tries::Register, network).is_ok() {}
    for (kind, ..) in LIMITS {
        let expected = kind != Tries::Register;
        assert_eq!(throttle.take(kind, network).is_ok(), expected, "{kind:?}");
    }
}

#[test]
fn a_session_has_its_own_refreshes() {
    let (throttle, clock) = throttle(&["192.0.2.0/24"]);
    let network = caller(&throttle, "203.0.113.7");
    let [first, second] = [1, 2].map(|seed| SessionId::generate(&SeededEntropy::new(seed)));
    for _ in 0..REFRESHES.burst_size().get() {
        assert_eq!(throttle.refresh(first, network), Ok(()));
    }
    assert_eq!(REFRESHES.burst_size().get(), 60);
    let after = Duration::from_secs(1);
    assert_eq!(throttle.refresh(first, network), Err(TooMany { after }));
    let elsewhere = caller(&throttle, "203.0.113.8");
    assert!(throttle.refresh(first, elsewhere).is_err());
    assert_eq!(throttle.refresh(second, network), Ok(()));
    assert_eq!(throttle.refresh(first, Caller::Exempt), Ok(()));
    clock.advance(after);
    assert_eq!(throttle.refresh(first, network), Ok(()));
}

#[test]
fn every_spelling_of_one_ipv6_address_and_every_address_of_its_64_share_one_bucket() {
    let (throttle, _clock) = throttle(&[]);
    let spellings = [
        "2001:db8:1:2::1",
        "2001:DB8:1:2::1",
        "2001:0db8:0001:0002:0000:0000:0000:0001",
        "2001:db8:1:2:0:0:0.0.0.1",
        "2001:db8:1:2::2",
        "2001:db8:1:2:ffff:ffff:ffff:ffff",
    ];
    for number in 0..20 {
        let network = caller(&throttle, spellings[number % spellings.len()]);
        assert_eq!(throttle.take(Tries::Register, network), Ok(()));
    }
    for spelling in spellings {
        let network = caller(&throttle, spelling);
        assert!(throttle.take(Tries::Register, network).is_err());
    }
    let next = caller(&throttle, "2001:db8:1:3::1");
    assert_eq!(throttle.take(Tries::Register, next), Ok(()));
}

#[test]
fn an_ipv4_address_in_ipv6_form_is_the_ipv4_address() {
    let (throttle, _clock) = throttle(&[]);
    let plain = caller(&throttle, "203.0.113.7");
    assert_eq!(caller(&throttle, "::ffff:203.0.113.7"), plain);
    assert_ne!(caller(&throttle, "::ffff:203.0.113.8"), plain);
}

#[test]
fn senders_without_an_address_are_one_network() {
    let (throttle, _clock) = throttle(&["127.0.0.0/8"]);
    assert_ne!(throttle.caller(None), Caller::Exempt);
    while throttle
        .take(Tries::Register, throttle.caller(None))
        .is_ok()
    {}
    assert!(
        throttle
            .take(Tries::Register, throttle.caller(None))
            .is_err()
    );
}

#[test]
fn an_exempt_network_is_never_counted_until_it_is_not_exempt_any_more() {
    let (throttle, _clock) = throttle(&["203.0.113.0/24", "2001:db8::/48"]);
    for address in ["203.0.113.7", "::ffff:203.0.113.7", "2001:db8:0:9::1"] {
        let network = caller(&throttle, address);
        assert_eq!(network, Caller::Exempt, "{address}");
        for _ in 0..100 {
            assert_eq!(throttle.take(Tries::Register, network), Ok(()));
        }
    }
    assert_ne!(caller(&throttle, "203.0.114.7"), Caller::Exempt);
    throttle.exempt(Vec::new());
    assert_ne!(caller(&throttle, "203.0.113.7"), Caller::Exempt);
}

#[test]
fn what_is_reserved_goes_back_unless_it_is_spent() {
    let (throttle, _clock) = throttle(&[]);
    let network = caller(&throttle, "203.0.113.7");
    for _ in 0..100 {
        assert!(throttle.reserve(Tries::FailedSetup, network).is_ok());
    }
    for _ in 0..20 {
        let reserved = throttle.reserve(Tries::FailedSetup, network);
        assert!(reserved.map(|mut reserved| reserved.spend()).is_ok());
    }
    assert!(throttle.reserve(Tries::FailedSetup, network).is_err());
}

#[test]
fn what_is_reserved_at_the_same_time_is_no_cheaper() {
    let (throttle, _clock) = throttle(&[]);
    let network = caller(&throttle, "203.0.113.7");
    let reserve = |_| throttle.reserve(Tries::FailedSetup, network).ok();
    let held: Vec<_> = (0..100).filter_map(reserve).collect();
    assert_eq!(held.len(), 20);
}

/// Tries of a stranger at alice.
fn counted() -> Counted {
    let lifetimes = Lifetimes {
        access: Duration::from_hours(1),
        refresh: Duration::from_hours(1),
    };
    let ring = Ring::of_one(Secret::draw(&SeededEntropy::new(1)), lifetimes);
    Counted {
        subject: AttemptKeys::new(Arc::new(SharedRing::new(ring))).account("alice"),
        network: None,
    }
}

#[test]
fn tries_under_way_count_until_they_are_over_and_leave_nothing() {
    let (throttle, _clock) = throttle(&[]);
    let counted = counted();
    let first = throttle.begin(counted);
    let second = throttle.begin(counted);
    assert_eq!((first.ahead, second.ahead), (0, 1));
    drop(first);
    assert_eq!(throttle.begin(counted).ahead, 1);
    drop(second);
    assert!(throttle.under_way.lock().is_ok_and(|held| held.is_empty()));
}

#[test]
fn whoever_waits_for_a_try_to_be_over_is_told_of_its_end_and_of_no_withdrawal() {
    let (throttle, _clock) = throttle(&[]);
    let counted = counted();
    let mut is_over = pin!(throttle.one_is_over());
    assert!(!is_over.as_mut().enable());
    throttle.begin(counted).withdraw();
    assert!(!is_over.as_mut().enable());
    drop(throttle.begin(counted));
    assert!(is_over.as_mut().enable());
}

#[test]
fn the_log_is_told_of_a_proxy_once_and_once_more_when_others_are_trusted() {
    let (throttle, _clock) = throttle(&[]);
    for _ in 0..2 {
        assert!(throttle.is_first_word_of_proxy());
        assert!(!throttle.is_first_word_of_proxy());
        assert!(!throttle.is_first_word_of_proxy());
        throttle.forget_proxy();
    }
}
