//! The names that rows have: users, keys, service accounts, webhooks and their deliveries, sessions, requests.

use std::fmt;
use std::str::FromStr;

use crate::types::entropy::Entropy;

/// A user's number. It is given once and never returns, not even after the user is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub i64);

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A key's number, from 1 in the order they were made. It is given once and never returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub i64);

impl KeyId {
    /// The key that a Hub begins with.
    pub const FIRST: Self = Self(1);
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A service account's number. It is given once and never returns, not even after the account is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceId(pub i64);

impl fmt::Display for ServiceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A webhook's number. It is given once and never returns, not even after the webhook is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WebhookId(pub i64);

impl fmt::Display for WebhookId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A delivery's number: one event on its way to one webhook. It never returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryId(pub i64);

impl fmt::Display for DeliveryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A session's key: 63 random bits, the row's own key, written as 16 hex digits (`sid` in tokens).
///
/// It names a session and proves nothing: what cannot be guessed is the `jti` beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(i64);

impl SessionId {
    /// A new key from 63 bits of chance, never zero.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 8];
        entropy.fill(&mut bytes);
        Self((i64::from_be_bytes(bytes) & i64::MAX).max(1))
    }

    /// The row's key as it stands in the database; `None` for what was never given out.
    #[must_use]
    pub fn from_row(key: i64) -> Option<Self> {
        (key > 0).then_some(Self(key))
    }

    /// The row's key.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// What was given is not 16 lower-case hex digits of a session's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a session id is 16 hex digits, as `hub session list` prints them")]
pub struct NotASessionId;

impl FromStr for SessionId {
    type Err = NotASessionId;

    fn from_str(text: &str) -> Result<Self, NotASessionId> {
        let canonical = text.len() == 16
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !canonical {
            return Err(NotASessionId);
        }
        i64::from_str_radix(text, 16)
            .ok()
            .and_then(Self::from_row)
            .ok_or(NotASessionId)
    }
}

/// The name of one request: in the `X-Request-Id` header, in its log line and in its audit rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId([u8; 12]);

impl RequestId {
    /// A new name from 96 bits of chance.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 12];
        entropy.fill(&mut bytes);
        Self(bytes)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::SessionId;

    #[test]
    fn a_session_id_is_read_back_as_it_was_written_and_in_no_other_way() {
        let id = SessionId::from_row(0x0123_4567_89ab_cdef).expect("positive");
        assert_eq!(id.to_string(), "0123456789abcdef");
        assert_eq!("0123456789abcdef".parse(), Ok(id));
        for wrong in [
            "",
            "0",
            "0000000000000000",
            "0123456789ABCDEF",
            "ffffffffffffffff",
            "+123456789abcdef",
            "0123456789abcdef0",
            " 123456789abcdef",
        ] {
            assert!(wrong.parse::<SessionId>().is_err(), "{wrong:?}");
        }
    }
}
