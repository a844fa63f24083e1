//! A set of message ids with a fixed capacity, all of whose memory is touched when it is made: growing, or the first touch of
//! fresh pages, would stall a commit by tens of milliseconds.
//!
//! Open addressing with linear probing. Ids are parts of cryptographic hashes, so their low bits are as good as a hash of them.
//! An empty place is 0, which is not an id that occurs; if it does, it is never found, and so counted again.

use crate::ingest::message::MessageKey;

/// Places that are left empty, one in so many: keeps probing short.
const SPARE: usize = 4;
/// Bytes of a place.
const PLACE: usize = size_of::<u128>();
/// Ids in a page of memory.
const PAGE: usize = 4096 / PLACE;
/// Fewest places of a set.
const MIN_PLACES: usize = 1024;

/// The set.
#[derive(Debug)]
pub(super) struct IdSet {
    places: Vec<u128>,
    used: usize,
}

impl IdSet {
    /// An empty set of at most so many bytes (rounded down to a power of two, and never below 16 KiB).
    pub(super) fn of_bytes(bytes: usize) -> IdSet {
        let fitting = (bytes / PLACE).max(MIN_PLACES);
        let places = 1 << fitting.ilog2();
        let mut set = IdSet {
            // Not zero, which the allocator would only promise.
            places: vec![1; places],
            used: 0,
        };
        debug_assert!(set.places.len() >= PAGE);
        set.clear();
        set
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.places.fill(0);
        self.used = 0;
    }

    /// Ids in it.
    pub(super) fn len(&self) -> usize {
        self.used
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Whether it takes no further id.
    pub(super) fn is_full(&self) -> bool {
        self.used >= self.places.len() - self.places.len() / SPARE
    }

    /// Whether it holds an id.
    pub(super) fn contains(&self, id: MessageKey) -> bool {
        id.0 != 0 && self.places[self.place(id.0)] == id.0
    }

    /// Something of the place where an id is looked for first.
    pub(super) fn touch(&self, id: MessageKey) -> u128 {
        self.places[self.home(id.0)]
    }

    /// Takes an id; a full set does not.
    pub(super) fn insert(&mut self, id: MessageKey) {
        if id.0 == 0 || self.is_full() {
            return;
        }
        let place = self.place(id.0);
        if self.places[place] == 0 {
            self.places[place] = id.0;
            self.used += 1;
        }
    }

    /// Forgets an id.
    pub(super) fn remove(&mut self, id: MessageKey) {
        let mut gap = self.place(id.0);
        if id.0 == 0 || self.places[gap] != id.0 {
            return;
        }
        self.used -= 1;
        // Those behind the gap that would not be found past it move up.
        let mut next = self.behind(gap);
        while self.places[next] != 0 {
            let home = self.home(self.places[next]);
            if self.distance(home, next) >= self.distance(gap, next) {
                self.places[gap] = self.places[next];
                gap = next;
            }
            next = self.behind(next);
        }
        self.places[gap] = 0;
    }

    /// Where an id is, or the empty place where it would be.
    fn place(&self, id: u128) -> usize {
        let mut place = self.home(id);
        while self.places[place] != 0 && self.places[place] != id {
            place = self.behind(place);
        }
        place
    }

    fn home(&self, id: u128) -> usize {
        let bytes = id.to_le_bytes();
        let mut low = [0; 8];
        low.copy_from_slice(&bytes[..8]);
        // A power of two of places: the remainder is the low bits, whatever the width of a `usize`.
        usize::from_le_bytes(low) & (self.places.len() - 1)
    }

    fn behind(&self, place: usize) -> usize {
        (place + 1) & (self.places.len() - 1)
    }

    /// How far it is from one place to a later one, around the end.
    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & (self.places.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn takes_what_it_has_room_for() {
        let mut set = IdSet::of_bytes(0);
        for id in 1..2000 {
            set.insert(MessageKey(id));
        }
        assert!(set.is_full());
        assert_eq!(set.len(), 768);
        set.clear();
        assert!(set.is_empty() && !set.contains(MessageKey(1)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn is_a_set(steps in prop::collection::vec((any::<bool>(), 1_u128..40, 0_u128..3), 0..400)) {
            let mut set = IdSet::of_bytes(0);
            let mut model = HashSet::new();
            for (insert, low, high) in steps {
                // Many share a home, at the end of the table too.
                let id = (1020 + low % 8) | (high << 64) | ((low / 8) << 32);
                if insert {
                    set.insert(MessageKey(id));
                    model.insert(id);
                } else {
                    set.remove(MessageKey(id));
                    model.remove(&id);
                }
                prop_assert_eq!(set.len(), model.len());
            }
            for low in 0..1100 {
                for high in 0..3 {
                    for middle in 0..6 {
                        let id = low | (high << 64) | (middle << 32);
                        prop_assert_eq!(set.contains(MessageKey(id)), model.contains(&id));
                    }
                }
            }
        }
    }
}
