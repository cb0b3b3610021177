//! `hub token inspect`: reads a token from standard input, never from an argument, for arguments are seen by everybody on the machine.

use clap::Args;
use data_encoding::HEXLOWER;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::cli::database::Changing;
use crate::cli::output::{self, or_nothing};
use crate::cli::session::status;
use crate::cli::token::judgement::{self, Judgement};
use crate::cli::{Exit, Failure, Global, Outcome, terminal};
use crate::crypto::jwt::TokenFault;
use crate::features::sessions::end;
use crate::features::sessions::store;
use crate::store::Mode;
use crate::types::ids::SessionId;
use crate::types::time::Timestamp;

/// Ours have 400 to 800 bytes; this much is read to say of a longer text that it is not ours.
const MAX_INPUT_BYTES: usize = 64 * 1024;

/// Read a token from standard input: its kind, claims and standing, and why it would be refused. Changes nothing.
#[derive(Debug, Args)]
pub struct Inspect {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Inspected {
    /// `access`, `refresh` or `not_ours`.
    kind: &'static str,
    claims: Option<Claims>,
    session: Option<Session>,
    accepted: bool,
    code: Option<&'static str>,
    would: &'static str,
    meaning: String,
}

#[derive(Serialize)]
struct Claims {
    user_id: i64,
    username: Option<String>,
    email: Option<String>,
    session: String,
    generation: Option<i64>,
    issued_at: String,
    expires_at: String,
    /// The first 8 hex digits of the SHA-256 of `jti`: enough to tell two tokens apart, and no use to a thief.
    fingerprint: String,
}

#[derive(Serialize)]
struct Session {
    id: String,
    user_id: i64,
    username: Option<String>,
    status: &'static str,
    generation: i64,
    ends_at: String,
}

impl Inspect {
    /// Inspects it.
    ///
    /// # Errors
    /// When there is no text, or the key or the database cannot be read. A token that would be refused is no error but the answer.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Changing::open_in(global, Mode::Reading)?;
        let input = terminal::standard_input(MAX_INPUT_BYTES)?;
        let token = input.trim();
        if token.is_empty() {
            let text = "there is no token on standard input; pipe one in";
            return Err(Failure::new(Exit::Usage, text));
        }
        let inspected = inspect(&database, token)?;
        if self.json {
            return output::json(&inspected);
        }
        print(&inspected)
    }
}

fn inspect(database: &Changing, token: &str) -> Result<Inspected, Failure> {
    let tokens = &database.hub.tokens;
    let now = database.hub.clock.now().wall;
    let read = (
        tokens.read_access(token, now),
        tokens.read_refresh(token, now),
    );
    let (kind, claims, judgement) = match read {
        (Ok(claims), _) => {
            let judgement = judgement::of_access(&database.hub, token)?;
            let shown = Claims {
                user_id: claims.user_id,
                username: Some(claims.username),
                email: Some(claims.email),
                session: claims.sid,
                generation: None,
                issued_at: at(claims.iat),
                expires_at: at(claims.exp),
                fingerprint: fingerprint(&claims.jti),
            };
            ("access", shown, judgement)
        }
        (_, Ok(claims)) => {
            let judgement =
                database.read(|db| Ok(judgement::of_refresh(&database.hub, db, &claims)?))?;
            let shown = Claims {
                user_id: claims.user_id,
                username: None,
                email: None,
                session: claims.sid,
                generation: Some(claims.r#gen),
                issued_at: at(claims.iat),
                expires_at: at(claims.exp),
                fingerprint: fingerprint(&claims.jti),
            };
            ("refresh", shown, judgement)
        }
        (Err(one), Err(other)) => return Ok(not_ours(one, other)),
    };
    let session = session(database, &claims.session)?;
    let Judgement {
        code,
        would,
        meaning,
    } = judgement;
    Ok(Inspected {
        kind,
        claims: Some(claims),
        session,
        accepted: code.is_none(),
        code,
        would,
        meaning: meaning.to_owned(),
    })
}

fn not_ours(one: TokenFault, other: TokenFault) -> Inspected {
    // Signed with a key of ours, yet none of our tokens: of the two findings the one that says more.
    let fault = if other == TokenFault::Claims {
        other
    } else {
        one
    };
    Inspected {
        kind: "not_ours",
        claims: None,
        session: None,
        accepted: false,
        code: Some("invalid_token"),
        would: "refuse",
        meaning: format!("it is not one of this Hub's tokens: {fault}"),
    }
}

fn session(database: &Changing, sid: &str) -> Result<Option<Session>, Failure> {
    let Ok(id) = sid.parse::<SessionId>() else {
        return Ok(None);
    };
    let now = end::now(&database.hub, database.hub.clock.now().wall);
    let found = database.read(|db| Ok(store::load(db, id)?))?;
    Ok(found.map(|(session, user)| Session {
        id: session.id.to_string(),
        user_id: session.user.0,
        username: user.map(|user| user.username),
        status: status(session.standing, session.ends_at, session.rotated.wall, now).as_str(),
        generation: session.generation,
        ends_at: session.ends_at.to_string(),
    }))
}

fn at(seconds: i64) -> String {
    Timestamp::from_seconds(seconds).to_string()
}

fn fingerprint(jti: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(jti)[..4])
}

fn print(inspected: &Inspected) -> Outcome {
    let mut facts = vec![("kind", inspected.kind.to_owned())];
    if let Some(claims) = &inspected.claims {
        facts.extend([
            ("user", claims.user_id.to_string()),
            ("session", claims.session.clone()),
            ("generation", or_nothing(claims.generation)),
            ("issued", claims.issued_at.clone()),
            ("expires", claims.expires_at.clone()),
            ("fingerprint", claims.fingerprint.clone()),
        ]);
    }
    if let Some(session) = &inspected.session {
        let owner = session.username.as_deref().unwrap_or("(deleted)");
        facts.extend([
            ("owner now", owner.to_owned()),
            ("session now", session.status.to_owned()),
            ("generation now", session.generation.to_string()),
            ("session ends", session.ends_at.clone()),
        ]);
    }
    let verdict = match inspected.code {
        None => format!("accepted ({})", inspected.would),
        Some(code) => format!("refused with {code} ({})", inspected.would),
    };
    facts.extend([
        ("right now", verdict),
        ("because", inspected.meaning.clone()),
    ]);
    output::facts(&facts)
}
