//! Every bound of the door, with its unit and its reason.

use std::time::Duration;

/// What one connection, and all of them together, may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// From a request's first byte (on a new connection: from its acceptance) to the end of its head. Half-sent requests
    /// are the cheapest way to hold a server's connections.
    pub header_deadline: Duration,
    /// From the end of the head to the end of the body: 16 KiB in 15 s is 1 KiB/s, slower than any phone.
    pub body_deadline: Duration,
    /// Between two requests of a connection. Most proxies close after 60 s themselves.
    pub idle_timeout: Duration,
    /// How long a client may take nothing of an answer that waits for it.
    pub write_stall_deadline: Duration,
    /// How long open connections may take to end after the stop. Slower than the slowest sign-in, and within the 10 s
    /// that container runtimes wait before they kill.
    pub drain: Duration,
    /// Request line and headers together. hyper reads at least 8 KiB at a time, smaller values still refuse.
    pub max_header_bytes: usize,
    /// Header lines of a request. Browsers send about 20; hyper keeps up to 100 without an allocation.
    pub max_headers: usize,
    /// What the door collects of a body at most: the largest limit of any route.
    pub max_body_bytes: usize,
    /// Connections open at once; further ones wait in the kernel's backlog until one can be spared. At most 16 KiB of
    /// unparsed head each: 64 MiB in the worst case, and far below common descriptor limits once those are raised.
    pub max_connections: usize,
    /// Connections open at once from one IPv4 address or one IPv6 /64, trusted proxies excepted. An eighth of all: a
    /// large office behind one address fits, and no single network can fill the door.
    pub max_connections_per_network: usize,
    /// How long a client may let its connection wait before it can be closed for want of room. Three round trips of a
    /// slow phone: a client that means to send something has begun and ended its head by then.
    pub eviction_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_deadline: Duration::from_secs(10),
            body_deadline: Duration::from_secs(15),
            idle_timeout: Duration::from_mins(1),
            write_stall_deadline: Duration::from_secs(30),
            drain: Duration::from_secs(5),
            max_header_bytes: 16 * 1024,
            max_headers: 100,
            max_body_bytes: crate::http::body::MAX_BODY_BYTES,
            max_connections: 4_096,
            max_connections_per_network: 512,
            eviction_grace: Duration::from_secs(1),
        }
    }
}

/// The longest header of a proxy: what the protocol's authors ask every receiver to take is 536, cloud balancers and
/// certificates' names make some longer.
pub(super) const MAX_PROXY_HEADER_BYTES: usize = 2 * 1024;

/// The pause after a failed accept: short for whoever waits, long enough not to spin.
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long a full door waits for a connection that it asked to go, or for one that can be asked. One that is idle goes
/// within a millisecond.
pub(super) const ASK_AGAIN: Duration = Duration::from_millis(50);

/// How many connections one look at all of them notes as the next to go. With 65,536 open, the most that can be
/// configured, a new connection costs a look at 256 of them on average.
pub(super) const MAX_NEXT_TO_GO: usize = 256;

/// How often the log tells that room is short: a flood must not fill it.
pub(super) const TELL_AGAIN: Duration = Duration::from_mins(1);

/// Connections taken from the backlog at the stop: tokio's listeners ask the kernel for this many.
pub(super) const MAX_WAITING_AT_STOP: usize = 1_024;

/// How long a connection that has said nothing yet may go on saying nothing when the door closes: a round trip of a slow phone and its
/// own time. Whoever keeps connections for later (browsers do) delays the end by no more than this.
pub(super) const FIRST_BYTE_AT_STOP: Duration = Duration::from_millis(500);

/// How long a cut connection may take to be gone; it ends at its next await, so this is generous.
pub(super) const CUT_WAIT: Duration = Duration::from_secs(1);

/// hyper's smallest read buffer; it panics when told a smaller one.
pub(super) const MIN_READ_BUFFER_BYTES: usize = 8 * 1024;

/// Answers up to this size are read at once; longer ones pass in pieces, so that a slow reader holds little memory.
pub(super) const MAX_WHOLE_ANSWER_BYTES: usize = 64 * 1024;

/// One piece of a streamed answer: large enough for few turns, small enough to be held for each slow reader.
pub(super) const STREAM_PIECE_BYTES: usize = 16 * 1024;

/// How long the rest of a refused request is read and thrown away. Closing a socket with unread bytes resets it, and a
/// reset can overtake the refusal.
pub(super) const LINGER: Duration = Duration::from_secs(1);

/// How much of a refused request is thrown away at most: what a client sends before it looks for an answer.
pub(super) const MAX_LINGER_BYTES: usize = 256 * 1024;
