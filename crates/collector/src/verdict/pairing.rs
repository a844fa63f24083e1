//! Who is compared with whom.
//!
//! Each installation that changed to a version is one bet: how much worse a unit was after the change than before, less the same of
//! installations that did not change, over the same days.

use super::arms::{Arms, Upgraded};
use super::exposure::{Exposure, Side};
use super::panel::{Ending, Panel, Spell, Upgrade};

/// Most controls of one upgrade.
const MOST_CONTROLS: usize = 8;
/// A batch of upgrades may take one control more for each of this many that there are for it.
const SPARE: usize = 8;
/// One in so many controls is kept back for upgrades to come.
const KEPT: usize = 4;
/// Days by which a window may be longer than its good days.
pub(super) const SLACK: u16 = 7;
/// An installation that grew or shrank by more than this is another one.
pub const GROWTH: f64 = 2.0;
/// Below this, sums of shares are what is left of taking one from another.
const NOUGHT: f64 = 1e-9;
/// Mixes the bits of an order with a day (Fibonacci hashing).
const SHUFFLE: u64 = 0x9e37_79b9_7f4a_7c15;

/// What is bet on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// The unit fares worse.
    Worse,
    /// It fares better.
    Better,
}

/// An installation's days before and after a change, its own or that of another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// Its place in the panel.
    pub place: usize,
    /// Share of unhealthy node-hours of a day before, in the mean.
    pub before: f64,
    /// After; absent of one that fell silent or went back, which counts as the worst.
    pub after: Option<f64>,
    /// How much more of the two is after, from -1 to 1.
    pub contrast: f64,
    /// Node-hours observed on these days.
    pub observed: f64,
}

/// A bet that is settled.
#[derive(Debug, Clone, PartialEq)]
pub struct Bet {
    /// The day of the change.
    pub change: u16,
    /// The day on which it is complete.
    pub day: u16,
    /// The installations that upgraded on that day.
    pub upgraded: Vec<Contrast>,
    /// Their controls.
    pub controls: Vec<Contrast>,
    /// How much worse the version fares, from -1 to 1.
    pub outcome: f64,
}

/// All bets of a claim, with windows of one length.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairing {
    /// Good days before and after a change.
    pub length: u16,
    /// In the order in which they are placed.
    pub bets: Vec<Bet>,
    /// The upgrades that are no bet.
    pub left: Vec<(usize, Left)>,
}

/// Why an upgrade is no bet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    /// The unit failed neither before nor after.
    Quiet,
    /// Too few days before.
    Before,
    /// Too few days after yet.
    After,
    /// Too many days after of which nothing is known.
    Gaps,
    /// It ran something else before the days after were over.
    Moved,
    /// Fell silent before they were over.
    Silent,
    /// Its number of nodes changed by more than [`GROWTH`].
    Grew,
    /// It was a control on the same days.
    Served,
    /// Nobody to compare with.
    Alone,
}

/// What a pairing is made of.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    pub(super) panel: &'a Panel,
    pub(super) exposure: &'a Exposure,
    pub(super) arms: &'a Arms,
    pub(super) length: u16,
    pub(super) claim: Claim,
}

/// An upgrade whose days are over.
#[derive(Debug, Clone, Copy)]
struct Ready {
    order: u64,
    change: u16,
    complete: u16,
    /// The first day that is looked at.
    first: u16,
    place: usize,
    /// None of one on which the unit failed neither before nor after.
    contrast: Option<Contrast>,
}

