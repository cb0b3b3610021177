//! Who there is in `hub dev`, and what they sign in with.

use crate::types::ids::UserId;
use crate::types::role::Role;

/// Somebody made up. Their password is their name, which no rule allows: it is set as a database is filled, and not as a person registers.
pub struct Person {
    /// Their name.
    pub name: &'static str,
    /// Their role.
    pub role: Role,
    /// Their tier.
    pub tier: &'static str,
    /// What the greeting says of them.
    pub about: &'static str,
}

const fn person(name: &'static str, role: Role, tier: &'static str, about: &'static str) -> Person {
    Person {
        name,
        role,
        tier,
        about,
    }
}

/// Everybody; their numbers are their places.
pub const PEOPLE: [Person; 7] = [
    person("admin", Role::SuperAdmin, "FREE", "SUPERADMIN: everything"),
    person("maria", Role::Admin, "FREE", "ADMIN: users and sessions"),
    person(
        "alice",
        Role::User,
        "PREMIUM",
        "whose token was stolen three hours ago",
    ),
    person("bob", Role::User, "FREE", "signed in on three devices"),
    person("carol", Role::User, "FREE", "locked out yesterday"),
    person("dave", Role::User, "PREMIUM", "signs out when he leaves"),
    person("erin", Role::User, "FREE", "has not been here for days"),
];

/// Somebody's number.
#[must_use]
pub fn number(name: &str) -> UserId {
    let place = PEOPLE
        .iter()
        .zip(1..)
        .find(|(person, _)| person.name == name);
    UserId(place.map_or(0, |(_, number)| number))
}

/// A client in some place. The networks are those that documents may use (RFC 5737, RFC 3849).
#[derive(Clone, Copy)]
pub struct Device {
    /// What it calls itself.
    pub agent: &'static str,
    /// Where its requests come from.
    pub address: &'static str,
}

const fn device(agent: &'static str, address: &'static str) -> Device {
    Device { agent, address }
}

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0";
const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
const MAC: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1";
const ANDROID: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36";

/// Where alice works.
pub const ALICE_LAPTOP: Device = device(FIREFOX, "198.51.100.23");
/// Her telephone, on its way.
pub const ALICE_PHONE: Device = device(IPHONE, "2001:db8:4:17::5");
/// At bob's desk.
pub const BOB_DESK: Device = device(CHROME, "198.51.100.40");
/// His laptop at home.
pub const BOB_HOME: Device = device(MAC, "192.0.2.77");
/// His telephone.
pub const BOB_PHONE: Device = device(ANDROID, "2001:db8:9:2::31");
/// An old one that he lost.
pub const BOB_TABLET: Device = device(ANDROID, "192.0.2.78");
/// Carol's.
pub const CAROL_PHONE: Device = device(IPHONE, "203.0.113.9");
/// Dave's at the office.
pub const DAVE_DESK: Device = device(CHROME, "198.51.100.41");
/// A program of his.
pub const DAVE_SCRIPT: Device = device("okhttp/4.12.0", "198.51.100.60");
/// Erin's at home.
pub const ERIN_HOME: Device = device(MAC, "192.0.2.130");
/// Erin's on her way.
pub const ERIN_PHONE: Device = device(ANDROID, "2001:db8:9:2::99");
/// Whoever took alice's token.
pub const THIEF: Device = device("python-requests/2.32.3", "203.0.113.200");
