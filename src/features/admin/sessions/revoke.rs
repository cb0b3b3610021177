//! `GET /admin/sessions/revoke` and `POST /admin/sessions/revoke`: ends the ticked sessions, or all that the list's filter lets pass.
//!
//! The page shows how many they are and whose; the POST settles the set anew and asks again if there are more by now.

use rocket::{State, get, post};
use rocket_dyn_templates::context;

use crate::features::admin::sessions::asked::{Asked, Mistake, Ticked};
use crate::features::admin::sessions::chosen::{self, Chosen, Settled, Share};
use crate::features::admin::sessions::list::counted;
use crate::features::admin::sessions::lists::Lists;
use crate::features::admin::sessions::runs::Runs;
use crate::features::browser::who::Administrator;
use crate::features::sessions::end;
use crate::features::sessions::end_batches::Batches;
use crate::features::sessions::model::EndReason;
use crate::http::form::Form;
use crate::http::notes::Note;
use crate::http::pages::Page;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::types::time::Timestamp;

/// Up to so many are ended before the answer: a page of ticked ones, and over in the time that people give a click.
const AT_ONCE_SESSIONS: usize = 200;
/// What is typed before everything is ended.
const EVERYTHING: &str = "everything";

/// A confirm page: what would be ended.
struct Question {
    settled: Settled,
    shares: Vec<Share>,
    other_users: usize,
    /// When it was counted first.
    until: Timestamp,
}

/// Asks, naming the number, the users and what follows.
///
/// # Errors
/// When several would be ended and the password was not given lately, or nothing is chosen.
#[get("/admin/sessions/revoke?<which>")]
pub async fn ask(
    hub: &State<Hub>,
    lists: &State<Lists>,
    administrator: Administrator,
    asked: Asked,
    ticked: Ticked,
    which: Option<&str>,
) -> Result<Page, Refusal> {
    let chosen = match which {
        Some("all") => Chosen::Matching(asked.clone(), administrator.session),
        _ => Chosen::ticked(ticked.0.iter().map(String::as_str)),
    };
    let until = hub.clock.now().wall;
    let question = question(hub, lists, &administrator, &asked, &chosen, until).await?;
    if question.settled.sessions.len() > 1 {
        administrator.proven(&confirm_path(&chosen, &asked))?;
    }
    Ok(page(&administrator, &asked, &chosen, &question, Vec::new()))
}

/// Ends them: a few at once, many in a run that has a page.
///
/// # Errors
/// As [`ask`]; and the page again when there are more than it showed, or the word was not typed.
#[post("/admin/sessions/revoke", data = "<form>")]
pub async fn revoke(
    hub: &State<Hub>,
    lists: &State<Lists>,
    runs: &State<Runs>,
    administrator: Administrator,
    form: Form,
) -> Result<Away, Refusal> {
    let asked = Asked::read(|name| form.text(name));
    let chosen = match form.text("which") {
        "all" => Chosen::Matching(asked.clone(), administrator.session),
        _ => Chosen::ticked(form.all("id")),
    };
    let now = hub.clock.now().wall;
    // The set is the one that the page counted: who signed in since is not in it.
    let until = form.text("until").parse().map(Timestamp::from_micros);
    let until = until.unwrap_or(now).min(now);
    let question = question(hub, lists, &administrator, &asked, &chosen, until).await?;
    let found = question.settled.sessions.len();
    if found > 1 {
        administrator.proven(&confirm_path(&chosen, &asked))?;
    }
    let again = |field, text: String| {
        let mistakes = vec![Mistake { field, text }];
        let page = page(&administrator, &asked, &chosen, &question, mistakes);
        Refusal::from(page.with_status(422))
    };
    let shown: usize = form.text("shown").parse().unwrap_or(0);
    if found > shown {
        let text = format!(
            "There are {} by now, more than this page showed. Look again, then confirm.",
            counted(found as u64)
        );
        return Err(again("", text));
    }
    if question.settled.is_everything && form.text("word").trim() != EVERYTHING {
        return Err(again("word", format!("Type {EVERYTHING} to end them all.")));
    }
    let cause = administrator.cause(hub);
    let sessions = question
        .settled
        .sessions
        .iter()
        .map(|(id, _)| *id)
        .collect();
    let mut batches = Batches::new(sessions, EndReason::Administrator, chosen.about());
    let back = asked.at("/admin/sessions");
    if found <= AT_ONCE_SESSIONS {
        let mut ended = 0;
        while let Some(batch) = batches.next(end::now(hub, cause.at.wall), cause.clone()) {
            ended += hub.store.write(batch).await?.ended;
        }
        let note = match ended {
            0 => Note::new("no_session_ended"),
            ended => Note::counting("sessions_ended", ended),
        };
        return Ok(Away::to(back).noting(note));
    }
    match runs.begin(hub, batches, cause, back) {
        Ok(run) => Ok(Away::to(format!("/admin/sessions/revoke/{run}"))),
        Err(_) => Err(again(
            "",
            "Other sessions are being ended right now. Wait until that is done, then confirm."
                .to_owned(),
        )),
    }
}

