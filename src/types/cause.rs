//! Who causes a change, from where, and when: settled at the edge, told by every row that the change leaves.

use std::fmt;
use std::net::IpAddr;

use crate::types::ids::{RequestId, UserId};
use crate::types::time::Moment;
use crate::types::user_agent::UserAgent;

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Somebody who has not shown who they are.
    Anonymous,
    /// A user who has.
    User(UserId),
    /// The command line, run by this user of the operating system.
    CommandLine {
        /// The real user id of the process.
        uid: u32,
    },
    /// The Hub itself.
    System,
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => formatter.write_str("anonymous"),
            Self::User(id) => write!(formatter, "user:{id}"),
            Self::CommandLine { uid } => write!(formatter, "cli:{uid}"),
            Self::System => formatter.write_str("system"),
        }
    }
}

/// The cause of a change.
#[derive(Clone, Debug)]
pub struct Cause {
    /// Who acts.
    pub actor: Actor,
    /// When.
    pub at: Moment,
    /// From which address, if over the network.
    pub address: Option<IpAddr>,
    /// With which client, as it calls itself.
    pub user_agent: UserAgent,
    /// In which request, if in one.
    pub request_id: Option<RequestId>,
}

impl Cause {
    /// The cause of what was asked for by nobody over the network.
    #[must_use]
    pub fn here(actor: Actor, at: Moment) -> Self {
        Self {
            actor,
            at,
            address: None,
            user_agent: UserAgent::unknown(),
            request_id: None,
        }
    }

    /// The same cause, its actor now known to be this user.
    #[must_use]
    pub fn by_user(mut self, user: UserId) -> Self {
        self.actor = Actor::User(user);
        self
    }
}
