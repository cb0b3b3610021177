//! **RegardingWork Hub**: sign-in for all your apps from one binary.
//!
//! # The map
//!
//! A request becomes a value, and the value is applied. Whatever changes the database is a small struct, a [`store::Change`]: plain data in,
//! an outcome out, applied in one transaction by the one writer. Time, randomness, hashing and the network are settled before it is made.
//!
//! | folder | what stands there |
//! | --- | --- |
//! | [`types`] | values parsed once at the edge: ids, names, addresses, tokens, time and chance |
//! | [`store`] | the database: one writer thread with group commit, readers that cannot write, migrations, the audit |
//! | [`crypto`] | the keys and their file, tokens, password hashes |
//! | [`config`] | configuration in layers, one file a concern |
//! | [`hub`] | all that a request can reach |
//! | [`http`] | bodies, the one error shape, who asks, headers, embedded files and pages |
//! | [`features`] | what the Hub does: one folder a noun, one file an action, its URL standing in it whole |
//! | [`front`] | the door: sockets, TLS, deadlines, limits; hands whole requests to Rocket in process |
//! | [`cli`] | one subcommand a file |
//!
//! `types ← store, crypto, config ← hub ← http ← features ← front ← cli`; arrows never turn round, and `tests/tidy.rs` holds them.
//!
//! # The session machine
//!
//! One row a session, one session a sign-in. No token is stored, nor a hash of one: a refresh token is a function of the row and the key.
//! A presented generation *g* against the row's *n*, Δ since *g* was first used, grace *G* (see [`features::sessions::model`]):
//!
//! | # | case | answer | leaves |
//! | --- | --- | --- | --- |
//! | 0 | no usable `refresh_token` | 400 | – |
//! | 1 | not ours, or expired | 401 | – |
//! | 2 | no such session, or not its own `jti` | 401 | – |
//! | 3 | the user is gone | 401 | – |
//! | 4 | ended, past its end, or its user locked out | 401 | locked out: ends it |
//! | 5 | g = n, but for 12 | 200, rotate | row, lineage |
//! | 6 | g = n−1, Δ ≤ G | 200, refresh(n): the same bytes again | count, lineage |
//! | 7 | g < n, and neither the clocks nor the lineage can tell Δ | 401, lives | – |
//! | 8 | g < n−1, Δ ≤ G | 200, refresh(n), as 6 | count, lineage |
//! | 9 | any other g < n; with G = 0 every g < n | 401, ends for both holders | row, lineage, audit |
//! | 10 | g > n | 401, lives, error in the log | – |
//! | 11 | 6 or 8 after 20 of them for this n, 12 included | 401, lives | lineage |
//! | 12 | g = n, answered again 1 to 19 times, made at most G ago | 200, refresh(n): itself | count, lineage |
//!
//! Δ is measured on a clock that nobody can set. If the machine was started anew in between, only that Δ is at least as long as the
//! process runs is certain (case 7 until that exceeds G). So no step of the wall clock opens a window or ends a session. The row knows Δ of the
//! last two generations, the lineage of those before as long as it keeps their rotation.
//!
//! Case 12 is for tabs that share a storage and keep whichever answer comes last. An answer with refresh(n) may still be on its way when n is
//! presented: had n + 1 been made and stored by then, that answer would come to lie over it, and the next renewal would be reuse. So n
//! *settles*: no successor is made that such an answer could overwrite. The row alone tells: as long as n was not answered again, one answer
//! carries it, and whoever presents it has had that one. Nobody can hold a generation back for longer than G, nor for more than 20 answers.
//!
//! Cases 6, 8 and 12 make no second live token: whoever is answered holds the one that all others hold. So a thief who presents a stolen token
//! within G of its first use holds the owner's own token from then on. When one of them rotates it, the other holds a used one: presented
//! within G of that it is answered once more, presented later it ends the session for both, never presented it is worth nothing. (A token's first
//! use is the one that made its successor; while it settles it is not used.)
//!
//! # The ring of keys
//!
//! `secret.key` holds the keys, the database says which of them count ([`hub::keys`]). The present one makes what is new; a replaced one verifies what it
//! made until the last of that has expired. A session's row names the key of its present generation, so that a retry gets the same bytes across
//! a rotation. The file is written before the database hears of a key, and nothing is made with a key that the database does not call the present one.
//!
//! # Tries that are held back
//!
//! Two things, for two questions. *How often may one network try?* Buckets in memory ([`hub::throttle`]): a bounded number of them, and a bucket that is
//! forgotten is full. *How often was this account failed at?* A row in the database ([`features::attempts`]), written in the transaction of the
//! refusal, and beside it in memory the tries that are under way: a try counts as failed from before it is compared until it is over. So neither a
//! restart nor a thousand requests at once give anybody more comparisons. An account is known by an HMAC of the name that was typed, whether it
//! exists or not, and counts networks that its user is known from apart from all strangers: guesses do not lock the owner out.
//!
//! # What leaves by itself
//!
//! [`features::housekeeping`] removes what is over, by the hour and in small batches. Nothing leaves on the word of the wall clock alone: the database
//! keeps a sum of the time that was certain to pass ([`store::lived`]), on which the moment in every row has its place.
//!
//! # What is told to others
//!
//! Triggers write it down in the transaction of what happened: the feed of revocations for services that listen ([`features::revocations`]), and for each webhook
//! that wants it a delivery with all that its body says ([`features::webhooks`]). A rotation writes neither.
//!
//! # What must always hold
//!
//! 1. At any instant one generation rotates or settles; only it, or an ancestor first used within G, gives 200. `generation` and `rotated_at`
//!    never go down.
//! 2. A 200 that was answered survives any crash; so does a revocation that was answered.
//! 3. Every 200 for a used token, or for one that settles, carries the refresh token that is the session's present one, in the same bytes for
//!    every holder.
//! 4. After a revocation is answered, whatever starts later is refused on every route.
//! 5. Refresh, access, cookie and form tokens never pass for one another.
//! 6. No clock step re-opens a window or ends a session. An honest client whose requests arrive within G
//!    of the first use of the token that they carry is never signed out, and never refused but by cases 7 and 11.
//!    An answer that arrives within G of the making of the token that it carries never comes to lie over a newer one: but after 20
//!    answers with that token, and when the machine was started anew in between.
//! 7. Rotations = Σ (generation − 1) = rotate rows in the lineage, as far as kept.
//!
//! # `POST /api/auth/refresh`, in one straight line
//!
//! `front` collects the request → `features/sessions/refresh.rs` reads the body and the token → builds `Rotate` → `store/writer.rs` queues it →
//! `features/sessions/store.rs` reads the row → `features/sessions/model/judge.rs` judges → the change writes row, lineage and audit → one commit for all that
//! waited → `crypto/jwt.rs` signs both tokens from the outcome → the answer, or one variant of `features/sessions/error.rs`.

