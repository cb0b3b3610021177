//! What every answer carries, whatever made it; the log line and the count of every request.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Method;
use rocket::request::Request;
use rocket::{Data, Orbit, Response, Rocket};

use crate::http::client;
use crate::http::routes;
use crate::http::site::Site;
use crate::hub::Hub;
use crate::types::entropy::{Entropy, SystemEntropy};
use crate::types::ids::RequestId;
use crate::types::time::Moment;

/// Pages may load from the Hub itself and from nowhere else, run no inline script, and stand in no frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'";
/// Where every answer carries the id that its log line carries too.
pub const REQUEST_ID: &str = "X-Request-Id";
/// The cache rule of whatever does not say another one.
pub const NOT_KEPT: &str = "no-store";
/// Two years: what browsers' preload lists ask for.
const STRICT_TRANSPORT: &str = "max-age=63072000; includeSubDomains";

/// What the front door notes of a request before Rocket sees it. Nothing, where Rocket is asked without a door.
#[derive(Clone, Copy, Default)]
pub struct Arrival {
    /// The method that it was sent with. Whoever notes it also gives the answer what [`of_every_answer`] names.
    pub sent: Option<Method>,
}

/// How a form asks Rocket for another method than its request has.
const OVERRIDE: &[u8] = b"_method=";

/// What every answer carries beside its id and its cache rules, whoever makes it: Rocket or the door. Names are in lower case.
pub fn of_every_answer(
    https: bool,
    is_page: bool,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    // A page's forms must say where they come from, or a browser without fetch metadata could send none: with `no-referrer`
    // their `Origin` would be `null`. Other origins are told nothing either way.
    let referrer = if is_page {
        "same-origin"
    } else {
        "no-referrer"
    };
    let strict = https.then_some(("strict-transport-security", STRICT_TRANSPORT));
    [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", referrer),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        ("x-frame-options", "DENY"),
    ]
    .into_iter()
    .chain(strict)
}

/// Gives each request its name and each answer its headers, writes the log line and counts.
pub struct Envelope;

/// A request's name, drawn when it is first asked for.
#[must_use]
pub fn request_id(request: &Request<'_>) -> RequestId {
    *request.local_cache(|| {
        let system = SystemEntropy;
        let hub = request.rocket().state::<Hub>();
        let entropy: &dyn Entropy = hub.map_or(&system, |hub| hub.entropy.as_ref());
        RequestId::generate(entropy)
    })
}

/// When a request began, for its log line.
struct Begun(Option<Moment>);

#[rocket::async_trait]
impl Fairing for Envelope {
    fn info(&self) -> Info {
        Info {
            name: "request id, headers and log",
            kind: Kind::Liftoff | Kind::Request | Kind::Response,
        }
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        if let Some(hub) = rocket.state::<Hub>() {
            hub.counts.requests.know(routes::known(rocket));
        }
    }

    async fn on_request(&self, request: &mut Request<'_>, data: &mut Data<'_>) {
        // Rocket lets a form's first field `_method` stand in for the method. Nobody here asks for that: what a proxy has passed as
        // a POST stays one.
        let is_form = request.content_type().is_some_and(|kind| kind.is_form());
        if is_form && data.peek(OVERRIDE.len()).await == OVERRIDE {
            // Without a door to say so it was a POST: no other method lets Rocket look for the field.
            let sent = request.local_cache(Arrival::default).sent;
            request.set_method(sent.unwrap_or(Method::Post));
        }
        let now = request.rocket().state::<Hub>().map(|hub| hub.clock.now());
        request.local_cache(|| Begun(now));
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let id = request_id(request);
        response.set_raw_header(REQUEST_ID, id.to_string());
        if request.local_cache(Arrival::default).sent.is_none() {
            let is_page = response.content_type().is_some_and(|kind| kind.is_html());
            let site = request.rocket().state::<Site>();
            for (name, value) in of_every_answer(site.is_some_and(|site| site.https), is_page) {
                response.set_raw_header(name, value);
            }
        }
        if !response.headers().contains("Cache-Control") {
            response.set_raw_header("Cache-Control", NOT_KEPT);
        }
        if let Some(hub) = request.rocket().state::<Hub>() {
            let begun = request.local_cache(|| Begun(None)).0;
            let micros = begun.map_or(0, |begun| hub.clock.now().steady - begun.steady);
            let (number, status) = (routes::number(request), response.status().code);
            let counted = u64::try_from(micros).unwrap_or(0);
            hub.counts.requests.count(number, status, counted);
            log(hub, request, response, id, micros);
        }
    }
}

/// One line a request. The route's pattern stands in it and not the address as it was typed, which may hold what nobody should read.
fn log(hub: &Hub, request: &Request<'_>, response: &Response<'_>, id: RequestId, micros: i64) {
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let route = request
        .route()
        .map_or(routes::NONE, |route| route.uri.as_str());
    let client = client::address(request, &hub.trusted_proxies());
    tracing::info!(
        request_id = %id,
        method = %request.method(),
        route,
        status = response.status().code,
        micros,
        client = client.map(tracing::field::display),
        "request"
    );
}
