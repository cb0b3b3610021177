//! The pages of one's own account, for everybody who is signed in at a browser.

mod confirm_second_factor;
mod overview;
mod own_password;
mod own_sessions;
mod password;
mod profile;
mod recovery_codes;
mod remove_second_factor;
mod revoke;
mod revoke_others;
mod second_factor;

use rocket::{Route, routes};

/// Every route of these pages.
pub(super) fn routes() -> Vec<Route> {
    routes![
        overview::show,
        profile::save,
        password::change,
        revoke::ask,
        revoke::revoke,
        revoke_others::ask,
        revoke_others::revoke,
        second_factor::show,
        second_factor::begin,
        confirm_second_factor::confirm,
        remove_second_factor::ask,
        remove_second_factor::remove,
        recovery_codes::ask,
        recovery_codes::renew,
    ]
}
