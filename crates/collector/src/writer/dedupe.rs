//! Which messages are new. Decided for a whole group of requests in the order of their arrival, before anything is written.

use std::collections::{BTreeSet, HashMap};

use foldhash::quality::RandomState;
use heliograph_wire::id::{ClusterId, Hour, ReporterId};
use jiff::Timestamp;

use crate::delta::{Day, Manner};
use crate::fold::Fate;
use crate::ingest::message::{Checked, Identity, MessageKey, Speaker};
use crate::ingest::slot::{Report, Slot};
use crate::lookback::Sought;
use crate::store::{Claimant, Commit, StoreError, Stretch};
use crate::tenure::Candidate;
use crate::window::Window;

/// Most reporters of a slot that are kept beside the one that counts. Whoever makes them up gains nothing by more.
const MAX_CLAIMANTS: usize = 16;

/// What is known of earlier groups.
pub(super) trait Known {
    /// Who has reported for a slot.
    fn claimants(&mut self, slot: &Slot) -> Result<Vec<Claimant>, StoreError>;
    /// The reporter that first spoke for a cluster, if any has; `Some(None)` when that did not say who it is.
    fn bound(&mut self, cluster: &ClusterId) -> Result<Option<Option<ReporterId>>, StoreError>;
    /// Binds a cluster that nobody has spoken for yet.
    fn bind(&mut self, first: &Speaker, now: Timestamp) -> Result<(), StoreError>;
    /// Whether a message was taken in a stretch.
    fn has_taken(&mut self, id: MessageKey, stretch: Stretch) -> Result<bool, StoreError>;
}

impl Known for Commit<'_> {
    fn claimants(&mut self, slot: &Slot) -> Result<Vec<Claimant>, StoreError> {
        Commit::claimants(self, slot)
    }

    fn bound(&mut self, cluster: &ClusterId) -> Result<Option<Option<ReporterId>>, StoreError> {
        Commit::bound(self, cluster)
    }

    fn bind(&mut self, first: &Speaker, now: Timestamp) -> Result<(), StoreError> {
        Commit::bind(self, first, now)
    }

    fn has_taken(&mut self, id: MessageKey, stretch: Stretch) -> Result<bool, StoreError> {
        Commit::has_taken(self, id, stretch)
    }
}

/// Decides for one group.
pub(super) struct Dedupe<'a> {
    window: &'a mut Window,
    now: Timestamp,
    /// Slots of this group, and others that were looked at.
    slots: HashMap<Slot, Vec<Claimant>, RandomState>,
    repeats: Vec<Report>,
    doubts: BTreeSet<(ClusterId, Day)>,
    /// Ids of this group.
    taken: Vec<MessageKey>,
}

impl<'a> Dedupe<'a> {
    /// For a group that is written at `now`.
    pub(super) fn new(window: &'a mut Window, now: Timestamp) -> Dedupe<'a> {
        Dedupe {
            window,
            now,
            slots: HashMap::default(),
            repeats: Vec::new(),
            doubts: BTreeSet::new(),
            taken: Vec::new(),
        }
    }

    /// Prepares for deciding about these messages.
    pub(super) fn expect<'m>(&mut self, messages: impl Iterator<Item = &'m Checked>) {
        let mut reports = 0;
        self.window
            .fetch(messages.filter_map(|message| match message.identity {
                Identity::Message(id) => Some(id),
                Identity::Report(_) => {
                    reports += 1;
                    None
                }
            }));
        self.slots.reserve(reports);
    }

    /// Decides about a message.
    pub(super) fn decide(&mut self, message: &Checked, known: &mut impl Known) -> Result<Fate, StoreError> {
        match &message.identity {
            Identity::Report(report) => self.report(report, message.beside, known),
            Identity::Message(id) => self.message(*id, message, known),
        }
    }

    /// What was found of clusters that may not be one: reports that were made twice, and days.
    pub(super) fn take_doubts(&mut self) -> (Vec<Report>, BTreeSet<(ClusterId, Day)>) {
        (
            std::mem::take(&mut self.repeats),
            std::mem::take(&mut self.doubts),
        )
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
        let floor = self.window.floor();
        let left = match message.sought {
            Sought::Nowhere => (message.since < floor.at).then(|| Stretch::since(message.since, floor)),
            Sought::Before(looked) => (looked.at < floor.at).then(|| Stretch::between(looked, floor)),
            Sought::Found => return Ok(Fate::Known),
        };
        if let Some(left) = left
            && known.has_taken(id, left)?
        {
            return Ok(Fate::Known);
        }
        self.window.insert(id, self.now);
        self.taken.push(id);
        let apart = match &message.speaker {
            Some(speaker) => !self.is_believed(speaker, known)?,
            None => false,
        };
        Ok(Fate::Counts(Manner { apart, folded: false }))
    }

    /// Whether a message that is no report, but an event of a cluster, counts for that. What could as well be a report does only
    /// where it can't be told who speaks for the cluster, or the one that does has sent it: else anybody could add to a cluster's
    /// reports by giving them ids of another form.
    fn is_believed(&mut self, speaker: &Speaker, known: &mut impl Known) -> Result<bool, StoreError> {
        let bound = self.bound(speaker, known)?;
        Ok(!speaker.reports || bound.is_none() || bound == speaker.reporter)
    }

