//! The window: the ids of the messages that were taken of late, in memory, within a bound of bytes.
//!
//! Promise: every id that was taken at or after [`Window::floor`] is in it. Ids from before are on disk. Two generations: when the
//! younger one is full, or has been filled for longer than the window is meant to reach back, the older one is dropped and the
//! floor rises. So the window never refuses an id, and never grows.

mod id_set;

use std::time::Duration;

use heliograph_wire::id::Hour;
use jiff::{SignedDuration, Timestamp};

use self::id_set::IdSet;
use crate::ingest::message::MessageKey;
use crate::store::{Store, StoreError};

/// How large the window is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// How far back it is meant to reach.
    pub reach: Duration,
    /// How much memory it may take, in bytes.
    pub bytes: usize,
}

/// The window.
#[derive(Debug)]
pub struct Window {
    young: IdSet,
    old: IdSet,
    /// When the first id of the younger generation was taken, or will be.
    young_since: Timestamp,
    floor: Timestamp,
    reach: SignedDuration,
}

impl Window {
    /// A window in which nothing is.
    pub fn empty(size: Size, now: Timestamp) -> Window {
        Window {
            young: IdSet::of_bytes(size.bytes / 2),
            old: IdSet::of_bytes(size.bytes / 2),
            young_since: now,
            floor: Timestamp::MIN,
            reach: SignedDuration::try_from(size.reach).unwrap_or(SignedDuration::MAX),
        }
    }

    /// The window as it is after a restart: whole hours, the latest first, as far as it is meant to reach and as many as fit.
    ///
    /// # Errors
    /// When the ids can't be read.
    pub fn load(size: Size, store: &Store, now: Timestamp) -> Result<Window, StoreError> {
        let mut window = Window::empty(size, now);
        let since = Hour::of(now.checked_sub(window.reach).unwrap_or(Timestamp::MIN));
        // A clock that was set back has written ids for hours to come: they are looked at too.
        let mut before = Hour::of(Timestamp::MAX);
        while let Some(hour) = store.id_hour_before(before)? {
            if hour < since {
                window.floor = before.start().min(now);
                break;
            }
            store.ids_of_hour(hour, |id| {
                window.old.insert(id);
                !window.old.is_full()
            })?;
            if window.old.is_full() {
                window.floor = before.start().min(now);
                break;
            }
            before = hour;
        }
        Ok(window)
    }

    /// Every id that was taken since then is in the window; [`Timestamp::MIN`] when all are.
    pub fn floor(&self) -> Timestamp {
        self.floor
    }

    /// Ids in memory.
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether an id is in it.
    pub fn contains(&self, id: MessageKey) -> bool {
        self.young.contains(id) || self.old.contains(id)
    }

    /// Fetches the places of many ids into the processor's cache, which then need not be waited for one after the other: the
    /// window is far larger than the cache.
    pub fn fetch(&self, ids: impl Iterator<Item = MessageKey>) {
        let touched = ids.fold(0, |all, id| all ^ self.young.touch(id) ^ self.old.touch(id));
        std::hint::black_box(touched);
    }

    /// Takes an id, at `now`.
    pub fn insert(&mut self, id: MessageKey, now: Timestamp) {
        let aged = now.duration_since(self.young_since) > self.reach;
        if self.young.is_full() || (aged && !self.young.is_empty()) {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
            self.floor = self.floor.max(self.young_since);
            self.young_since = now;
        }
        self.young.insert(id);
    }

    /// Takes an id back, since what it stood for was not written after all.
    pub fn take_back(&mut self, id: MessageKey) {
        self.young.remove(id);
        self.old.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        reach: Duration::from_secs(48 * 3600),
        bytes: 0,
    };

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3600).unwrap()
    }

    #[test]
    fn what_was_taken_since_the_floor_is_there() {
        let mut window = Window::empty(SIZE, at(0));
        assert_eq!(window.floor(), Timestamp::MIN);
        for id in 1..=5000_u32 {
            window.insert(MessageKey(u128::from(id)), at(i64::from(id)));
            assert!(window.contains(MessageKey(u128::from(id))));
        }
        let floor = window.floor().as_second() / 3600;
        // By age: a generation holds 49 hours, an id each.
        assert!((5000 - 2 * 49..=5000 - 48).contains(&floor), "{floor}");
        for id in floor..=5000 {
            assert!(window.contains(MessageKey(u128::try_from(id).unwrap())), "{id}");
        }
    }

    #[test]
    fn a_flood_raises_the_floor_and_nothing_else() {
        let mut window = Window::empty(SIZE, at(0));
        for id in 1..=10_000 {
            window.insert(
                MessageKey(id),
                Timestamp::from_second(i64::try_from(id).unwrap()).unwrap(),
            );
        }
        let floor = window.floor().as_second();
        assert!((10_000 - 2 * 768..=10_000 - 768).contains(&floor), "{floor}");
        assert!((floor..=10_000).all(|id| window.contains(MessageKey(u128::try_from(id).unwrap()))));
        assert!(window.len() <= 2 * 768);
    }

    #[test]
    fn ids_are_taken_back_from_either_generation() {
        let mut window = Window::empty(SIZE, at(0));
        window.insert(MessageKey(1), at(0));
        window.insert(MessageKey(2), at(49));
        for id in [1, 2] {
            window.take_back(MessageKey(id));
            assert!(!window.contains(MessageKey(id)));
        }
        assert!(window.is_empty());
    }
}
