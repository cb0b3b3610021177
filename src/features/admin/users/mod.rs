//! Other people's accounts. Each act is a change, so that every way to it (the command line, a page) does the same.

pub mod acting;
pub mod add_user;
pub mod authority;
pub mod delete_user;
pub mod error;
pub mod import_users;
pub mod list;
pub mod new_account;
pub mod reset_second_factor;
pub mod set_active;
pub mod set_password;
pub mod set_role;
pub mod set_tier;
pub mod show;
pub mod sign_out;
pub mod store;

use rocket::fairing::AdHoc;
use rocket::routes;

/// Plugs the pages in.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("admin users", |rocket| async {
        rocket.mount(
            "/",
            routes![
                list::list,
                show::show,
                add_user::ask,
                add_user::add,
                set_role::ask,
                set_role::set,
                set_tier::ask,
                set_tier::set,
                set_active::ask_disable,
                set_active::disable,
                set_active::ask_enable,
                set_active::enable,
                set_password::ask,
                set_password::set,
                sign_out::ask,
                sign_out::sign_out,
                reset_second_factor::ask,
                reset_second_factor::reset,
                delete_user::ask,
                delete_user::delete,
            ],
        )
    })
}