/// Settles the set and counts it by user.
async fn question(
    hub: &Hub,
    lists: &Lists,
    administrator: &Administrator,
    asked: &Asked,
    chosen: &Chosen,
    until: Timestamp,
) -> Result<Question, Refusal> {
    let now = end::now(hub, hub.clock.now().wall);
    let chosen = chosen.clone();
    let read = move |db: &crate::store::Db<'_>| {
        Ok(match chosen.settle(db, now, until)? {
            Err(mistakes) => Err(mistakes),
            Ok(settled) => {
                let (shares, other_users) = chosen::shares(db, &settled.sessions)?;
                Ok(Question {
                    settled,
                    shares,
                    other_users,
                    until,
                })
            }
        })
    };
    match lists.read(hub, read).await? {
        Ok(question) if !question.settled.sessions.is_empty() => Ok(question),
        Ok(question) => {
            let nothing = context! {
                errors: Vec::<Mistake>::new(),
                back: asked.at("/admin/sessions"),
                spared_own: question.settled.spared_own,
                count: 0,
            };
            let page = administrator.page("admin/sessions/revoke.html", nothing);
            Err(page.with_status(422).into())
        }
        // The list itself says what is wrong.
        Err(_) => Err(Away::to(asked.at("/admin/sessions")).into()),
    }
}

fn page(
    administrator: &Administrator,
    asked: &Asked,
    chosen: &Chosen,
    question: &Question,
    mistakes: Vec<Mistake>,
) -> Page {
    let sessions = &question.settled.sessions;
    let ids: Vec<String> = match chosen {
        Chosen::Ticked(_) => sessions.iter().map(|(id, _)| id.to_string()).collect(),
        Chosen::Matching(..) => Vec::new(),
    };
    let own = sessions.iter().any(|(id, _)| *id == administrator.session);
    administrator.page(
        "admin/sessions/revoke.html",
        context! {
            errors: mistakes,
            count: sessions.len(),
            counted: counted(sessions.len() as u64),
            shares: &question.shares,
            other_users: question.other_users,
            ids: ids,
            which: if matches!(chosen, Chosen::Ticked(_)) { "ticked" } else { "all" },
            typed: &asked.typed,
            status: &asked.status,
            used: &asked.used,
            everything: question.settled.is_everything,
            until: question.until.micros(),
            word: EVERYTHING,
            own: own,
            spared_own: question.settled.spared_own,
            back: asked.at("/admin/sessions"),
        },
    )
}

/// Where to come back to when the password was given.
fn confirm_path(chosen: &Chosen, asked: &Asked) -> String {
    let (which, ids) = match chosen {
        Chosen::Ticked(ids) => ("ticked", ids.as_slice()),
        Chosen::Matching(..) => ("all", &[][..]),
    };
    let mut path = asked.at("/admin/sessions/revoke");
    path.push(if path.contains('?') { '&' } else { '?' });
    path.push_str("which=");
    path.push_str(which);
    for id in ids {
        path.push_str("&id=");
        path.push_str(&id.to_string());
    }
    path
}
