//! `GET /static/{name}`: style sheets, scripts and icons: embedded, named after their content, kept by browsers for good.

use std::borrow::Cow;
use std::io::Cursor;

use data_encoding::HEXLOWER;
use rocket::http::{ContentType, Status};
use rocket::request::Request;
use rocket::response::{self, Responder};
use rocket::{Response, Route, get, routes};

use crate::http::problem::ApiError;

/// A name changes with its content, so a browser need never ask again.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
/// Hex digits of the content's hash in a name: enough that no two versions share one.
const DIGEST_CHARS: usize = 12;

#[derive(rust_embed::RustEmbed)]
#[folder = "static/"]
struct Files;

/// The address under which the embedded file is served now: `style.css` is `/static/style.0123456789ab.css`.
#[must_use]
pub fn url(name: &str) -> Option<String> {
    let digest = digest(&Files::get(name)?);
    let (stem, extension) = name.rsplit_once('.')?;
    Some(format!("/static/{stem}.{digest}.{extension}"))
}

/// Every embedded file's name with its address.
pub fn urls() -> impl Iterator<Item = (String, String)> {
    Files::iter().filter_map(|name| Some((name.to_string(), url(&name)?)))
}

fn digest(file: &rust_embed::EmbeddedFile) -> String {
    let mut digest = HEXLOWER.encode(&file.metadata.sha256_hash());
    digest.truncate(DIGEST_CHARS);
    digest
}

struct Asset {
    content: Cow<'static, [u8]>,
    kind: ContentType,
    tag: String,
}

/// Serves what is embedded and nothing else: a name is looked up, never opened.
#[get("/static/<name>")]
fn asset(name: &str) -> Result<Asset, ApiError> {
    find(name).ok_or_else(|| ApiError::of_status(404))
}

fn find(name: &str) -> Option<Asset> {
    let (rest, extension) = name.rsplit_once('.')?;
    let (stem, given) = rest.rsplit_once('.')?;
    let file = Files::get(&format!("{stem}.{extension}"))?;
    let tag = digest(&file);
    (given == tag).then(|| Asset {
        content: file.data,
        kind: ContentType::from_extension(extension).unwrap_or(ContentType::Binary),
        tag,
    })
}

impl<'r> Responder<'r, 'static> for Asset {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let tag = format!("\"{}\"", self.tag);
        let known = request.headers().get_one("If-None-Match") == Some(&tag);
        let mut response = Response::build();
        response
            .header(self.kind)
            .raw_header("Cache-Control", FOR_GOOD)
            .raw_header("ETag", tag);
        if known {
            return response.status(Status::NotModified).ok();
        }
        response
            .sized_body(self.content.len(), Cursor::new(self.content))
            .ok()
    }
}

/// The route of embedded files.
#[must_use]
pub fn routes() -> Vec<Route> {
    routes![asset]
}
