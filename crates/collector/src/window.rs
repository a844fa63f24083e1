//! The window: the ids of the messages that were taken of late, in memory, within a bound of bytes.
//!
//! Promise: every id that was taken since [`Window::floor`] is in it. Ids from before are on disk. Two generations: when the
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

/// Where a window begins: every id that was taken at or after that time is in it, and every id of that batch and later ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor {
    /// The time.
    pub at: Timestamp,
    /// The number of the batch; [`i64::MAX`] where it is not known.
    pub batch: i64,
}

/// The window.
#[derive(Debug)]
pub struct Window {
    young: IdSet,
    old: IdSet,
    /// When the first id of the younger generation was taken, or will be.
    young_since: Timestamp,
    /// The first batch whose ids all came after it had begun; [`i64::MAX`] as long as none is written.
    young_batch: i64,
    floor: Floor,
    reach: SignedDuration,
}

impl Floor {
    /// That of a window in which all ids are.
    pub const BEGINNING: Floor = Floor {
        at: Timestamp::MIN,
        batch: i64::MIN,
    };

    /// One of which only the time is known.
    pub const fn at(time: Timestamp) -> Floor {
        Floor {
            at: time,
            batch: i64::MAX,
        }
    }
}

impl Window {
    /// A window in which nothing is.
    pub fn empty(size: Size, now: Timestamp) -> Window {
        Window {
            young: IdSet::of_bytes(size.bytes / 2),
            old: IdSet::of_bytes(size.bytes / 2),
            young_since: now,
            young_batch: i64::MAX,
            floor: Floor::BEGINNING,
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
                window.floor = Floor::at(before.start().min(now));
                break;
            }
            store.ids_of_hour(hour, |id| {
                window.old.insert(id);
                !window.old.is_full()
            })?;
            if window.old.is_full() {
                window.floor = Floor::at(before.start().min(now));
                break;
            }
            before = hour;
        }
        Ok(window)
    }

    /// Where it begins; [`Floor::BEGINNING`] when all ids are in it.
    pub fn floor(&self) -> Floor {
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
            // Of the first generation nothing is dropped: the window still begins where it did.
            if !self.young.is_empty() {
                self.young.clear();
                self.floor = Floor {
                    at: self.floor.at.max(self.young_since),
                    batch: self.young_batch,
                };
            }
            (self.young_since, self.young_batch) = (now, i64::MAX);
        }
        self.young.insert(id);
    }

    /// Says that what was taken by now is on disk, in this batch and earlier ones.
    pub fn written(&mut self, batch: i64) {
        if self.young_batch == i64::MAX {
            // A part of this one may have come before.
            self.young_batch = batch.saturating_add(1);
        }
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
        assert_eq!(window.floor(), Floor::BEGINNING);
        for id in 1..=5000_u32 {
            window.insert(MessageKey(u128::from(id)), at(i64::from(id)));
            assert!(window.contains(MessageKey(u128::from(id))));
        }
        let floor = window.floor().at.as_second() / 3600;
        // By age: a generation holds 49 hours, an id each.
        assert!((5000 - 2 * 49..=5000 - 48).contains(&floor), "{floor}");
        for id in floor..=5000 {
            assert!(window.contains(MessageKey(u128::try_from(id).unwrap())), "{id}");
        }
    }

    #[test]
    fn a_window_begins_later_once_something_was_dropped() {
        let mut window = Window::empty(SIZE, at(1));
        for id in 1..=2 * 768 {
            window.insert(MessageKey(id), at(1));
            assert_eq!(window.floor(), Floor::BEGINNING);
        }
        window.insert(MessageKey(9_999), at(2));
        assert_eq!(window.floor().at, at(1));
        assert!(!window.contains(MessageKey(768)) && window.contains(MessageKey(769)));
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
        let floor = window.floor().at.as_second();
        assert!((10_000 - 2 * 768..=10_000 - 768).contains(&floor), "{floor}");
        assert!((floor..=10_000).all(|id| window.contains(MessageKey(u128::try_from(id).unwrap()))));
        assert!(window.len() <= 2 * 768);
    }

    #[test]
    fn all_ids_of_the_floors_batch_are_there() {
        let mut window = Window::empty(SIZE, at(0));
        // Batches of seven, so that most generations begin within one.
        let of = |batch: i64| (0..7).map(move |id| MessageKey(u128::try_from(7 * batch + id).unwrap()));
        for batch in 1..=2000 {
            of(batch).for_each(|id| window.insert(id, at(0)));
            window.written(batch);
            let floor = window.floor().batch;
            let kept = if floor == i64::MIN {
                1..=batch
            } else {
                floor..=batch
            };
            assert!(
                kept.clone().flat_map(of).all(|id| window.contains(id)),
                "{batch}: {floor}"
            );
            assert!(kept.count() > 100 || batch < 110, "{batch}: {floor}");
        }
        // One that was begun and never written is not known.
        for id in 0..2000 {
            window.insert(MessageKey(1_000_000 + id), at(0));
        }
        assert_eq!(window.floor().batch, i64::MAX);
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
