//! Sessions: one a sign-in, one row each, its refresh tokens a function of the row and the key.

pub mod access;
pub mod answers;
pub mod bearer;
pub mod end;
pub mod end_batches;
pub mod error;
pub mod example;
pub mod issue;
pub mod lineage;
pub mod list;
pub mod login;
pub mod logout;
pub mod logout_all;
pub mod model;
pub mod own;
pub mod proof;
pub mod refresh;
pub mod revoke;
pub mod search;
pub mod start;
pub mod store;
pub mod validate;
pub mod verdict;

use rocket::fairing::AdHoc;
use rocket::routes;
use utoipa::OpenApi;

/// Its routes in the document of the API.
#[derive(OpenApi)]
#[openapi(paths(
    login::login,
    refresh::refresh,
    validate::validate,
    validate::validate_by_post,
    logout::logout,
    list::list,
    revoke::revoke,
    logout_all::logout_all
))]
pub struct Api;

/// Plugs the feature in.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("sessions", |rocket| async {
        rocket.mount(
            "/",
            routes![
                login::login,
                refresh::refresh,
                logout::logout,
                logout_all::logout_all,
                validate::validate,
                validate::validate_by_post,
                list::list,
                revoke::revoke,
            ],
        )
    })
}
