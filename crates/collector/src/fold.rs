//! What is written of a group of requests: the fold of their messages and of what was decided about each. Pure.
//!
//! What the messages that count add to their days is made before, by [`crate::delta`], and added up in the same transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use heliograph_wire::id::ClusterId;

use crate::delta::{Day, Manner};
use crate::drift::Drift;
use crate::ingest::message::{Identity, MessageKey, Speaker};
use crate::ingest::outcome::{Outcome, Suppression};
use crate::ingest::record;
use crate::ingest::request::Request;
use crate::ingest::sample::Sample;
use crate::ingest::slot::Report;
use crate::ingest::tally::Tally;
use crate::ingest::violation::Violation;
use crate::key::{Key, KeyId};
use crate::quota::Used;

/// What was decided about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// New: it is kept and counts, in a manner.
    Counts(Manner),
    /// A report of a slot that is another reporter's: it is kept beside the one that counts there, or will. See [`crate::tenure`].
    Beside {
        /// Whether it says something else than the one that counts.
        conflict: bool,
    },
    /// Known already: nothing is kept.
    Known,
    /// A report that its reporter has made already, with another content: nothing is kept.
    Altered,
    /// About somebody who asked to be forgotten: nothing is kept.
    Forgotten,
}

/// What is written of a group of requests.
#[derive(Debug, Default)]
pub struct Written {
    /// The records of all messages that are kept.
    pub records: Vec<u8>,
    /// How many these are.
    pub messages: usize,
    /// The ids of those that are recognised by id, sorted.
    pub ids: Vec<MessageKey>,
    /// The reports, and whether each counts.
    pub reports: Vec<(Arc<Report>, bool)>,
    /// Reports that their reporter had made already, with another size of the cluster.
    pub repeats: Vec<Report>,
    /// Days of clusters on which there is doubt whether they are one.
    pub doubts: BTreeSet<(ClusterId, Day)>,
    /// Who spoke for a cluster in messages that are no reports.
    pub speakers: BTreeSet<Speaker>,
    /// How many messages had which outcome, by key.
    pub outcomes: BTreeMap<(Key, Outcome), u64>,
    /// How many messages that are kept differ in which way from the plan, by key.
    pub violations: BTreeMap<(Key, Violation), u64>,
    /// What is kept of what came with each key, as far as quotas are concerned.
    pub usage: BTreeMap<KeyId, Used>,
    /// How far clocks are off, by request.
    pub drifts: BTreeMap<Drift, u64>,
    /// What is remembered of single messages, by key.
    pub samples: Vec<(Key, Sample)>,
}

impl Fate {
    /// The outcome that it means.
    pub fn outcome(self) -> Outcome {
        match self {
            Fate::Counts(Manner { apart: true, .. }) => Outcome::Apart,
            Fate::Counts(Manner { folded: true, .. }) => Outcome::Folded,
            Fate::Counts(_) => Outcome::Accepted,
            Fate::Beside { conflict: true } | Fate::Altered => Outcome::Conflict,
            Fate::Beside { conflict: false } | Fate::Known => Outcome::Duplicate,
            Fate::Forgotten => Outcome::Suppressed(Suppression::Forgotten),
        }
    }

    /// Whether it counts, in whatever manner.
    pub fn counts(self) -> bool {
        matches!(self, Fate::Counts(_))
    }
}

impl Written {
    /// Adds a request, given the fate of each of its messages; returns what its sender is told.
    pub fn add(&mut self, request: &Request, fates: &[Fate]) -> Tally {
        let mut tally = request.decided.clone();
        if let Some(drift) = request.drift {
            *self.drifts.entry(Drift::of(drift)).or_default() += 1;
        }
        if fates.iter().all(|fate| *fate == Fate::Counts(Manner::WHOLE)) {
            self.records.extend_from_slice(&request.records);
        } else {
            self.add_some_records(request, fates);
        }
        let mut used = Used::default();
        for (message, fate) in request.messages.iter().zip(fates) {
            tally.count(fate.outcome());
            match fate {
                Fate::Counts(_) | Fate::Beside { .. } => {}
                Fate::Known | Fate::Forgotten => continue,
                Fate::Altered => {
                    tally.note_dropped();
                    continue;
                }
            }
            self.messages += 1;
            used.add(Used {
                bytes: u64::try_from(message.record.len()).unwrap_or(u64::MAX),
                messages: 1,
            });
            for (violation, _) in message.violations.iter().flat_map(|found| found.kinds()) {
                *self.violations.entry((request.key, violation)).or_default() += 1;
            }
            if let Some(speaker) = &message.speaker {
                self.speakers.insert(Speaker::clone(speaker));
            }
            match &message.identity {
                Identity::Message(id) => self.ids.push(*id),
                Identity::Report(report) => {
                    self.reports.push((Arc::clone(report), fate.counts()));
                }
            }
        }
        if request.metered && used.messages > 0 {
            self.usage.entry(request.key.id).or_default().add(used);
        }
        for (outcome, count) in tally.iter() {
            *self.outcomes.entry((request.key, outcome)).or_default() += count;
        }
        tally
    }

    /// To be called when all requests were added.
    #[must_use]
    pub fn sorted(mut self) -> Written {
        self.ids.sort_unstable();
        self
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.messages == 0 && self.outcomes.is_empty()
    }

    fn add_some_records(&mut self, request: &Request, fates: &[Fate]) {
        for (message, fate) in request.messages.iter().zip(fates) {
            let record = request.record(message);
            match fate {
                Fate::Counts(manner) => record::push_counted(record, *manner, &mut self.records),
                Fate::Beside { .. } => record::push_uncounted(record, &mut self.records),
                Fate::Known | Fate::Altered | Fate::Forgotten => {}
            }
        }
    }
}