impl Table<'_> {
    /// Pairs upgrades with controls, the first to be complete first. Nothing that is known later changes a pair, and how an
    /// installation fares decides about none: who is offered as a control and turns out to say nothing is used up like any other.
    /// (Were it offered again for days that overlap, it would come to be one because of the days that are new, which are those after
    /// the change.)
    pub(super) fn pair(self) -> Pairing {
        let mut left = Vec::new();
        let mut ready: Vec<Ready> = Vec::new();
        for one in &self.arms.upgraded {
            match self.prepare(one) {
                Ok(one) => ready.push(one),
                Err(why) => left.push((one.place, why)),
            }
        }
        ready.sort_unstable_by_key(|one| (one.complete, one.change, one.order));
        // The day up to which somebody is a control already: nobody's day counts twice.
        let mut busy: Vec<Option<u16>> = vec![None; self.panel.tracks.len()];
        let mut bets = Vec::new();
        for batch in ready.chunk_by(|a, b| (a.complete, a.change) == (b.complete, b.change)) {
            let served = |one: &&Ready| busy[one.place].is_some_and(|until| until >= one.first);
            let (gone, batch): (Vec<&Ready>, Vec<&Ready>) = batch.iter().partition(served);
            left.extend(gone.iter().map(|one| (one.place, Left::Served)));
            let Some(Ready { change, complete, .. }) = batch.first().copied().copied() else {
                continue;
            };
            let controls = self.controls(change, complete, &busy);
            let each = (controls.len() / (SPARE * batch.len())).clamp(1, MOST_CONTROLS);
            let offered = (each * batch.len()).min(controls.len() - controls.len() / KEPT);
            let mut telling: Vec<Contrast> = Vec::new();
            for (place, contrast) in controls.into_iter().take(offered) {
                busy[place] = Some(complete);
                telling.extend(contrast);
            }
            let upgraded: Vec<Contrast> = batch.iter().filter_map(|one| one.contrast).collect();
            let quiet = batch.iter().filter(|one| one.contrast.is_none());
            left.extend(quiet.map(|one| (one.place, Left::Quiet)));
            let groups = upgraded.len().min(telling.len());
            if groups == 0 {
                left.extend(upgraded.iter().map(|one| (one.place, Left::Alone)));
                continue;
            }
            for group in 0..groups {
                let of = |all: &[Contrast]| -> Vec<Contrast> {
                    all.iter().skip(group).step_by(groups).copied().collect()
                };
                let (upgraded, controls) = (of(&upgraded), of(&telling));
                bets.push(Bet {
                    change,
                    day: complete,
                    outcome: (mean(&upgraded) - mean(&controls)) / 2.0,
                    upgraded,
                    controls,
                });
            }
        }
        Pairing {
            length: self.length,
            bets,
            left,
        }
    }

    /// The first and the last day that a window may reach to.
    fn reach(&self, change: u16) -> (u16, u16) {
        (
            change.saturating_sub(self.length + SLACK),
            change + self.length + SLACK,
        )
    }

    fn prepare(&self, one: &Upgraded) -> Result<Ready, Left> {
        let Upgraded { place, upgrade } = *one;
        let Upgrade { day, before, after } = upgrade;
        let (first, last) = self.reach(day);
        let (first, last) = (before.first.max(first), after.last.min(last));
        let earlier = self
            .exposure
            .before(place, first, before.last, self.length)
            .ok_or(Left::Before)?;
        let ready = |complete, contrast| Ready {
            order: self.panel.tracks[place].order,
            change: day,
            complete,
            first: earlier.first,
            place,
            contrast,
        };
        if let Some(later) = self.exposure.after(place, day + 1, last, self.length) {
            if grew(&earlier, &later) {
                return Err(Left::Grew);
            }
            return Ok(ready(later.last, contrast(place, &earlier, &later)));
        }
        // What it would have been is not to be known: the worst, for whoever claims that it fares better.
        let (sure, why) = match after.end {
            Ending::Open if last < after.last => return Err(Left::Gaps),
            Ending::Open => return Err(Left::After),
            Ending::Changed(day, true) => (day, Left::Moved),
            Ending::Changed(_, false) => return Err(Left::Moved),
            Ending::Silent(day) => (day, Left::Silent),
        };
        let complete = sure.max(day + self.length);
        if self.claim == Claim::Worse || complete >= self.panel.days {
            return Err(why);
        }
        let worst = self.worst(place, &earlier, (day + 1, last)).ok_or(why)?;
        Ok(ready(complete, Some(worst)))
    }

    /// Who may be a control of a change on a day, and what it says; in an order that has nothing to do with how they fare.
    fn controls(&self, change: u16, complete: u16, busy: &[Option<u16>]) -> Vec<(usize, Option<Contrast>)> {
        let mut found = Vec::new();
        for place in &self.arms.controls {
            // Whatever its days before are, the last of them is taken.
            if busy[*place].is_some_and(|until| until >= change.saturating_sub(1)) {
                continue;
            }
            let track = &self.panel.tracks[*place];
            let spell = track.around(change);
            let Some((spell, before)) =
                spell.and_then(|spell| Some((spell, self.before(*place, spell, change)?)))
            else {
                continue;
            };
            if busy[*place].is_some_and(|until| until >= before.first) {
                continue;
            }
            if let Some(of) = self.control(*place, spell, &before, (change, complete)) {
                let order = (track.order ^ u64::from(change)).wrapping_mul(SHUFFLE);
                found.push((order, *place, of));
            }
        }
        found.sort_unstable_by_key(|(order, place, _)| (*order, *place));
        found.into_iter().map(|(_, place, of)| (place, of)).collect()
    }

    fn before(&self, place: usize, spell: &Spell, change: u16) -> Option<Side> {
        let (first, _) = self.reach(change);
        let last = change.checked_sub(1)?;
        self.exposure
            .before(place, spell.first.max(first), last, self.length)
    }

    /// What a control says, if it is one: nothing, where the unit failed neither before nor after.
    fn control(
        &self,
        place: usize,
        spell: &Spell,
        before: &Side,
        (change, complete): (u16, u16),
    ) -> Option<Option<Contrast>> {
        let last = spell.last.min(complete);
        if let Some(after) = self.exposure.after(place, change + 1, last, self.length) {
            return (!grew(before, &after)).then(|| contrast(place, before, &after));
        }
        let silent = matches!(spell.end, Ending::Silent(sure) if sure <= complete);
        // The other way round: it fell silent as if it fared worse, which speaks against the version's being so.
        match self.claim {
            Claim::Worse if silent => Some(self.worst(place, before, (change + 1, last))),
            Claim::Worse | Claim::Better => None,
        }
    }

    /// Of one whose days after can't be known: as if it had only got worse, if it was ever seen to fail.
    fn worst(&self, place: usize, before: &Side, (first, last): (u16, u16)) -> Option<Contrast> {
        let seen = self.exposure.all(place, first, last);
        let share = before.share + seen.map_or(0.0, |side| side.share);
        (share > NOUGHT).then(|| Contrast {
            place,
            before: before.rate(),
            after: None,
            contrast: 1.0,
            observed: before.observed + seen.map_or(0.0, |side| side.observed),
        })
    }
}

