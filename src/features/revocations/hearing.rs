//! Who listens, and how they hear that there is something new: one task looks into the database for all, and only while somebody listens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rocket::tokio;
use rocket::tokio::sync::watch;

use crate::features::revocations::store::{self, News};
use crate::hub::Hub;
use crate::store::Store;
use crate::types::ids::SessionId;

/// How often the database is asked for news: an ending is told within a second, and five look-ups by key a second cost nothing. To look is the only
/// way that hears of what a command beside the server wrote.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Services that listen at once: each holds a connection (of 4,096, 512 a network) and some 40 KiB. A team has a handful, each app behind a balancer a few.
pub const MAX_SERVICES: usize = 128;
/// Pages of administrators that listen at once, each at the same cost: a page listens while somebody has it before their eyes, so this is one each for more
/// administrators than a team has.
pub const MAX_PAGES: usize = 64;
/// Pages of one browser. It opens six connections to a server at most (over HTTP/1.1, in all its windows together), and two are left to open pages with.
pub const MAX_PAGES_A_BROWSER: usize = 4;

/// All listeners.
pub struct Hearing(Arc<Room>);

struct Room {
    store: Store,
    /// `None` while the database cannot be asked.
    news: watch::Sender<Option<News>>,
    present: Mutex<Present>,
    /// How many services the door has room for.
    max_services: usize,
    /// How many pages it has room for.
    max_pages: usize,
}

/// A kind of place among the listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// A service's.
    Service,
    /// A page's, in the browser of this session.
    Page(SessionId),
}

#[derive(Debug, Default)]
struct Present {
    seats: Vec<Seat>,
    is_watched: bool,
}

impl Hearing {
    /// That of a Hub. Where the door is small, most of its connections are left to others.
    #[must_use]
    pub fn of(hub: &Hub) -> Self {
        let connections = hub.config.front.max_connections;
        Self(Arc::new(Room {
            store: hub.store.clone(),
            news: watch::Sender::new(None),
            present: Mutex::default(),
            max_services: MAX_SERVICES.min(connections.div_ceil(4)),
            max_pages: MAX_PAGES.min(connections.div_ceil(8)),
        }))
    }

    /// A place among the listeners; `None` if all of its kind are taken.
    #[must_use]
    pub fn listen(&self, seat: Seat) -> Option<Listener> {
        let room = &self.0;
        let mut present = room.present();
        if !room.has_room(&present, seat) {
            return None;
        }
        present.seats.push(seat);
        if !present.is_watched {
            present.is_watched = true;
            tokio::spawn(watch(Arc::downgrade(room)));
        }
        Some(Listener {
            news: room.news.subscribe(),
            room: Arc::clone(room),
            seat,
        })
    }
}

impl Room {
    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_room(&self, present: &Present, seat: Seat) -> bool {
        let is_page = |taken: &Seat| *taken != Seat::Service;
        let pages = present.seats.iter().filter(|taken| is_page(taken)).count();
        match seat {
            Seat::Service => present.seats.len() - pages < self.max_services,
            Seat::Page(_) => {
                let own = present.seats.iter().filter(|taken| **taken == seat);
                pages < self.max_pages && own.count() < MAX_PAGES_A_BROWSER
            }
        }
    }

    /// Whether the watch is over because nobody listens. Who comes after that begins another one.
    fn is_empty(&self) -> bool {
        let mut present = self.present();
        let is_empty = present.seats.is_empty();
        if is_empty {
            present.is_watched = false;
        }
        is_empty
    }
}

/// Looks, for as long as somebody listens. Weak, so that the task does not keep the database open when the server is gone.
async fn watch(room: Weak<Room>) {
    loop {
        let Some(room) = room.upgrade().filter(|room| !room.is_empty()) else {
            return;
        };
        let news = room.store.read(store::news);
        if let Err(error) = &news {
            tracing::warn!(%error, "the feed of revocations cannot look into the database");
        }
        let news = news.ok();
        room.news.send_if_modified(|known| {
            let is_other = *known != news;
            *known = news;
            is_other
        });
        drop(room);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// One place among the listeners; free again when it is dropped.
pub struct Listener {
    news: watch::Receiver<Option<News>>,
    room: Arc<Room>,
    seat: Seat,
}

impl Listener {
    /// The database that is listened to.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.room.store
    }

    /// Resolves when there is something new since the last time.
    pub async fn hears(&mut self) {
        // The sender lives as long as the room, which this holds.
        let _other = self.news.changed().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut present = self.room.present();
        let own = present.seats.iter().position(|taken| *taken == self.seat);
        if let Some(at) = own {
            present.seats.swap_remove(at);
        }
    }
}