    /// The reporter that a cluster is bound to, which is this one where it is the first that speaks for it; nobody, where that does
    /// not say who it is.
    fn bound(&mut self, speaker: &Speaker, known: &mut impl Known) -> Result<Option<ReporterId>, StoreError> {
        match known.bound(&speaker.cluster)? {
            Some(bound) => Ok(bound),
            None => {
                known.bind(speaker, self.now)?;
                Ok(speaker.reporter.clone())
            }
        }
    }

    fn report(&mut self, report: &Report, beside: bool, known: &mut impl Known) -> Result<Fate, StoreError> {
        let claimants = claimants(&mut self.slots, known, &report.slot)?;
        let own = claimants
            .iter()
            .find(|claimant| claimant.reporter == report.reporter);
        let differs = |claimant: &Claimant| {
            claimant.nodes.is_some() && report.nodes.is_some() && claimant.nodes != report.nodes
        };
        if claimants.iter().any(differs) {
            let day = Day::of(report.slot.hour.start());
            self.doubts.insert((report.slot.cluster.clone(), day));
        }
        if let Some(own) = own {
            // The first was counted, or stands beside what is.
            if own.digest == report.digest {
                return Ok(Fate::Known);
            }
            if differs(own) {
                self.repeats.push(report.clone());
            }
            return Ok(Fate::Altered);
        }
        let crowded = claimants.len() >= MAX_CLAIMANTS;
        let counting = claimants.iter().find(|claimant| claimant.counts);
        let counting = counting.map(|first| first.digest);
        let fate = match counting {
            Some(first) => Fate::Beside {
                conflict: first != report.digest,
            },
            None if !beside && self.may_count(report, known)? => Fate::Counts(Manner::WHOLE),
            None => Fate::Beside { conflict: false },
        };
        if crowded && !fate.counts() {
            return Ok(Fate::Altered);
        }
        let claimant = Claimant {
            reporter: report.reporter.clone(),
            digest: report.digest,
            nodes: report.nodes,
            counts: fate.counts(),
        };
        if let Some(claimants) = self.slots.get_mut(&report.slot) {
            claimants.push(claimant);
        }
        Ok(fate)
    }

    /// Whether a report counts in a slot in which none does.
    fn may_count(&mut self, report: &Report, known: &mut impl Known) -> Result<bool, StoreError> {
        let slot = &report.slot;
        let speaker = Speaker {
            cluster: slot.cluster.clone(),
            reporter: report.reporter.clone(),
            reports: true,
        };
        let bound = self.bound(&speaker, known)?;
        let candidate = Candidate {
            reporter: report.reporter.as_ref(),
            bound: bound.as_ref(),
            hour: slot.hour,
            now: Hour::of(self.now),
        };
        candidate.counts(|hour| {
            let slot = Slot { hour, ..slot.clone() };
            claimants(&mut self.slots, known, &slot).map(<[_]>::to_vec)
        })
    }
}

/// Who has reported for a slot, in earlier groups or in this one.
fn claimants<'a>(
    slots: &'a mut HashMap<Slot, Vec<Claimant>, RandomState>,
    known: &mut impl Known,
    slot: &Slot,
) -> Result<&'a [Claimant], StoreError> {
    if !slots.contains_key(slot) {
        let claimants = known.claimants(slot)?;
        slots.insert(slot.clone(), claimants);
    }
    Ok(slots.get(slot).map_or(&[], Vec::as_slice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delta::{ClusterDay, Delta, Share};
    use crate::window::{Floor, Size};
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

        fn bound(&mut self, _: &ClusterId) -> Result<Option<Option<ReporterId>>, StoreError> {
            Ok(None)
        }

        fn bind(&mut self, _: &Speaker, _: Timestamp) -> Result<(), StoreError> {
            Ok(())
        }

        fn has_taken(&mut self, id: MessageKey, stretch: Stretch) -> Result<bool, StoreError> {
            let (from, to) = (stretch.from.number(), stretch.to.number());
            self.asked.push((from, to));
            let hours = from..=to;
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
            since: at(happened - 1),
            drift: None,
            record: 0..0,
            subjects: None,
            speaker: None,
            beside: false,
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
        while window.floor().at < at(100) {
            now += 2;
            window.insert(MessageKey(1_000_000 + u128::try_from(now).unwrap()), at(now));
        }
        let floor = window.floor().at.as_second() / 3600;
        disk.ids = vec![(50, 7), (floor - 1, 8)];
        let mut dedupe = Dedupe::new(&mut window, at(now));
        let mut decide = |message, disk: &mut Disk| {
            let fate = dedupe.decide(&message, disk).unwrap();
            (fate, std::mem::take(&mut disk.asked))
        };
        let (known, new) = (Fate::Known, Fate::Counts(Manner::WHOLE));
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
        let before = Sought::Before(Floor::at(at(floor - 2)));
        assert_eq!(
            decide(message(8, 51, before), &mut disk),
            (known, vec![(floor - 2, floor)])
        );
        let before = Sought::Before(Floor::at(at(floor)));
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
