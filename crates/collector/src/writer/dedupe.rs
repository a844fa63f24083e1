//! Which messages are new. Decided for a whole group of requests in the order of their arrival, before anything is written.

use std::collections::HashMap;

use heliograph_wire::id::Hour;
use jiff::Timestamp;

use crate::fold::Fate;
use crate::ingest::message::{Checked, Identity, MessageKey};
use crate::ingest::slot::{Report, Slot};
use crate::lookback::{self, Sought};
use crate::store::{Claimant, Commit, StoreError};
use crate::window::Window;

/// What is known of earlier groups.
pub(super) trait Known {
    /// Who has reported for a slot.
    fn claimants(&mut self, slot: &Slot) -> Result<Vec<Claimant>, StoreError>;
    /// Whether a message was taken in one of these hours, both included.
    fn has_taken(&mut self, id: MessageKey, from: Hour, to: Hour) -> Result<bool, StoreError>;
}

impl Known for Commit<'_> {
    fn claimants(&mut self, slot: &Slot) -> Result<Vec<Claimant>, StoreError> {
        Commit::claimants(self, slot)
    }

    fn has_taken(&mut self, id: MessageKey, from: Hour, to: Hour) -> Result<bool, StoreError> {
        Ok(!self.find_ids(&[id], from, to)?.is_empty())
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
            Identity::Message(id) => self.message(*id, message, known),
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
        message: &Checked,
        known: &mut impl Known,
    ) -> Result<Fate, StoreError> {
        if self.window.contains(id) {
            return Ok(Fate::Known);
        }
        let from = match message.sought {
            Sought::Nowhere => lookback::earliest(message.timestamp),
            Sought::Before(time) => time,
            Sought::Found => return Ok(Fate::Known),
        };
        let floor = self.window.floor();
        if from < floor && known.has_taken(id, Hour::of(from), Hour::of(floor))? {
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
        // The same reporter's second word is a repeat, whatever it says: the first was counted.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delta::{ClusterDay, Day, Delta, Share};
    use crate::window::Size;
    use std::time::Duration;

    /// Ids by hour, and what was asked for.
    #[derive(Default)]
    struct Disk {
        ids: Vec<(i64, u128)>,
        asked: Vec<(i64, i64)>,
    }

    impl Known for Disk {
        fn claimants(&mut self, _: &Slot) -> Result<Vec<Claimant>, StoreError> {
            Ok(Vec::new())
        }

        fn has_taken(&mut self, id: MessageKey, from: Hour, to: Hour) -> Result<bool, StoreError> {
            self.asked.push((from.number(), to.number()));
            let hours = from.number()..=to.number();
            Ok(self
                .ids
                .iter()
                .any(|(hour, known)| hours.contains(hour) && *known == id.0))
        }
    }

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3600).unwrap()
    }

    fn message(id: u128, happened: i64, sought: Sought) -> Checked {
        Checked {
            identity: Identity::Message(MessageKey(id)),
            timestamp: at(happened),
            drift: None,
            record: 0..0,
            subjects: None,
            speaker: None,
            sought,
            share: Share {
                to: ClusterDay {
                    day: Day::of(at(happened)),
                    cluster: None,
                },
                delta: Delta::default(),
            },
            violations: None,
        }
    }

    #[test]
    fn the_disk_is_asked_only_for_what_the_window_and_the_request_do_not_know() {
        let size = Size {
            reach: Duration::from_secs(3600),
            bytes: 0,
        };
        let mut window = Window::empty(size, at(0));
        let mut disk = Disk::default();
        let mut now = 0;
        while window.floor() < at(100) {
            now += 2;
            window.insert(MessageKey(1_000_000 + u128::try_from(now).unwrap()), at(now));
        }
        let floor = window.floor().as_second() / 3600;
        disk.ids = vec![(50, 7), (floor - 1, 8)];
        let mut dedupe = Dedupe::new(&mut window, at(now));
        let mut decide = |message, disk: &mut Disk| {
            let fate = dedupe.decide(&message, disk).unwrap();
            (fate, std::mem::take(&mut disk.asked))
        };
        let (known, new) = (Fate::Known, Fate::Counts);
        assert_eq!(
            decide(message(7, 51, Sought::Nowhere), &mut disk),
            (known, vec![(50, floor)])
        );
        // Happened before the hour in which it was taken, or says so.
        assert_eq!(
            decide(message(7, 10, Sought::Nowhere), &mut disk),
            (known, vec![(9, floor)])
        );
        assert_eq!(decide(message(9, 51, Sought::Found), &mut disk), (known, vec![]));
        // The request has looked, when the floor was lower.
        let before = Sought::Before(at(floor - 2));
        assert_eq!(
            decide(message(8, 51, before), &mut disk),
            (known, vec![(floor - 2, floor)])
        );
        let before = Sought::Before(at(floor));
        assert_eq!(decide(message(10, 51, before), &mut disk), (new, vec![]));
        assert_eq!(decide(message(10, 51, before), &mut disk), (known, vec![]));
        // Nothing of late is looked for on disk.
        assert_eq!(
            decide(message(11, now, Sought::Nowhere), &mut disk),
            (new, vec![])
        );
        dedupe.take_back();
        assert!(!window.contains(MessageKey(10)) && !window.contains(MessageKey(11)));
    }
}
