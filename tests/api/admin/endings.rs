//! What a page of sessions hears of their ends while somebody looks at it, and for how long.

use std::collections::BTreeSet;
use std::time::Duration;

use hub::features::admin::users::set_role::SetRole;
use hub::features::revocations::hearing::MAX_PAGES_A_BROWSER;
use hub::features::sessions::model::EndReason;
use hub::types::ids::UserId;
use hub::types::role::Role;
use rocket::http::Method;
use rocket::local::asynchronous::LocalResponse;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::admin::sessions_stage::{LIST, id_of, staged};
use crate::answer::Answer;
use crate::browsing::Browser;
use crate::stage::{Pair, SECOND, Stage};

/// What a row says beside the words of a reload.
const NEWS: &str = "<span class=\"unseen\"> while you looked</span>";
/// Longer than an event takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// A minute before the administrators' pages close.
const ALMOST_IDLE: Duration = Duration::from_mins(14);

/// The attribute of a page that stands there once.
fn attribute<'page>(page: &'page Answer, name: &str) -> &'page str {
    let (_, rest) = page.body.split_once(&format!("{name}=\"")).expect(name);
    rest.split_once('"').expect(name).0
}

/// The sessions that a page would hear of.
fn live(page: &Answer) -> Vec<&str> {
    let parts = page.body.split("name=\"id\" value=\"").skip(1);
    parts.map(|part| &part[..16]).collect()
}

/// The sessions that a page's script asks about: those of a list by their boxes.
fn asked_about(page: &Answer) -> BTreeSet<&str> {
    let parts = page.body.split("data-live=\"").skip(1);
    parts.map(|part| &part[..16]).chain(live(page)).collect()
}

/// The address that a page's script opens.
fn address(page: &Answer) -> String {
    let ids: Vec<&str> = asked_about(page).into_iter().collect();
    let (place, ids) = (attribute(page, "data-place"), ids.join("&id="));
    format!("/admin/sessions/endings?after={place}&id={ids}")
}

/// An open stream.
struct Ear<'stage> {
    response: LocalResponse<'stage>,
    heard: String,
}

impl<'stage> Ear<'stage> {
    async fn open(stage: &'stage Stage, browser: &Browser<'_>, path: &str) -> Self {
        let call = stage.request(Method::Get, path);
        let call = call.header("Cookie", &browser.cookie_header());
        let call = call.header("Accept", "text/event-stream");
        let response = call.header("Sec-Fetch-Site", "same-origin").open().await;
        Self {
            response,
            heard: String::new(),
        }
    }

    fn status(&self) -> u16 {
        self.response.status().code
    }

    /// Everything up to these words, and them; what was heard before is forgotten.
    async fn until(&mut self, words: &str) -> String {
        let mut bytes = [0; 1_024];
        while !self.heard.contains(words) {
            let read = timeout(PATIENCE, self.response.read(&mut bytes)).await;
            let read = read.expect(words).expect("readable");
            assert!(read > 0, "{words}: {}", self.heard);
            self.heard += std::str::from_utf8(&bytes[..read]).expect("UTF-8");
        }
        std::mem::take(&mut self.heard)
    }

    async fn ready(mut self) -> Self {
        assert_eq!(self.status(), 200);
        self.until("event: ready\n").await;
        self
    }

    /// Whatever comes before the end.
    async fn rest(mut self) -> String {
        let mut rest = Vec::new();
        let read = timeout(PATIENCE, self.response.read_to_end(&mut rest)).await;
        read.expect("an end").expect("readable");
        self.heard + std::str::from_utf8(&rest).expect("UTF-8")
    }
}

async fn sign_out(stage: &Stage, pair: &Pair) {
    let answer = stage.ask(Method::Post, "/api/auth/logout", &pair.access);
    assert_eq!(answer.await.status, 200);
}

