//! The numbers of the names in deltas of late. Most deltas name what another one named a moment ago, in the same words: all of
//! them are recognised at once, instead of looking up each name for itself.

use std::collections::HashMap;
use std::hash::BuildHasher as _;

use foldhash::quality::RandomState;

use crate::delta::{Delta, Wording};

/// Wordings that are remembered.
const REMEMBERED: usize = 256;
/// Longest wording that is, in bytes.
const LONGEST: usize = 4096;

/// What is remembered.
#[derive(Debug, Default)]
pub(super) struct Recent {
    // By a hash of the text, which is compared then.
    known: HashMap<u64, Numbered, RandomState>,
}

/// The numbers of a wording.
#[derive(Debug)]
pub(super) struct Numbered {
    wording: Wording,
    /// Of the edition.
    pub(super) edition: u64,
    /// Of the other names, in their order.
    pub(super) names: Vec<u64>,
}

impl Recent {
    /// The numbers of what a delta names, if it is remembered.
    pub(super) fn get(&self, delta: &Delta) -> Option<&Numbered> {
        let known = self.known.get(&self.hash(delta))?;
        delta.is_worded(&known.wording).then_some(known)
    }

    /// Remembers them.
    pub(super) fn remember(&mut self, delta: &Delta, edition: u64, names: Vec<u64>) {
        if delta.text().len() > LONGEST {
            return;
        }
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        let wording = delta.wording();
        let numbered = Numbered {
            wording,
            edition,
            names,
        };
        self.known.insert(self.hash(delta), numbered);
    }

    /// Forgets all.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    fn hash(&self, delta: &Delta) -> u64 {
        self.known.hasher().hash_one(delta.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delta::{Message, RULES};
    use crate::ingest::members::Members;

    fn delta(event: &str, version: &str, nodes: u32) -> Delta {
        let json = format!(
            r#"{{"environmentVersion":"{version}","health-unit-a-total":{nodes},"health-unit-a-unhealthy":{}}}"#,
            nodes / 4
        );
        let raw: &serde_json::value::RawValue = serde_json::from_str(&json).unwrap();
        Delta::of(&Message {
            kind: "track",
            event: Some(event),
            name: None,
            user: None,
            properties: &Members::of(raw).unwrap(),
            timestamp: "2026-11-22T11:59:59Z".parse().unwrap(),
            part: 1,
            of_cluster: true,
            rules: RULES,
            breakdown: &[],
        })
    }

    #[test]
    fn the_same_names_are_recognised_whatever_the_amounts() {
        let mut recent = Recent::default();
        recent.remember(&delta("health", "1.13", 3), 7, vec![1, 2]);
        let known = recent.get(&delta("health", "1.13", 5)).unwrap();
        assert_eq!((known.edition, known.names.as_slice()), (7, &[1, 2][..]));
        assert!(
            delta("health", "1.13", 3).len() < delta("health", "1.13", 5).len(),
            "one is unhealthy"
        );
        assert!(recent.get(&delta("health", "1.14", 3)).is_none());
        recent.forget();
        assert!(recent.get(&delta("health", "1.13", 3)).is_none());
    }

    #[test]
    fn the_same_text_with_other_names_is_not() {
        let (one, other) = (delta("3login", "1.1", 0), delta("login", "1.13", 0));
        assert_eq!(one.text(), other.text());
        let mut recent = Recent::default();
        recent.remember(&one, 7, vec![1]);
        assert!(recent.get(&one).is_some() && recent.get(&other).is_none());
    }

    #[test]
    fn it_is_bounded() {
        let mut recent = Recent::default();
        for number in 0..10 * REMEMBERED {
            recent.remember(&delta(&format!("event {number}"), "1", 0), 1, vec![1]);
            assert!(recent.known.len() <= REMEMBERED);
        }
    }
}
