//! Which messages are new. Decided for a whole group of requests in the order of their arrival, before anything is written.

use std::collections::HashMap;

use heliograph_wire::id::Hour;
use jiff::{SignedDuration, Timestamp};

use crate::fold::Fate;
use crate::ingest::message::{Checked, Identity, MessageKey};
use crate::ingest::slot::{Report, Slot};
use crate::store::{Claimant, Commit, StoreError};
use crate::window::Window;

/// A message is taken at most so long before the time it is said to have happened, by this and any repeat of it: how far it may be
/// clamped ahead, and how much longer the first journey may have been than the repeat's.
const SLACK: SignedDuration = SignedDuration::from_hours(1);

/// What is known of earlier groups.
pub(super) trait Known {
    /// Who has reported for a slot.
    fn claimants(&mut self, slot: &Slot) -> Result<Vec<Claimant>, StoreError>;
    /// Whether a message was taken in one of these hours, both included.
    fn contains_id(&mut self, id: MessageKey, from: Hour, to: Hour) -> Result<bool, StoreError>;
}

impl Known for Commit<'_> {
    fn claimants(&mut self, slot: &Slot) -> Result<Vec<Claimant>, StoreError> {
        Commit::claimants(self, slot)
    }

    fn contains_id(&mut self, id: MessageKey, from: Hour, to: Hour) -> Result<bool, StoreError> {
        Commit::contains_id(self, id, from, to)
    }
}

/// Decides for one group.
pub(super) struct Dedupe<'a> {
    window: &'a mut Window,
    now: Timestamp,
    /// Slots of this group.
    slots: HashMap<Slot, Vec<Claimant>>,
    /// Ids of this group.
    taken: Vec<MessageKey>,
}

impl<'a> Dedupe<'a> {
    /// For a group that is written at `now`.
    pub(super) fn new(window: &'a mut Window, now: Timestamp) -> Dedupe<'a> {
        Dedupe {
            window,
            now,
            slots: HashMap::new(),
            taken: Vec::new(),
        }
    }

    /// Decides about a message.
    pub(super) fn decide(&mut self, message: &Checked, known: &mut impl Known) -> Result<Fate, StoreError> {
        match &message.identity {
            Identity::Report(report) => self.report(report, known),
            Identity::Message(id) => self.message(*id, message.timestamp, known),
        }
    }

    /// To be called when the group was not written: its ids are new again.
    pub(super) fn take_back(self) {
        for id in self.taken {
            self.window.take_back(id);
        }
    }

    fn message(
        &mut self,
        id: MessageKey,
        happened: Timestamp,
        known: &mut impl Known,
    ) -> Result<Fate, StoreError> {
        if self.window.contains(id) {
            return Ok(Fate::Known);
        }
        let floor = self.window.floor();
        let earliest = happened.checked_sub(SLACK).unwrap_or(Timestamp::MIN);
        if earliest < floor && known.contains_id(id, Hour::of(earliest), Hour::of(floor))? {
            return Ok(Fate::Known);
        }
        self.window.insert(id, self.now);
        self.taken.push(id);
        Ok(Fate::Counts)
    }

    fn report(&mut self, report: &Report, known: &mut impl Known) -> Result<Fate, StoreError> {
        if !self.slots.contains_key(&report.slot) {
            let claimants = known.claimants(&report.slot)?;
            self.slots.insert(report.slot.clone(), claimants);
        }
        let claimants = self.slots.entry(report.slot.clone()).or_default();
        if claimants
            .iter()
            .any(|claimant| claimant.reporter == report.reporter)
        {
            return Ok(Fate::Known);
        }
        let counting = claimants.iter().find(|claimant| claimant.counts);
        let fate = match counting {
            None => Fate::Counts,
            Some(first) => Fate::Beside {
                conflict: first.digest != report.digest,
            },
        };
        claimants.push(Claimant {
            reporter: report.reporter.clone(),
            digest: report.digest,
            counts: fate == Fate::Counts,
        });
        Ok(fate)
    }
}
