//! Pages for people: embedded Tera templates, escaped by default.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use flate2::Compression;
use flate2::write::GzEncoder;
use rocket::fairing::{AdHoc, Fairing};
use rocket::http::Status;
use rocket::request::Request;
use rocket::response::{self, Responder};
use rocket::{Response, figment};
use rocket_dyn_templates::tera::{self, Tera};
use rocket_dyn_templates::{Engines, Template, context};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::assets;
use crate::http::cookies::Jar;
use crate::http::problem::ApiError;
use crate::http::view::View;
use crate::hub::throttle::model::TooMany;

#[derive(rust_embed::RustEmbed)]
#[folder = "templates/"]
struct Files;

/// A page: a template, what it shows, and the cookies that come with it.
#[derive(Clone)]
pub struct Page {
    name: &'static str,
    shows: Value,
    status: Status,
    jar: Jar,
    /// Seconds after which the form may be sent again.
    retry_after: Option<u32>,
}

/// What a page shows may be somebody's secret for a moment: recovery codes, a setup token.
impl std::fmt::Debug for Page {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Page({})", self.name)
    }
}

impl Page {
    /// A page of the template `name`, such as `landing.html`.
    pub fn new(name: &'static str, shows: impl Serialize) -> Self {
        Self {
            name,
            // A value that is no map shows nothing: the template misses what it wants, and says so in the log.
            shows: serde_json::to_value(shows).unwrap_or_default(),
            status: Status::Ok,
            jar: Jar::default(),
            retry_after: None,
        }
    }

    /// With cookies.
    #[must_use]
    pub fn with_cookies(mut self, jar: Jar) -> Self {
        self.jar = jar;
        self
    }

    /// With another status than 200: 422 for a form that has to be filled in again.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Status::new(status);
        self
    }

    /// As the answer to a form that was sent too often (429).
    #[must_use]
    pub fn for_too_many(mut self, too_many: TooMany) -> Self {
        self.status = Status::TooManyRequests;
        self.retry_after = Some(too_many.seconds());
        self
    }

    /// The page as HTML. A template that fails is a bug: why it did stands in the log, for the answer must not say it.
    fn render(&self, request: &Request<'_>) -> Result<String, Status> {
        let failed = |cause: String| {
            tracing::error!(template = self.name, cause, "a page failed");
            Status::InternalServerError
        };
        let compiled = request.rocket().state::<Compiled>();
        let embedded = compiled
            .and_then(|compiled| compiled.0.get())
            .ok_or_else(|| failed("no templates were compiled".to_owned()))?;
        let fresh = Development::of(request)
            .and_then(Development::templates)
            .transpose()
            .map_err(|error| failed(causes(&error)))?;
        let tera = fresh.as_ref().unwrap_or(embedded);
        let context = tera::Context::from_serialize(&self.shows);
        context
            .and_then(|context| tera.render(self.name, &context))
            .map_err(|error| failed(causes(&error)))
    }

    /// The page of an error, with the request's name, so that an administrator can find its log line.
    #[must_use]
    pub fn error(error: &ApiError, request: &Request<'_>) -> Self {
        View::of_error(request).page(
            "error.html",
            context! {
                status: error.status(),
                text: error.text(),
                code: error.code(),
                retry_after: error.retry_after(),
            },
        )
    }
}

/// What an error says, and every one behind it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut texts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        texts.push(cause.to_string());
        next = cause.source();
    }
    texts.join(": ")
}

impl<'r> Responder<'r, 'static> for Page {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let html = self.render(request)?;
        let mut response = Response::build();
        response
            .status(self.status)
            .raw_header("Content-Type", "text/html; charset=utf-8");
        if let Some(seconds) = self.retry_after {
            response.raw_header("Retry-After", seconds.to_string());
        }
        match compressed(request, &html) {
            Some(bytes) => response
                .raw_header("Content-Encoding", "gzip")
                .raw_header("Vary", "Accept-Encoding")
                .sized_body(bytes.len(), Cursor::new(bytes)),
            None => response.sized_body(html.len(), Cursor::new(html.into_bytes())),
        };
        let mut response = response.finalize();
        self.jar.write(request, &mut response);
        Ok(response)
    }
}

/// Pages shorter than this go as they are.
const COMPRESSED_FROM_BYTES: usize = 16 * 1024;

