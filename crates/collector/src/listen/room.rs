//! How many connections there may be, in all and of one client.
//!
//! When all are taken, no more are accepted: the kernel keeps those that come for a while, and they are taken as soon as others
//! end. Meanwhile those that are idle are closed early. A client that has all of its own is refused, and the others are not.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::client::Client;
use crate::metrics::{Connections, Late};

/// The connections that there may be.
pub(super) struct Room {
    all: u32,
    free: Arc<Semaphore>,
    full: AtomicBool,
    per_client: usize,
    counted: Connections,
    /// Never more entries than connections.
    clients: Mutex<HashMap<Client, usize>>,
}

/// Room for one connection, of whoever comes.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
}

/// A connection of a client.
pub(super) struct Seat {
    room: Arc<Room>,
    client: Option<Client>,
    _place: Place,
}

impl Room {
    pub(super) fn new(all: usize, per_client: usize, counted: Connections) -> Room {
        let all = u32::try_from(all.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX >> 3);
        Room {
            all,
            free: Arc::new(Semaphore::new(all as usize)),
            full: AtomicBool::new(false),
            per_client,
            counted,
            clients: Mutex::default(),
        }
    }

    /// Returns when there is room for one more.
    pub(super) async fn place(&self) -> Place {
        let free = || Arc::clone(&self.free);
        if let Ok(permit) = free().try_acquire_owned() {
            return Place { _permit: permit };
        }
        self.set_full(true);
        // The semaphore is never closed.
        let permit = free().acquire_owned().await;
        self.set_full(false);
        match permit {
            Ok(permit) => Place { _permit: permit },
            Err(_) => std::future::pending().await,
        }
    }

    /// Room for one more, if there is.
    pub(super) fn place_now(&self) -> Option<Place> {
        let permit = Arc::clone(&self.free).try_acquire_owned();
        permit.ok().map(|permit| Place { _permit: permit })
    }

    /// Says that somebody may be waiting for room, or not any more.
    pub(super) fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::Relaxed);
    }

    /// Whether somebody may be waiting for room.
    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Gives the place to a client; `None` when it has too many. Whoever can't be told apart from others is not counted.
    pub(super) fn seat(self: &Arc<Room>, place: Place, client: Option<Client>) -> Option<Seat> {
        if let Some(client) = client {
            let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
            let held = clients.entry(client).or_default();
            if *held >= self.per_client {
                self.counted.refused.inc();
                return None;
            }
            *held += 1;
        }
        self.counted.accepted.inc();
        self.counted.open.inc();
        Some(Seat {
            room: Arc::clone(self),
            client,
            _place: place,
        })
    }

    /// A connection is ended, since its client is late.
    pub(super) fn late(&self, late: Late) {
        self.counted.late(late);
    }

    /// Returns when there are no connections.
    pub(super) async fn empty(&self) {
        // The semaphore is never closed.
        let _ = self.free.acquire_many(self.all).await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.counted.open.dec();
        let Some(client) = self.client else { return };
        let mut clients = self.room.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut held) = clients.entry(client) {
            *held.get_mut() -= 1;
            if *held.get() == 0 {
                held.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn client(address: &str) -> Option<Client> {
        Some(Client::of(address.parse::<IpAddr>().unwrap()))
    }

    #[test]
    fn a_client_has_so_many_and_gets_them_back() {
        let room = Arc::new(Room::new(5, 2, Connections::default()));
        let take = |address| room.seat(room.place_now().unwrap(), client(address));
        let (first, second) = (take("192.0.2.1"), take("192.0.2.1"));
        assert!(first.is_some() && second.is_some());
        assert!(take("192.0.2.1").is_none(), "it has two");
        let other = take("192.0.2.2");
        assert!(other.is_some());
        drop(first);
        let third = take("192.0.2.1");
        assert!(third.is_some());
        assert_eq!(room.counted.open.get(), 3);
        drop((second, third, other));
        let counted = &room.counted;
        let numbers = (counted.open.get(), counted.accepted.get(), counted.refused.get());
        assert_eq!(numbers, (0, 4, 1));
        assert!(room.clients.lock().unwrap().is_empty());
    }

    #[test]
    fn there_are_so_many_in_all() {
        let room = Arc::new(Room::new(2, 9, Connections::default()));
        let places = (room.place_now(), room.place_now());
        assert!(places.0.is_some() && places.1.is_some() && room.place_now().is_none());
        drop(places);
        assert!(room.place_now().is_some());
    }
}
