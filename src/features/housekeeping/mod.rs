//! Housekeeping: what is over leaves the database, in small batches between other work.
//!
//! **What leaves, and when.**
//!
//! | rows | leave |
//! | --- | --- |
//! | a session with its lineage and cookies | when it was unused for `refresh_ttl` + `keep_ended_sessions`, is past its absolute end, and, if it was ended, was so for `keep_ended_sessions` |
//! | a right password that waits for its second factor | after it has waited too long |
//! | failures at a password | a day after the last, when they are forgotten anyway |
//! | a network that a user is known from | 90 days after the last session began there |
//! | a setup link | a week after it was made; it was good for a day |
//! | a row of the feed of revocations | when it is older than an access token lives, and an hour; the last row stays |
//! | what was delivered to a webhook | 3 days after it was, or when 10,000 newer ones were |
//! | a dead letter of a webhook | 30 days after it was given up, or when 10,000 newer ones were |
//! | what waits for a webhook that is disabled | 3 days after it was disabled |
//! | the mark that a user is gone | with the last of their sessions |
//!
//! The audit stays, all of it: it is a chain. So do the hours that dashboards count by, the keys that were replaced, and what clients call
//! themselves: whether a name is still referred to could only be told by an index on the lineage, which each refresh would pay for.
//!
//! A session that left takes nothing with it but its own story. Its tokens had all expired by themselves, and are answered `token_expired` as
//! before. If the clock were set back so far that they had not, a refresh token would be an `invalid_token`, an access token `session_revoked`:
//! whatever the clock says, they open nothing.
//!
//! **Never because a clock jumped.** Each of these must be old by the wall clock *and* on the database's lived time, which nobody can set and which
//! never runs ahead of true time: [`crate::store::lived`] has that rule, [`model`] says what is measured with it.
//!
//! **Room that becomes free stays in the file.** SQLite writes new rows there before the file grows, so under constant use its size settles. Giving
//! room back would mean writing the file anew.

pub mod model;
pub mod remove_deliveries;
pub mod remove_rest;
pub mod remove_revocations;
pub mod remove_sessions;
pub mod run;
pub mod store;
pub mod tell;

use rocket::fairing::AdHoc;

/// Starts it with the server.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("housekeeping", |rocket| async {
        rocket.attach(run::hourly())
    })
}
