//! What clients were answered: written to a file on another file system, and synced, before the client asks for anything else.
//!
//! The audit believes this file and nothing else: not the test's memory, and not the server.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::driver::talk::Answer;

/// A person with sessions, and the book that tells of them.
pub struct Account {
    pub name: String,
    pub sessions: Vec<Session>,
    /// Whether an administrator has locked them out; `None` if that was asked and no answer came.
    pub locked_out: Option<bool>,
    book: File,
    path: PathBuf,
}

/// A session as its client knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its name in URLs, and with it its row in the database.
    pub id: String,
    /// Every refresh token that was answered; the first is generation 1.
    pub refresh: Vec<String>,
    /// Every access token that was answered.
    pub access: Vec<String>,
    /// A refresh was sent and its answer has not come.
    pub rotating: bool,
    pub end: End,
    /// Every token of the ended session was tried.
    pub tried: bool,
}

/// What is known of a session's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// Nobody asked for it.
    NotAsked,
    /// Somebody asked, and no answer came: it may have ended.
    Asked,
    /// It was answered that it has ended.
    Answered,
}

/// A line of the book.
#[derive(Debug, Serialize, Deserialize)]
enum Entry {
    /// Everything so far; the first line.
    Known(String, Vec<Session>, Option<bool>),
    /// A sign-in was answered.
    Begun(Session),
    /// A refresh of the session at this place is about to be sent.
    Rotating(usize),
    /// It was answered with this pair.
    Rotated(usize, String, String),
    /// The end of these sessions is about to be asked for.
    Ending(Vec<usize>),
    /// It was answered.
    Ended(Vec<usize>),
    /// It is about to be asked that the person be locked out or let in.
    Locking,
    /// It was answered.
    Locked(bool),
}

impl Entry {
    /// Answers are on disk before the client goes on. What is about to be asked has to survive the test's process at most.
    fn is_answer(&self) -> bool {
        !matches!(self, Self::Rotating(_) | Self::Ending(_) | Self::Locking)
    }
}

impl Account {
    /// Somebody new, whose book is kept in `directory`.
    pub fn new(name: &str, directory: &Path) -> Self {
        let path = directory.join(format!("{name}.journal"));
        let mut account = Self {
            name: name.to_owned(),
            sessions: Vec::new(),
            locked_out: Some(false),
            book: File::create(&path).unwrap(),
            path,
        };
        account.begin_book();
        account
    }

    /// Begins a new book with what is known now.
    pub fn begin_book(&mut self) {
        self.book = File::create(&self.path).unwrap();
        let (name, sessions) = (self.name.clone(), self.sessions.clone());
        self.write(&Entry::Known(name, sessions, self.locked_out));
    }

    /// What the book tells, read anew.
    pub fn read_anew(self) -> Self {
        let path = self.path;
        drop(self.book);
        let lines = BufReader::new(File::open(&path).unwrap()).lines();
        let mut account = Self {
            name: String::new(),
            sessions: Vec::new(),
            locked_out: None,
            book: File::options().append(true).open(&path).unwrap(),
            path,
        };
        for line in lines {
            account.take(serde_json::from_str(&line.unwrap()).unwrap());
        }
        account
    }

    /// A sign-in was answered.
    pub fn signed_in(&mut self, answer: &Answer) {
        self.note(Entry::Begun(Session::begun(answer)));
    }

    /// A refresh is about to be sent.
    pub fn rotating(&mut self, place: usize) {
        self.note(Entry::Rotating(place));
    }

    /// It was answered; whether with another token than before.
    pub fn rotated(&mut self, place: usize, answer: &Answer) -> bool {
        let before = self.sessions[place].generation();
        let (refresh, access) = (answer.text("refresh_token"), answer.text("access_token"));
        self.note(Entry::Rotated(place, refresh, access));
        self.sessions[place].generation() > before
    }

    /// The end of these is about to be asked for.
    pub fn ending(&mut self, places: &[usize]) {
        self.note(Entry::Ending(places.to_vec()));
    }

    /// It was answered.
    pub fn ended(&mut self, places: &[usize]) {
        self.note(Entry::Ended(places.to_vec()));
    }

    /// Somebody is about to lock them out or to let them in.
    pub fn locking(&mut self) {
        self.note(Entry::Locking);
    }

    /// It was answered.
    pub fn locked(&mut self, out: bool) {
        self.note(Entry::Locked(out));
    }

    /// The places of the sessions that nobody has asked to end.
    pub fn living(&self) -> Vec<usize> {
        let sessions = self.sessions.iter().enumerate();
        sessions
            .filter(|(_, session)| session.end == End::NotAsked)
            .map(|(place, _)| place)
            .collect()
    }

    fn note(&mut self, entry: Entry) {
        self.write(&entry);
        self.take(entry);
    }

    fn write(&mut self, entry: &Entry) {
        let mut line = serde_json::to_string(entry).unwrap();
        line.push('\n');
        self.book.write_all(line.as_bytes()).unwrap();
        if entry.is_answer() {
            self.book.sync_data().unwrap();
        }
    }

    fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Known(name, sessions, locked_out) => {
                self.name = name;
                self.sessions = sessions;
                self.locked_out = locked_out;
            }
            Entry::Begun(session) => self.sessions.push(session),
            Entry::Rotating(place) => self.sessions[place].rotating = true,
            Entry::Rotated(place, refresh, access) => self.sessions[place].takes(refresh, access),
            Entry::Ending(places) => self.mark(&places, End::Asked),
            Entry::Ended(places) => self.mark(&places, End::Answered),
            Entry::Locking => self.locked_out = None,
            Entry::Locked(out) => self.locked_out = Some(out),
        }
    }

    fn mark(&mut self, places: &[usize], end: End) {
        for place in places {
            self.sessions[*place].end = end;
        }
    }
}

impl Session {
    /// From the answer to a sign-in.
    pub fn begun(answer: &Answer) -> Self {
        let mut session = Self {
            id: claim(&answer.text("refresh_token"), "sid")
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            refresh: Vec::new(),
            access: Vec::new(),
            rotating: false,
            end: End::NotAsked,
            tried: false,
        };
        session.answered(answer);
        session
    }

    /// Takes the pair of an answer; while a session settles, its refresh token is the one that was there.
    pub fn answered(&mut self, answer: &Answer) {
        self.takes(answer.text("refresh_token"), answer.text("access_token"));
    }

    fn takes(&mut self, refresh: String, access: String) {
        if self.refresh.last() != Some(&refresh) {
            self.refresh.push(refresh);
        }
        self.access.push(access);
        self.rotating = false;
    }

    /// The generation that was answered last.
    pub fn generation(&self) -> i64 {
        i64::try_from(self.refresh.len()).unwrap()
    }

    /// The key of its row.
    pub fn row(&self) -> i64 {
        i64::from_str_radix(&self.id, 16).unwrap()
    }

    pub fn last_refresh(&self) -> &str {
        self.refresh.last().unwrap()
    }

    pub fn last_access(&self) -> &str {
        self.access.last().unwrap()
    }
}

/// What a token says of itself.
pub fn claim(token: &str, name: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap_or_default();
    let bytes = BASE64URL_NOPAD
        .decode(payload.as_bytes())
        .unwrap_or_default();
    let claims: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    claims[name].clone()
}
