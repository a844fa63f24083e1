//! Outcomes, counted.

use std::collections::BTreeMap;

use crate::ingest::outcome::{Outcome, Rejection};

/// How many messages had which outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    counts: BTreeMap<Outcome, u64>,
    /// Some were taken for known, though not with this content.
    dropped: bool,
}

/// A tally in the words of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Stored and counted.
    pub accepted: u64,
    /// Known already.
    pub duplicate: u64,
    /// Answered with success and dropped.
    pub suppressed: u64,
    /// Refused.
    pub rejected: u64,
}

impl Tally {
    /// To be called when a message is counted as known whose content is kept nowhere.
    pub fn note_dropped(&mut self) {
        self.dropped = true;
    }

    /// Counts a message.
    pub fn count(&mut self, outcome: Outcome) {
        *self.counts.entry(outcome).or_default() += 1;
    }

    /// Adds another tally.
    pub fn add(&mut self, other: &Tally) {
        for (outcome, count) in other.iter() {
            *self.counts.entry(outcome).or_default() += count;
        }
        self.dropped |= other.dropped;
    }

    /// The outcomes that occurred.
    pub fn iter(&self) -> impl Iterator<Item = (Outcome, u64)> {
        self.counts.iter().map(|(outcome, count)| (*outcome, *count))
    }

    /// Why a message was refused, where one was.
    pub fn rejection(&self) -> Option<Rejection> {
        self.counts.keys().find_map(|outcome| match outcome {
            Outcome::Rejected(reason) => Some(*reason),
            _ => None,
        })
    }

    /// Whether every message is kept, now or since before, or is not to be kept. Who is suppressed can't be told by it.
    pub fn is_all_taken(&self) -> bool {
        self.summary().rejected == 0 && !self.dropped
    }

    /// In the words of an answer.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for (outcome, count) in self.iter() {
            let kind = match outcome {
                Outcome::Accepted | Outcome::Folded | Outcome::Apart => &mut summary.accepted,
                Outcome::Duplicate | Outcome::Conflict => &mut summary.duplicate,
                Outcome::Suppressed(_) => &mut summary.suppressed,
                Outcome::Rejected(_) => &mut summary.rejected,
            };
            *kind += count;
        }
        summary
    }
}