#[rocket::async_test]
async fn a_page_hears_which_of_its_sessions_ended_since_it_was_made_and_of_no_others() {
    let stage = Stage::new().await;
    let (root, [first, second, bobs]) = staged(&stage).await;
    sign_out(&stage, &stage.login("bob").await).await;
    let page = root.get(&format!("{LIST}?q=user:alice")).await;
    assert_eq!(live(&page).len(), 2, "{}", page.body);
    // Between the page and its script.
    sign_out(&stage, &first).await;
    sign_out(&stage, &bobs).await;
    let mut ear = Ear::open(&stage, &root, &address(&page)).await;
    let heard = ear.until("event: ready\n").await;
    let told = format!(
        "event: ended\ndata: [[\"{}\",\"signed_out\"]]\n\n",
        id_of(&first)
    );
    assert!(heard.contains(&told), "{heard}");
    assert_eq!(heard.matches("event: ended").count(), 1, "{heard}");
    let kind = ear.response.headers().get_one("Content-Type");
    assert_eq!(kind, Some("text/event-stream; charset=utf-8"));
    // And while it listens.
    sign_out(&stage, &second).await;
    let heard = ear.until("signed_out").await;
    assert!(heard.contains(&id_of(&second)), "{heard}");
    // Whoever comes back from there has missed nothing.
    let (_, id) = heard.rsplit_once("id: ").expect("an id");
    let place = id.lines().next().expect("a line");
    let again = format!(
        "/admin/sessions/endings?after={place}&id={}",
        id_of(&second)
    );
    let mut ear = Ear::open(&stage, &root, &again).await;
    let heard = ear.until("event: ready\n").await;
    assert!(!heard.contains("event: ended"), "{heard}");
}

#[rocket::async_test]
async fn a_page_holds_the_looks_of_every_ending_in_the_words_that_a_reload_shows() {
    let stage = Stage::new().await;
    let (root, [first, ..]) = staged(&stage).await;
    let page = root.get(LIST).await;
    let part = |page: &Answer, begin: &str| {
        let (_, rest) = page.body.split_once(begin).expect(begin);
        let (_, status) = rest.split_once("data-label=\"Status\">").expect(begin);
        status.split_once("</td>").expect(begin).0.to_owned()
    };
    let id = id_of(&first);
    for reason in EndReason::ALL {
        let looks = part(&page, &format!("data-why=\"{}\">", reason.as_str()));
        end(&stage, &id, reason);
        let reloaded = root.get(&format!("{LIST}?q=id:{id}")).await;
        assert!(live(&reloaded).is_empty(), "{reason:?} can be ticked");
        let row = part(&reloaded, &format!("href=\"/admin/sessions/{id}\""));
        let as_reloaded = looks.replace(NEWS, "");
        assert_eq!(as_reloaded, row, "{reason:?}");
        assert_ne!(looks, row);
    }
}

/// Ends a session in the database, whether or not that was done before.
fn end(stage: &Stage, id: &str, reason: EndReason) {
    stage.sql(&format!(
        "UPDATE sessions SET ended_at = NULL, end_reason = NULL WHERE id = {number};
         UPDATE sessions SET ended_at = rotated_at, end_reason = '{why}' WHERE id = {number}",
        number = i64::from_str_radix(id, 16).expect("hex"),
        why = reason.as_str()
    ));
}

/// What stands between two texts, behind a third.
fn between<'page>(page: &'page Answer, behind: &str, begin: &str, end: &str) -> &'page str {
    let (_, rest) = page.body.split_once(behind).expect(behind);
    let (_, rest) = rest.split_once(begin).expect(begin);
    rest.split_once(end).expect(end).0
}