/// A long page of the administrators, or of the API's reference, made short for a browser that takes it so (`gzip`, RFC 9110, 8.4.1.3).
///
/// The reference holds nothing of anybody's. Else only theirs: no request that another site makes a browser send carries their cookie, so nobody can find out a form's token by how well it
/// compresses beside words of their own (BREACH).
fn compressed(request: &Request<'_>, html: &str) -> Option<Vec<u8>> {
    let path = request.uri().path();
    let may_be = path.starts_with("/admin/") || path == "/docs";
    let wanted = may_be && html.len() >= COMPRESSED_FROM_BYTES;
    if !wanted || !takes_gzip(request.headers().get("Accept-Encoding")) {
        return None;
    }
    // The quickest level makes a fifth of a list already.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(html.as_bytes()).ok()?;
    encoder.finish().ok()
}

/// Whether a browser takes `gzip`: it names it, and not with a weight of zero.
fn takes_gzip<'a>(headers: impl Iterator<Item = &'a str>) -> bool {
    headers.flat_map(|header| header.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let refused = parts.any(|weight| {
            let digits = weight.strip_prefix("q=").unwrap_or("1");
            digits.parse::<f32>().is_ok_and(|weight| weight <= 0.0)
        });
        named && !refused
    })
}

/// The templates, once they are compiled.
struct Compiled(Arc<OnceLock<Tera>>);

/// The templates, compiled from what is embedded.
#[must_use]
pub fn templates() -> impl Fairing {
    AdHoc::on_ignite("pages", |rocket| async {
        let compiled = Arc::new(OnceLock::new());
        let keep = Arc::clone(&compiled);
        rocket
            .manage(Compiled(compiled))
            .attach(Template::try_custom(move |engines| {
                compile(engines)?;
                // Compiled once a start: a second time there is nothing to set.
                let _set_before = keep.set(engines.tera.clone());
                Ok(())
            }))
    })
}

fn compile(engines: &mut Engines) -> Result<(), Box<dyn std::error::Error>> {
    Ok(fill(&mut engines.tera, embedded)?)
}

/// Compiles every template, its text coming from where it is looked for.
fn fill(tera: &mut Tera, text: impl Fn(&str) -> Option<String>) -> tera::Result<()> {
    let sources = Files::iter().filter_map(|name| {
        let text = text(&name)?;
        Some((name.to_string(), text))
    });
    tera.add_raw_templates(sources)?;
    let urls: Map<String, Value> = assets::urls()
        .map(|(name, url)| (name, Value::String(url)))
        .collect();
    tera.register_function(
        "asset",
        move |arguments: &std::collections::HashMap<String, Value>| {
            arguments
                .get("name")
                .and_then(Value::as_str)
                .and_then(|name| urls.get(name).cloned())
                .ok_or_else(|| "no such asset".into())
        },
    );
    Ok(())
}

fn embedded(name: &str) -> Option<String> {
    String::from_utf8(Files::get(name)?.data.into_owned()).ok()
}

/// What a site holds that is only tried out (`hub dev`): every page says so, and templates are read anew for each page.
#[derive(Clone, Debug)]
pub struct Development {
    /// Where the templates are, if anybody is at work on them.
    pub templates: Option<PathBuf>,
}

impl Development {
    /// What the site of a request holds.
    #[must_use]
    pub fn of<'r>(request: &'r Request<'_>) -> Option<&'r Self> {
        request.rocket().state()
    }

    /// The templates as they are now; one that is not in the folder is the embedded one.
    fn templates(&self) -> Option<tera::Result<Tera>> {
        let folder = self.templates.as_ref()?;
        let mut tera = Tera::default();
        let filled = fill(&mut tera, |name| {
            let read = std::fs::read_to_string(folder.join(name)).ok();
            read.or_else(|| embedded(name))
        });
        Some(filled.map(|()| tera))
    }
}

/// `rocket_dyn_templates` wants a directory to look into even where all templates are embedded: this one is empty.
#[must_use]
pub fn configuration(empty_directory: &Path) -> figment::Figment {
    figment::Figment::new().merge(("template_dir", empty_directory))
}

#[cfg(test)]
mod tests {
    use super::takes_gzip;

    #[test]
    fn gzip_is_sent_to_whoever_names_it_and_does_not_refuse_it() {
        for header in [
            "gzip",
            "br, gzip",
            "GZIP;q=0.5",
            "deflate, gzip;q=1.0, *;q=0",
        ] {
            assert!(takes_gzip([header].into_iter()), "{header}");
        }
        for header in [
            "",
            "br",
            "identity",
            "gzip;q=0",
            "gzip; q=0.0",
            "xgzip",
            "*",
        ] {
            assert!(!takes_gzip([header].into_iter()), "{header}");
        }
    }
}
