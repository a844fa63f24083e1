//! What many have spent, in a fixed amount of memory.
//!
//! The table has sets of few entries, each with a lock of its own; which set somebody belongs to is known to nobody outside. Where
//! a set is full, the one is forgotten whose buckets are full again first: at worst they may begin anew.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

use super::bucket::Spent;

/// Entries of a set.
const WAYS: usize = 8;

/// What somebody has spent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Both {
    pub(super) requests: Spent,
    pub(super) bytes: Spent,
}

#[derive(Clone, Copy)]
struct Entry<K> {
    who: Option<K>,
    spent: Both,
}

type Set<K> = Mutex<[Entry<K>; WAYS]>;

/// The table.
pub(super) struct Table<K> {
    sets: Box<[Set<K>]>,
    hasher: RandomState,
}

impl<K: Hash + Eq + Copy> Table<K> {
    /// A table that remembers so many.
    pub(super) fn new(entries: usize) -> Table<K> {
        let empty = Entry {
            who: None,
            spent: Both::default(),
        };
        let sets = (0..entries.div_ceil(WAYS).max(1)).map(|_| Mutex::new([empty; WAYS]));
        Table {
            sets: sets.collect(),
            hasher: RandomState::new(),
        }
    }

    /// What somebody has spent: nothing, where nothing is known.
    pub(super) fn with<R>(&self, who: K, change: impl FnOnce(&mut Both) -> R) -> R {
        let hash = self.hasher.hash_one(who);
        // Below the number of sets, whatever the width of a pointer.
        #[expect(clippy::cast_possible_truncation, reason = "it is smaller than a length")]
        let set = (hash % self.sets.len() as u64) as usize;
        let mut set = self.sets[set].lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut entry(&mut set, who).spent)
    }
}

fn entry<K: Eq + Copy>(set: &mut [Entry<K>; WAYS], who: K) -> &mut Entry<K> {
    let found = set.iter().position(|entry| entry.who == Some(who));
    let index = found.unwrap_or_else(|| {
        let full_at = |entry: &Entry<K>| entry.spent.requests.max(entry.spent.bytes);
        let first = set.iter().enumerate().min_by_key(|(_, entry)| full_at(entry));
        first.map_or(0, |(index, _)| index)
    });
    let entry = &mut set[index];
    if found.is_none() {
        *entry = Entry {
            who: Some(who),
            spent: Both::default(),
        };
    }
    entry
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::bucket::Rate;
    use super::*;

    #[test]
    fn who_has_spent_most_is_remembered_longest() {
        let rate = Rate::new(1, 1).unwrap();
        let table = Table::new(WAYS);
        let charge = |who: u32, tokens| {
            table.with(who, |spent| {
                let fresh = spent.requests == Spent::default();
                spent.requests.charge(rate, tokens, Duration::ZERO);
                fresh
            })
        };
        assert!(charge(0, 1_000_000));
        // Many come and go, as from the addresses of one network.
        for who in 1..10_000 {
            assert!(charge(who, 1));
        }
        assert!(!charge(0, 1), "it is still known");
        assert!(charge(1, 1), "long forgotten");
    }
}