#[rocket::async_test]
async fn a_users_page_and_a_sessions_own_hold_what_their_script_needs_while_one_can_end() {
    let stage = Stage::new().await;
    let (root, [first, second, _]) = staged(&stage).await;
    let alice = stage.number("SELECT id FROM users WHERE username = 'alice'");
    let (id, other) = (id_of(&first), id_of(&second));
    let (user, own) = (
        format!("/admin/users/{alice}"),
        format!("/admin/sessions/{id}"),
    );
    let (users, sessions) = (root.get(&user).await, root.get(&own).await);
    assert_eq!(asked_about(&users), BTreeSet::from([&*id, &*other]));
    assert_eq!(asked_about(&sessions), BTreeSet::from([&*id]));
    let is_scripted = |page: &Answer| page.body.contains("&#x2F;live.");
    assert!(is_scripted(&users) && is_scripted(&sessions));
    for reason in EndReason::ALL {
        end(&stage, &id, reason);
        let (user, own) = (root.get(&user).await, root.get(&own).await);
        let why = format!("data-why=\"{}\"", reason.as_str());
        let row = format!("href=\"/admin/sessions/{id}\"");
        let cell = |page, behind: &str| {
            between(page, behind, "data-label=\"Status\">", "</td>").replace(NEWS, "")
        };
        assert_eq!(cell(&users, &why), cell(&user, &row), "{reason:?}");
        let status = between(&sessions, &why, "data-status=\"", "\"");
        let badge = format!("<span class=\"badge {status}\">");
        let badge = |page, behind| between(page, behind, &badge, "</span>");
        assert_eq!(badge(&sessions, "<template"), badge(&own, "class=\"lede\""));
        // The reason, too, is worded as the page words it afterwards.
        let because = between(&own, "<dt>Ended</dt>", "</time>: ", "</dd>");
        let line = between(&sessions, &why, ">", "</b>");
        assert_eq!(line, because, "{reason:?}");
        assert_eq!(asked_about(&user), BTreeSet::from([&*other]));
        assert!(asked_about(&own).is_empty() && !is_scripted(&own));
    }
    for page in [&users, &sessions] {
        let mut ear = Ear::open(&stage, &root, &address(page)).await;
        let heard = ear.until("event: ready\n").await;
        assert!(heard.contains(&format!("[\"{id}\",")), "{heard}");
    }
}

