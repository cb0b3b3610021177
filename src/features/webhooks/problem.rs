//! Every way a try to deliver fails, in plain words. None of them repeats the target's address: its query may hold a secret.

use std::time::Duration;

use crate::features::webhooks::address::Refused;

/// Why a delivery was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The name has no address.
    #[error("the receiver's name is not known to this machine's resolver")]
    NameUnknown,
    /// The resolver did not answer.
    #[error("this machine's resolver did not answer in time")]
    NameUnanswered,
    /// The address may not be connected to.
    #[error("{0}")]
    Refused(Refused),
    /// Nobody listens there.
    #[error("no connection: {0}")]
    Connection(std::io::ErrorKind),
    /// Nobody answers there.
    #[error("no connection in time")]
    ConnectionTooLate,
    /// The certificate is not the receiver's, or nobody vouches for it.
    #[error("the receiver's certificate is not good: {0}")]
    Certificate(String),
    /// Another fault of TLS.
    #[error("no TLS with the receiver: {0}")]
    Tls(String),
    /// There is no TLS here to begin with.
    #[error("this Hub cannot set up TLS; its log says why")]
    TlsUnavailable,
    /// TLS took too long.
    #[error("no TLS in time")]
    TlsTooLate,
    /// There was no answer.
    #[error("no answer within {} s", .0.as_secs())]
    AnswerTooLate(Duration),
    /// The answer was none.
    #[error("the connection ended without an answer that is HTTP")]
    NoHttp,
    /// It leads elsewhere.
    #[error("answered {0}: redirects are not followed; give the address that they lead to")]
    Redirect(u16),
    /// It was not taken.
    #[error("answered {0}")]
    Status(u16),
    /// It came out of a backup.
    #[error(
        "it waited when the backup was made that was put back, and may have been delivered since"
    )]
    Restored,
}
