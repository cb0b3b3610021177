//! The document of the API, for programs (`GET /api/openapi.json`), for people and for whoever reads plain text.
//!
//! Each route is described beside its handler (`#[utoipa::path]`), each refusal by the very error that answers it (`answers.rs` of its feature). What holds
//! for all of them stands in [`document`].

pub mod document;
pub mod links;
pub mod made;
pub mod openapi;
pub mod page;
pub mod paragraphs;
pub mod plain;
pub mod reference;
pub mod samples;
pub mod search;
pub mod shapes;
pub mod told;
pub mod written;

use rocket::fairing::AdHoc;
use rocket::routes;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;

use crate::features::docs::made::Made;

/// Its routes in the document of the API.
#[derive(OpenApi)]
#[openapi(paths(openapi::document))]
pub struct Api;

/// Plugs the feature in; `document` describes what all features together offer.
pub fn stage(document: fn() -> Document) -> AdHoc {
    AdHoc::on_ignite("docs", move |rocket| async move {
        rocket.manage(Made::by(document)).mount(
            "/",
            routes![
                openapi::document,
                page::page,
                plain::beside_the_page,
                plain::at_the_root
            ],
        )
    })
}