#[rocket::async_test]
async fn only_a_page_of_an_administrator_hears_anything_and_only_of_what_it_names() {
    let stage = Stage::new().await;
    let (root, [first, ..]) = staged(&stage).await;
    let page = root.get(LIST).await;
    let path = address(&page);
    let alice = Browser::of(&stage, "alice").await;
    assert_eq!(alice.get(&path).await.status, 403);
    let nobody = Browser::new(&stage).get(&path).await;
    assert_eq!(nobody.status, 303);
    let token = stage.ask(Method::Get, &path, &first.access).await;
    assert_eq!(token.status, 303);
    for site in ["same-site", "cross-site", "none"] {
        let call = stage.request(Method::Get, &path);
        let call = call.header("Cookie", &root.cookie_header());
        let answer = call.header("Sec-Fetch-Site", site).send().await;
        assert_eq!(answer.status, 403, "{site}");
    }
    let id = id_of(&first);
    let place = attribute(&page, "data-place");
    for query in [
        String::new(),
        format!("?after={place}"),
        format!("?id={id}"),
        format!("?after=&id={id}"),
        format!("?after={place}&id=nonsense"),
    ] {
        let answer = root.get(&format!("/admin/sessions/endings{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
    }
    let post = root.post("/admin/sessions/endings", &[]).await;
    assert_eq!(
        (post.status, post.header("Allow")),
        (405, Some("GET, HEAD"))
    );
}

#[rocket::async_test]
async fn a_stream_ends_with_the_session_the_role_and_the_cookie_of_its_administrator() {
    let stage = Stage::new().await;
    let (root, _) = staged(&stage).await;
    let root_id = UserId(stage.number("SELECT id FROM users WHERE username = 'root'"));
    let page = root.get(LIST).await;
    let path = address(&page);

    let ear = Ear::open(&stage, &root, &path).await.ready().await;
    let own = stage.number("SELECT id FROM sessions WHERE browser = 1");
    assert!(live(&page).contains(&&*format!("{own:016x}")));
    stage.sql(&format!(
        "UPDATE sessions SET ended_at = rotated_at, end_reason = 'administrator' WHERE id = {own}"
    ));
    assert!(!ear.rest().await.contains("administrator"));
    assert_eq!(root.get(&path).await.status, 303);

    let root = Browser::of(&stage, "root").await;
    let ear = Ear::open(&stage, &root, &path).await.ready().await;
    let (role, cause) = (Role::User, stage.cause());
    stage
        .apply(SetRole {
            user: root_id,
            role,
            cause,
        })
        .await;
    ear.rest().await;
    let (role, cause) = (Role::Admin, stage.cause());
    stage
        .apply(SetRole {
            user: root_id,
            role,
            cause,
        })
        .await;

    let root = Browser::of(&stage, "root").await;
    let ear = Ear::open(&stage, &root, &path).await.ready().await;
    stage.sql("DELETE FROM browser_cookies WHERE area = 'admin'");
    // Whatever wakes it: it is judged before it is told.
    sign_out(&stage, &stage.login("bob").await).await;
    assert!(!ear.rest().await.contains("signed_out"));
}

#[rocket::async_test]
async fn a_page_that_listens_keeps_no_idle_administrator_signed_in() {
    let stage = Stage::new().await;
    let (root, [first, second, third]) = staged(&stage).await;
    let page = root.get(LIST).await;
    let path = address(&page);
    let mut ear = Ear::open(&stage, &root, &path).await.ready().await;
    stage.clock.advance(ALMOST_IDLE);
    // It still listens, and so does one that the browser opens by itself after a break.
    sign_out(&stage, &first).await;
    ear.until(&id_of(&first)).await;
    let mut again = Ear::open(&stage, &root, &path).await.ready().await;
    sign_out(&stage, &second).await;
    again.until(&id_of(&second)).await;
    stage.clock.advance(Duration::from_mins(1) + SECOND);
    sign_out(&stage, &third).await;
    for ear in [ear, again] {
        assert!(!ear.rest().await.contains(&id_of(&third)));
    }
    assert_eq!(root.get(LIST).await.status, 303);
}

#[rocket::async_test]
async fn a_page_of_another_history_is_told_to_reload() {
    let stage = Stage::new().await;
    let (root, [first, ..]) = staged(&stage).await;
    for place in ["999-00010203040506ff", "1-00010203040506ff", "nonsense"] {
        let path = format!("/admin/sessions/endings?after={place}&id={}", id_of(&first));
        let mut ear = Ear::open(&stage, &root, &path).await;
        let heard = ear.until("event: ready\n").await;
        assert_eq!(heard.matches("event: reset\n").count(), 1, "{heard}");
    }
    // And so is one that listens when a backup is put back.
    let page = root.get(LIST).await;
    let mut ear = Ear::open(&stage, &root, &address(&page))
        .await
        .ready()
        .await;
    stage.sql("INSERT INTO revocations (kind) VALUES ('reset')");
    ear.until("event: reset\n").await;
}

#[rocket::async_test]
async fn a_browser_has_four_places_and_a_page_without_one_stays_as_it_is() {
    let stage = Stage::new().await;
    let (root, _) = staged(&stage).await;
    let path = address(&root.get(LIST).await);
    let mut ears = Vec::new();
    for _ in 0..MAX_PAGES_A_BROWSER {
        ears.push(Ear::open(&stage, &root, &path).await.ready().await);
    }
    // 204 tells a browser not to come back by itself.
    let refused = Ear::open(&stage, &root, &path).await;
    assert_eq!(refused.status(), 204);
    assert_eq!(refused.rest().await, "");
    // Another browser has places of its own, and a page that is not looked at any more leaves its place.
    let other = Browser::of(&stage, "root").await;
    Ear::open(&stage, &other, &path).await.ready().await;
    ears.pop();
    Ear::open(&stage, &root, &path).await.ready().await;
}

#[rocket::async_test]
async fn a_small_door_leaves_most_of_its_room_to_others() {
    let stage = Stage::with(&[("front.max_connections", "16")]).await;
    let (root, _) = staged(&stage).await;
    let path = address(&root.get(LIST).await);
    let _two = [
        Ear::open(&stage, &root, &path).await.ready().await,
        Ear::open(&stage, &root, &path).await.ready().await,
    ];
    let other = Browser::of(&stage, "root").await;
    let refused = Ear::open(&stage, &other, &path).await;
    assert_eq!(refused.status(), 204);
}
