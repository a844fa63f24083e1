//! Numbers of names, as far as they are remembered. Forgotten when a transaction fails, since it may have given out the numbers.
//!
//! A name that nothing uses any more is removed; whether anything does takes a while to find out. Meanwhile its number is
//! *watched*: one that is asked for is spared.

use std::collections::{HashMap, HashSet};

use foldhash::quality::RandomState;

/// Most numbers that are remembered, where it is not said; beyond that all are forgotten and looked up again.
const REMEMBERED: usize = 20_000;

/// Numbers by name.
#[derive(Debug)]
pub(super) struct Interned {
    /// Most that are remembered.
    most: usize,
    // Looked up many times for each message, which costs more with the library's own hash. This one is seeded at random, too.
    known: HashMap<String, i64, RandomState>,
    /// The one that was asked for last: the messages of a request name the same.
    last: (String, Option<i64>),
    watched: HashSet<i64>,
}

impl Default for Interned {
    fn default() -> Interned {
        Interned::holding(REMEMBERED)
    }
}

impl Interned {
    /// One that remembers so many.
    pub(super) fn holding(most: usize) -> Interned {
        Interned {
            most,
            known: HashMap::default(),
            last: (String::new(), None),
            watched: HashSet::new(),
        }
    }

    pub(super) fn get(&mut self, name: &str) -> Option<i64> {
        let number = match &self.last {
            (last, Some(number)) if last == name => Some(*number),
            _ => self.find(name),
        };
        if let Some(number) = &number
            && !self.watched.is_empty()
        {
            self.watched.remove(number);
        }
        number
    }

    fn find(&mut self, name: &str) -> Option<i64> {
        let number = self.known.get(name).copied()?;
        self.last.0.clear();
        self.last.0.push_str(name);
        self.last.1 = Some(number);
        Some(number)
    }

    pub(super) fn remember(&mut self, name: String, number: i64) {
        self.watched.remove(&number);
        if self.known.len() >= self.most {
            self.known.clear();
        }
        self.known.insert(name, number);
    }

    /// To be called when what is remembered may be wrong. What is watched stays watched.
    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.last.1 = None;
    }

    /// Watches these numbers, and no others.
    pub(super) fn watch(&mut self, numbers: HashSet<i64>) {
        self.watched = numbers;
    }

    /// Ends watching; returns those that nobody has asked for.
    pub(super) fn unused(&mut self) -> HashSet<i64> {
        std::mem::take(&mut self.watched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_spared() {
        let mut names = Interned::default();
        names.remember("a".to_owned(), 1);
        names.remember("b".to_owned(), 2);
        names.watch(HashSet::from([1, 2, 3, 4]));
        assert_eq!((names.get("a"), names.get("c")), (Some(1), None));
        names.remember("c".to_owned(), 3);
        // Asked for before it was watched, and again.
        names.watch(HashSet::from([1, 2, 4]));
        assert_eq!(names.get("a"), Some(1));
        names.forget();
        assert_eq!((names.get("a"), names.get("b")), (None, None));
        assert_eq!(names.unused(), HashSet::from([2, 4]));
        assert!(names.unused().is_empty());
    }
}
