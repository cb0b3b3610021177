//! After a crash: every token that was ever answered is presented again, and each must be worth what it was.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::task::JoinSet;

use crate::driver::auditor::{Findings, Row};
use crate::driver::chance::Chance;
use crate::driver::journal::{Account, End, Session, claim};
use crate::driver::stage::refresh_body;
use crate::driver::talk::{Answer, Connection};

/// Shorter than the grace of 10 s by the second that a claim leaves out, and by the time that an answer travels: older tokens of a session no
/// older than this are stragglers, and presenting them must not end it.
const SURELY_WITHIN_GRACE_SECONDS: i64 = 7;
/// Longer than the grace by the second that a claim leaves out: older tokens whose successor was made so long before the present one
/// are worth nothing.
const SURELY_PAST_GRACE_SECONDS: i64 = 11;

/// One session in so many is asked again for what it was just given: it settles then, and is rotated no more for a while.
const ASKING_AGAIN: u64 = 4;

/// How much is presented again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Of half of the living sessions the last token only, so that they live on into the next round.
    Half,
    /// Every token of every session.
    Everything,
}

impl Depth {
    /// Everything after the last of so many rounds; before that, somebody has to live on.
    pub fn after(round: u64, rounds: u64) -> Self {
        if round == rounds {
            Self::Everything
        } else {
            Self::Half
        }
    }
}

/// Presents the tokens of all accounts, each over a connection of its own.
pub async fn all(
    address: SocketAddr,
    accounts: Vec<Account>,
    rows: HashMap<i64, Row>,
    depth: Depth,
    chance: &mut Chance,
) -> (Vec<Account>, Findings) {
    let rows = Arc::new(rows);
    let mut replays = JoinSet::new();
    for mut account in accounts {
        let (rows, mut chance) = (Arc::clone(&rows), chance.branch());
        replays.spawn(async move {
            let mut findings = Findings::default();
            let done = one(
                address,
                &mut account,
                &rows,
                depth,
                &mut chance,
                &mut findings,
            );
            if let Err(error) = done.await {
                findings.expect(false, || format!("the restarted server broke off: {error}"));
            }
            (account, findings)
        });
    }
    let (mut accounts, mut findings) = (Vec::new(), Findings::default());
    while let Some(replayed) = replays.join_next().await {
        let (account, found) = replayed.unwrap();
        accounts.push(account);
        findings.add(found);
    }
    (accounts, findings)
}

async fn one(
    address: SocketAddr,
    account: &mut Account,
    rows: &HashMap<i64, Row>,
    depth: Depth,
    chance: &mut Chance,
    findings: &mut Findings,
) -> io::Result<()> {
    let mut connection = Connection::dial(address).await?;
    let sessions = &mut account.sessions;
    findings.add(each_kind_for_itself(&mut connection, sessions).await?);
    sessions.retain(|session| rows.contains_key(&session.row()));
    for session in sessions
        .iter_mut()
        .filter(|session| session.end == End::Asked)
    {
        let ended = rows[&session.row()].ended;
        session.end = if ended { End::Answered } else { End::NotAsked };
    }
    let everything = depth == Depth::Everything;
    // The living first: a lost answer can be asked for again within the grace only.
    for session in sessions.iter_mut() {
        if session.end == End::NotAsked {
            let row = rows[&session.row()];
            findings.asked_again += u64::from(row.generation > session.generation());
            let asks_again = everything || chance.below(ASKING_AGAIN) == 0;
            living(
                &mut connection,
                session,
                row.retries > 0,
                asks_again,
                findings,
            )
            .await?;
        }
    }
    for session in sessions.iter_mut() {
        if session.end == End::NotAsked && (everything || chance.below(2) == 0) {
            older(&mut connection, session, findings).await?;
        }
    }
    for session in sessions.iter_mut() {
        if session.end == End::Answered {
            ended(&mut connection, session, everything, findings).await?;
        }
    }
    Ok(())
}

/// A refresh token opens nothing that an access token opens, and the other way round.
async fn each_kind_for_itself(
    connection: &mut Connection,
    sessions: &[Session],
) -> io::Result<Findings> {
    let mut findings = Findings::default();
    if let Some(session) = sessions.last() {
        let refreshed = refresh(connection, session.last_access()).await?.status;
        let valid = validate(connection, session.last_refresh()).await?;
        findings.expect((refreshed, valid) == (401, 401), || {
            format!("one kind of token passed for the other: {refreshed} {valid}")
        });
    }
    Ok(findings)
}

