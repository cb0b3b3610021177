//! `GET /static/{name}`: style sheets, scripts and icons: embedded, named after their content, kept by browsers for good.
//! The client for apps also under its own name, which apps write down: `/static/hub-client.js`.

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
/// After ten minutes a browser looks for a newer one. Meanwhile, and for a day while the Hub is away, it takes the one that it has.
const FOR_A_WHILE: &str = "public, max-age=600, stale-while-revalidate=86400";
/// What apps of other origins import or read by its name: the browser client and its types.
const FOR_APPS: [&str; 2] = ["hub-client.js", "hub-client.d.ts"];
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

/// Whether a path leads to a file for apps, which their pages may load from their own origins.
#[must_use]
pub fn is_for_apps(path: &str) -> bool {
    path.strip_prefix("/static/")
        .is_some_and(|name| FOR_APPS.contains(&name))
}

struct Asset {
    content: Cow<'static, [u8]>,
    kind: ContentType,
    tag: String,
    kept: &'static str,
}

/// Serves what is embedded and nothing else: a name is looked up, never opened.
#[get("/static/<name>")]
fn asset(name: &str) -> Result<Asset, ApiError> {
    find(name).ok_or_else(|| ApiError::of_status(404))
}

fn find(name: &str) -> Option<Asset> {
    let (rest, extension) = name.rsplit_once('.')?;
    if FOR_APPS.contains(&name) {
        return Some(Asset::of(Files::get(name)?, extension, FOR_A_WHILE));
    }
    let (stem, given) = rest.rsplit_once('.')?;
    let file = Files::get(&format!("{stem}.{extension}"))?;
    let asset = Asset::of(file, extension, FOR_GOOD);
    (given == asset.tag).then_some(asset)
}

impl Asset {
    fn of(file: rust_embed::EmbeddedFile, extension: &str, kept: &'static str) -> Self {
        let kind = match extension {
            // Types to read. To the table of media types this ending means a film.
            "ts" => ContentType::Plain,
            _ => ContentType::from_extension(extension).unwrap_or(ContentType::Binary),
        };
        Self {
            tag: digest(&file),
            content: file.data,
            kind,
            kept,
        }
    }
}

impl<'r> Responder<'r, 'static> for Asset {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let tag = format!("\"{}\"", self.tag);
        let known = request.headers().get_one("If-None-Match") == Some(&tag);
        let mut response = Response::build();
        response
            .header(self.kind)
            .raw_header("Cache-Control", self.kept)
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
