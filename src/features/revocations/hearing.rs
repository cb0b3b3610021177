//! Who listens, and how they hear that there is something new: one task looks into the database for all, and only while somebody listens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rocket::tokio;
use rocket::tokio::sync::watch;

use crate::features::revocations::store::{self, News};
use crate::hub::Hub;
use crate::store::Store;

/// How often the database is asked for news: an ending is told within a second, and five look-ups by key a second cost nothing. To look is the only
/// way that hears of what a command beside the server wrote.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Services that listen at once: each holds a connection (of 4,096, 512 a network) and some 40 KiB. A team has a handful, each app behind a balancer a few.
pub const MAX_SERVICES: usize = 128;

/// All listeners.
pub struct Hearing(Arc<Room>);

struct Room {
    store: Store,
    /// `None` while the database cannot be asked.
    news: watch::Sender<Option<News>>,
    present: Mutex<Present>,
    /// How many services the door has room for.
    max_services: usize,
}

#[derive(Debug, Default)]
struct Present {
    services: usize,
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
        }))
    }

    /// A place among the listeners; `None` if all are taken.
    #[must_use]
    pub fn listen(&self) -> Option<Listener> {
        let room = &self.0;
        let mut present = room.present();
        if present.services >= room.max_services {
            return None;
        }
        present.services += 1;
        if !present.is_watched {
            present.is_watched = true;
            tokio::spawn(watch(Arc::downgrade(room)));
        }
        Some(Listener {
            news: room.news.subscribe(),
            room: Arc::clone(room),
        })
    }
}

impl Room {
    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the watch is over because nobody listens. Who comes after that begins another one.
    fn is_empty(&self) -> bool {
        let mut present = self.present();
        let is_empty = present.services == 0;
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
        present.services = present.services.saturating_sub(1);
    }
}