/// The last token works, whether the rotation whose answer was lost took place or not; and a second time, with the same bytes.
/// If it was answered again before the crash, it may settle.
async fn living(
    connection: &mut Connection,
    session: &mut Session,
    may_settle: bool,
    asks_again: bool,
    findings: &mut Findings,
) -> io::Result<()> {
    let (token, access) = (
        session.last_refresh().to_owned(),
        session.last_access().to_owned(),
    );
    let first = refresh(connection, &token).await?;
    findings.expect(first.status == 200, || {
        format!("the last token of a living session: {first}")
    });
    if first.status != 200 {
        return Ok(());
    }
    let successor = first.text("refresh_token");
    let generation = claim(&successor, "gen");
    let settled = may_settle && successor == token;
    findings.expect(settled || generation == session.generation() + 1, || {
        format!("{} was followed by {generation}", session.generation())
    });
    if asks_again && !settled {
        let again = refresh(connection, &token).await?;
        findings.expect(again.text("refresh_token") == successor, || {
            format!("a retry gave something else: {again}")
        });
    }
    session.answered(&first);
    for access in [access.as_str(), session.last_access()] {
        let status = validate(connection, access).await?;
        findings.expect(status == 200, || {
            format!("an access token of a living session: {status}")
        });
    }
    Ok(())
}

/// No older token rotates. Within the grace of its first use it is answered with the present one; later it ends the session.
async fn older(
    connection: &mut Connection,
    session: &mut Session,
    findings: &mut Findings,
) -> io::Result<()> {
    let seconds = |token: &str| claim(token, "iat").as_i64().unwrap_or_default();
    let older = session.refresh.len().saturating_sub(2);
    for place in (0..older).rev() {
        let answer = refresh(connection, &session.refresh[place]).await?;
        let first_used = seconds(&session.refresh[place + 1]);
        let late = seconds(session.last_refresh()) - first_used;
        let is_owed = answer.status == 200
            && late <= SURELY_PAST_GRACE_SECONDS
            && answer.text("refresh_token") == session.last_refresh();
        findings.expect(is_owed || answer.status == 401, || {
            format!("a token {late} s older than the present one: {answer}")
        });
    }
    let answer = refresh(connection, session.last_refresh()).await?;
    match answer.status {
        200 => session.answered(&answer),
        401 => {
            // Its first token was used after it was made: none of them was first used longer ago.
            let age = wall_seconds() - seconds(&session.refresh[0]);
            findings.expect(age > SURELY_WITHIN_GRACE_SECONDS, || {
                format!("a straggler ended a session {age} s old: {answer}")
            });
            session.end = End::Answered;
        }
        _ => findings.expect(false, || format!("the last token: {answer}")),
    }
    Ok(())
}

/// Nothing of an ended session works; all of it is tried once, and once more at the end.
async fn ended(
    connection: &mut Connection,
    session: &mut Session,
    everything: bool,
    findings: &mut Findings,
) -> io::Result<()> {
    let all = everything || !session.tried;
    let tried = if all { session.refresh.len() } else { 1 };
    for token in session.refresh.iter().rev().take(tried) {
        let status = refresh(connection, token).await?.status;
        findings.expect(status == 401, || {
            format!("a refresh token of an ended session: {status}")
        });
    }
    for access in session.access.iter().rev().take(tried) {
        let status = validate(connection, access).await?;
        findings.expect(status == 401, || {
            format!("an access token of an ended session: {status}")
        });
    }
    session.tried = true;
    Ok(())
}

/// What the claims of a token made now would say.
#[expect(
    clippy::disallowed_methods,
    reason = "the server's clock is the machine's, and its claims are compared with it"
)]
fn wall_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

async fn refresh(connection: &mut Connection, token: &str) -> io::Result<Answer> {
    let body = refresh_body(token);
    connection
        .ask("POST /api/auth/refresh", None, Some(&body))
        .await
}

async fn validate(connection: &mut Connection, access: &str) -> io::Result<u16> {
    let line = "GET /api/auth/validate";
    Ok(connection.ask(line, Some(access), None).await?.status)
}
