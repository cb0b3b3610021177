//! Pages for people: embedded Tera templates, escaped by default.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rocket::fairing::{AdHoc, Fairing};
use rocket::http::Status;
use rocket::request::Request;
use rocket::response::{self, Responder};
use rocket::{Response, figment};
use rocket_dyn_templates::tera::Tera;
use rocket_dyn_templates::{Engines, Template, context};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::assets;
use crate::http::cookies::Jar;
use crate::http::problem::ApiError;
use crate::http::view::View;

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

    /// Writes into the log why the template failed: its engine's own word is lost on the way, and a page that fails is a bug.
    fn explain(&self, request: &Request<'_>) {
        let Some(Compiled(tera)) = request.rocket().state() else {
            return;
        };
        let context = rocket_dyn_templates::tera::Context::from_serialize(&self.shows);
        let cause = tera.get().map(|tera| tera.render(self.name, &context?));
        if let Some(Err(error)) = cause {
            let mut causes = Vec::new();
            let mut next: Option<&dyn std::error::Error> = Some(&error);
            while let Some(cause) = next {
                causes.push(cause.to_string());
                next = cause.source();
            }
            tracing::error!(
                template = self.name,
                cause = causes.join(": "),
                "a page failed"
            );
        }
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
            },
        )
    }
}

impl<'r> Responder<'r, 'static> for Page {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let rendered = Template::render(self.name, &self.shows).respond_to(request);
        let mut response: Response<'static> = rendered.inspect_err(|_| self.explain(request))?;
        response.set_status(self.status);
        self.jar.write(request, &mut response);
        response.set_raw_header("Content-Type", "text/html; charset=utf-8");
        Ok(response)
    }
}

/// The templates once more, for [`Page::explain`].
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
    let sources = Files::iter().filter_map(|name| {
        let file = Files::get(&name)?;
        let text = String::from_utf8(file.data.into_owned()).ok()?;
        Some((name.to_string(), text))
    });
    engines.tera.add_raw_templates(sources)?;
    let urls: Map<String, Value> = assets::urls()
        .map(|(name, url)| (name, Value::String(url)))
        .collect();
    engines.tera.register_function(
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

/// `rocket_dyn_templates` wants a directory to look into even where all templates are embedded: this one is empty.
#[must_use]
pub fn configuration(empty_directory: &Path) -> figment::Figment {
    figment::Figment::new().merge(("template_dir", empty_directory))
}
