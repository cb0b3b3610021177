//! What leads from one call to the next in the document of the API: from a sign-in's tokens to renewing them and ending their session.

use serde_json::{Value, json};
use utoipa::openapi::link::{Link, LinkBuilder};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{OpenApi, RefOr};

/// Calls whose answer carries a pair of tokens.
const GIVE_PAIRS: [&str; 4] = ["register", "login", "refresh", "changePassword"];
/// Calls that such an answer's access token opens.
const TAKE_ACCESS: [&str; 5] = ["validate", "me", "listSessions", "logout", "logoutAll"];

/// Puts the links on.
pub fn put_on(document: &mut OpenApi) {
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        let Some(id) = operation.operation_id.clone() else {
            continue;
        };
        if GIVE_PAIRS.contains(&id.as_str()) {
            let body = json!({"refresh_token": "$response.body#/refresh_token"});
            let renew = link("refresh", "Renews the pair.", Some(body));
            add(operation, "refresh", renew);
            for next in TAKE_ACCESS {
                let told = "With `access_token` as the bearer's token.";
                add(operation, next, link(next, told, None));
            }
        }
        if id == "listSessions" {
            let first = link("revokeSession", "Ends the newest session.", None);
            let first = LinkBuilder::from(first).parameter("id", "$response.body#/sessions/0/id");
            add(operation, "revokeSession", first.build());
        }
    }
}

/// The operations of a path.
pub fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let methods = [
        &mut item.get,
        &mut item.post,
        &mut item.patch,
        &mut item.delete,
    ];
    methods.into_iter().flatten()
}

fn link(to: &str, description: &str, body: Option<Value>) -> Link {
    LinkBuilder::new()
        .operation_id(to)
        .description(description)
        .request_body(body)
        .build()
}

/// To every answer that is a success.
fn add(operation: &mut Operation, name: &str, link: Link) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.starts_with('2')
        {
            response.links.insert(name.to_owned(), link.clone().into());
        }
    }
}