fn mean(of: &[Contrast]) -> f64 {
    of.iter().map(|one| one.contrast).sum::<f64>() / of.len().max(1) as f64
}

fn contrast(place: usize, before: &Side, after: &Side) -> Option<Contrast> {
    let all = before.share + after.share;
    (all > NOUGHT).then(|| Contrast {
        place,
        before: before.rate(),
        after: Some(after.rate()),
        contrast: ((after.share - before.share) / all).clamp(-1.0, 1.0),
        observed: before.observed + after.observed,
    })
}

pub(super) fn grew(before: &Side, after: &Side) -> bool {
    before.nodes.max(after.nodes) > GROWTH * before.nodes.min(after.nodes)
}

#[cfg(test)]
mod tests {
    use super::super::exposure::Cell;
    use super::super::panel::Track;
    use super::*;

    const DAYS: u16 = 20;
    const CHANGE: u16 = 10;

    /// Of each installation: when it upgrades, from when on it is silent, and on which days it fails.
    type Site<'a> = (Option<u16>, u16, &'a [u16]);

    fn pair(sites: &[Site<'_>], claim: Claim) -> Pairing {
        let mut cells = Vec::new();
        let mut tracks = Vec::new();
        for (order, (upgrade, silent, fails)) in (0..).zip(sites) {
            let version = |day: u16| match upgrade {
                _ if day >= *silent => 0,
                Some(upgrade) if day >= *upgrade => 2,
                _ => 1,
            };
            tracks.push(Track::new(order, &(0..DAYS).map(version).collect::<Vec<_>>()));
            cells.extend((0..DAYS).map(|day| match day < *silent {
                true => Cell {
                    unhealthy: if fails.contains(&day) { 1.0 } else { 0.0 },
                    observed: 24.0,
                    nodes: 1.0,
                },
                false => Cell::default(),
            }));
        }
        let panel = Panel { days: DAYS, tracks };
        let arms = Arms::of(&panel, 2);
        let mut exposure = Exposure::default();
        exposure.fill(&panel, &cells, &[false; DAYS as usize]);
        let (panel, exposure, arms) = (&panel, &exposure, &arms);
        Table {
            panel,
            exposure,
            arms,
            length: 5,
            claim,
        }
        .pair()
    }

    #[test]
    fn an_upgrade_is_compared_with_one_that_did_not() {
        let sites: [Site<'_>; 3] = [
            (Some(CHANGE), DAYS, &[6, 12, 13, 14]),
            (None, DAYS, &[8, 11]),
            (None, DAYS, &[8, 11]),
        ];
        let Pairing { bets, left, .. } = pair(&sites, Claim::Worse);
        let [bet] = bets.as_slice() else {
            panic!("{bets:?}")
        };
        // The day of the change takes no part, and five days are enough.
        assert_eq!((bet.change, bet.day), (CHANGE, 15));
        let near = |one: f64, two: f64| (one - two).abs() < NOUGHT;
        assert!(near(bet.upgraded[0].contrast, 0.5) && near(bet.controls[0].contrast, 0.0));
        assert!(near(bet.outcome, 0.25) && left.is_empty());
    }

    #[test]
    fn who_says_nothing_is_no_pair_and_is_not_asked_twice() {
        let quiet: Site<'_> = (Some(CHANGE), DAYS, &[2]);
        let sites = [quiet, (None, DAYS, &[8])];
        assert_eq!(pair(&sites, Claim::Worse).left, [(0, Left::Quiet)]);
        // Its control was offered to one that said nothing, and is used up for the next day.
        let sites = [quiet, (Some(CHANGE + 1), DAYS, &[9]), (None, DAYS, &[8])];
        assert_eq!(
            pair(&sites, Claim::Worse).left,
            [(0, Left::Quiet), (1, Left::Alone)]
        );
        let late: Site<'_> = (Some(CHANGE + 6), DAYS, &[9]);
        assert_eq!(
            pair(&[late, (None, DAYS, &[8])], Claim::Worse).left,
            [(0, Left::After)]
        );
    }

    #[test]
    fn silence_speaks_against_every_claim() {
        // An upgrade that fell silent is no evidence that it got worse, and the worst for who says that it got better.
        let sites: [Site<'_>; 2] = [(Some(CHANGE), 12, &[6]), (None, DAYS, &[8, 9, 12, 13])];
        assert_eq!(pair(&sites, Claim::Worse).left, [(0, Left::Silent)]);
        let Pairing { bets, .. } = pair(&sites, Claim::Better);
        assert_eq!((bets[0].outcome, bets[0].upgraded[0].after), (0.5, None));
        // A control that fell silent is none where better is claimed, and the worst where worse is.
        let sites: [Site<'_>; 2] = [(Some(CHANGE), DAYS, &[12]), (None, 12, &[6])];
        assert_eq!(pair(&sites, Claim::Better).left, [(0, Left::Alone)]);
        assert_eq!(pair(&sites, Claim::Worse).bets[0].outcome, 0.0);
    }
}
