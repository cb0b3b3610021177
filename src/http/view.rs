//! What a page's frame needs to know of the request: its path, the theme, a note to show once, who is signed in, the form token.

use std::convert::Infallible;

use rocket::request::{FromRequest, Outcome, Request};
use serde::Serialize;
use serde_json::{Value, json};

use crate::http::cookies::{self, Cookie, Jar, Naming};
use crate::http::headers;
use crate::http::notes::{self, Told};
use crate::http::pages::{Development, Page};
use crate::hub::Hub;
use crate::types::held_value::HeldValue;
use crate::types::ids::UserId;
use crate::types::role::Role;

/// The themes that a person may choose from.
pub const THEMES: [&str; 3] = ["auto", "light", "dark"];

/// Makes the pages that answer one request.
#[derive(Clone, Debug)]
pub struct View {
    path: String,
    theme: &'static str,
    note: Option<Told>,
    request_id: String,
    form_token: Option<String>,
    signed_in: Option<SignedIn>,
    jar: Jar,
    /// Whether cookies are given here at all: not over HTTP that others can read along.
    takes_cookies: bool,
    /// Whether this site is only tried out.
    is_development: bool,
}

/// Who is signed in, as the frame shows it.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Their number.
    pub id: UserId,
    /// Their name.
    pub username: String,
    /// Their role.
    pub role: Role,
    /// Whether this page is one of the administrators'.
    pub in_admin_area: bool,
}

impl View {
    /// The view of a request, without a form token.
    fn bare(request: &Request<'_>) -> Self {
        let naming = Naming::of(request);
        let read = |cookie| naming.and_then(|naming| naming.read(request, cookie));
        let chosen = read(Cookie::Theme);
        let note = read(Cookie::Note);
        let mut jar = Jar::default();
        if note.is_some() {
            jar.take(Cookie::Note);
        }
        Self {
            path: request.uri().to_string(),
            theme: THEMES
                .into_iter()
                .find(|theme| chosen == Some(theme))
                .unwrap_or(THEMES[0]),
            note: note.and_then(notes::told),
            request_id: headers::request_id(request).to_string(),
            form_token: None,
            signed_in: None,
            jar,
            takes_cookies: naming.is_some(),
            is_development: Development::of(request).is_some(),
        }
    }

    /// The view for whoever is signed in, its forms bound to the cookie that they showed.
    #[must_use]
    pub fn signed_in(request: &Request<'_>, hub: &Hub, cookie: &HeldValue, who: SignedIn) -> Self {
        Self {
            form_token: Some(hub.forms.make(&cookie.hash())),
            signed_in: Some(who),
            ..Self::bare(request)
        }
    }

    /// The view for anybody, its forms bound to a visitor's cookie, which is given with the page if there is none yet.
    #[must_use]
    pub fn open(request: &Request<'_>, hub: &Hub) -> Self {
        let mut view = Self::bare(request);
        if !view.takes_cookies {
            return view;
        }
        let visitor = cookies::held(request, Cookie::Visitor).unwrap_or_else(|| {
            let fresh = HeldValue::generate(hub.entropy.as_ref());
            view.jar.give(Cookie::Visitor, fresh.reveal(), None);
            fresh
        });
        view.form_token = Some(hub.forms.make(&visitor.hash()));
        view
    }

    /// The view of an error page, which has no form.
    #[must_use]
    pub fn of_error(request: &Request<'_>) -> Self {
        Self {
            // The note waits for the page that it was meant for.
            note: None,
            jar: Jar::default(),
            ..Self::bare(request)
        }
    }

    /// The same for a page without a form: nobody who only looks gets a cookie.
    #[must_use]
    pub fn without_forms(self) -> Self {
        Self {
            form_token: None,
            jar: Jar::default(),
            ..self
        }
    }

    /// The page of a template; `shows` is its own context, beside which the frame stands as `shell`.
    pub fn page(&self, template: &'static str, shows: impl Serialize) -> Page {
        let mut context = match serde_json::to_value(shows) {
            Ok(Value::Object(context)) => context,
            // Only a map can be a context: whatever else it is, the template will miss it and say so.
            Ok(_) | Err(_) => serde_json::Map::new(),
        };
        context.insert("shell".to_owned(), self.shell(template));
        Page::new(template, context).with_cookies(self.jar.clone())
    }

    fn shell(&self, template: &str) -> Value {
        let user = self.signed_in.as_ref();
        let role = user.map(|user| user.role);
        json!({
            "user": user.map(|user| json!({
                "id": user.id.0,
                "username": user.username,
                "role": user.role.as_str(),
            })),
            "is_admin": user.is_some_and(|user| user.in_admin_area),
            "may_administer": role.is_some_and(|role| role >= Role::Admin),
            "is_super": role == Some(Role::SuperAdmin),
            "section": section(template),
            "theme": self.theme,
            "form_token": self.form_token,
            "note": self.note,
            "version": env!("CARGO_PKG_VERSION"),
            "path": self.path,
            "request_id": self.request_id,
            "takes_cookies": self.takes_cookies,
            "development": self.is_development,
        })
    }
}

/// The part of the site that a template belongs to: the folder it stands in.
fn section(template: &str) -> &str {
    let mut parts = template.split(['/', '.']);
    match (parts.next(), parts.next()) {
        (Some("admin"), Some(section)) => section,
        (Some("account"), _) => "account",
        _ => "",
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for View {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        match request.rocket().state::<Hub>() {
            Some(hub) => Outcome::Success(Self::open(request, hub)),
            None => Outcome::Forward(rocket::http::Status::InternalServerError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::section;

    #[test]
    fn a_templates_folder_tells_its_section() {
        for (template, expected) in [
            ("admin/sessions/list.html", "sessions"),
            ("admin/dashboard.html", "dashboard"),
            ("account/profile.html", "account"),
            ("sign_in.html", ""),
        ] {
            assert_eq!(section(template), expected);
        }
    }
}