pub mod cli;
pub mod config;
pub mod crypto;
pub mod features;
pub mod front;
pub mod http;
pub mod hub;
pub mod store;
pub mod types;

use rocket::figment::Figment;
use rocket::shield::Shield;
use rocket::{Build, Rocket};

use crate::http::site::Site;
use crate::hub::{Hub, Place};

/// The whole site on a Hub, ready to be served by [`front`] or by Rocket's in-process client in tests.
#[must_use]
pub fn build(hub: Hub) -> Rocket<Build> {
    let place = Place::new(&hub.config.data_dir);
    let site = Site::of(&hub.config);
    rocket::custom(configuration(&place))
        .manage(site)
        .manage(hub)
        // Every header that Rocket would add stands in `http/headers.rs` beside the rest.
        .attach(Shield::new())
        .attach(http::cors::Cors)
        .attach(http::headers::Envelope)
        .attach(http::pages::templates())
        .attach(features::health::stage())
        .attach(features::account::stage())
        .attach(features::admin::audit::stage())
        .attach(features::admin::backups::stage())
        .attach(features::admin::dashboard::stage())
        .attach(features::admin::services::stage())
        .attach(features::admin::sessions::stage())
        .attach(features::admin::settings::stage())
        .attach(features::admin::setup::stage())
        .attach(features::admin::users::stage())
        .attach(features::admin::webhooks::stage())
        .attach(features::browser::stage())
        .attach(features::docs::stage(features::api))
        .attach(features::housekeeping::stage())
        .attach(features::metrics::stage())
        .attach(features::revocations::stage())
        .attach(features::sessions::stage())
        .attach(features::webhooks::stage())
        .mount("/", http::assets::routes())
        .mount("/", http::cors::routes())
        .register("/", http::catchers::all())
        .attach(http::routes::into_log())
}

/// A site that tells the metrics and nothing else, for a port of its own.
#[must_use]
pub fn build_metrics(watched: features::metrics::watched::Watched, place: &Place) -> Rocket<Build> {
    rocket::custom(configuration(place))
        .attach(Shield::new())
        .attach(http::headers::Envelope)
        .attach(features::metrics::alone(watched))
}

/// Rocket's own settings are ours to give: neither `Rocket.toml` nor `ROCKET_*` is read.
fn configuration(place: &Place) -> Figment {
    Figment::from(rocket::Config {
        // It would believe `X-Real-IP` from anyone: see `http/client.rs`.
        ip_header: None,
        log_level: rocket::config::LogLevel::Off,
        cli_colors: false,
        ident: rocket::config::Ident::none(),
        ..rocket::Config::release_default()
    })
    .merge(http::pages::configuration(&place.no_templates()))
}
