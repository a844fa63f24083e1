//! From the days of a unit to what is known about a version.

use std::collections::BTreeMap;

use super::arms::Arms;
use super::exposure::{Cell, Exposure};
use super::outage::outages;
use super::pairing::{Bet, Claim, Left, Pairing, Table};
use super::panel::{Ending, Panel};
use super::rates::{Rates, rates};
use super::ratio::{Ratio, ratio};
use super::wealth::Wealth;

/// Good days before and after a change that are compared. Short windows find gross faults soon, long ones small faults.
pub const LENGTHS: [u16; 4] = [3, 7, 14, 28];
/// Chance with which an interval may miss, at whatever day one looks.
pub const MISSES: f64 = 0.05;

/// Judges unit after unit by the same panel; keeps memory from one to the next.
#[derive(Debug)]
pub struct Judge<'a> {
    panel: &'a Panel,
    version: u16,
    arms: &'a Arms,
    exposure: Exposure,
    /// Nobody fell silent or went back: then both claims have the same pairs.
    complete: bool,
}

/// What is known of a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Of each claim, by day: the chance at most that somebody who looks every day would have seen as much up to it, were there no
    /// difference. It never rises.
    pub chances: [Vec<f64>; 2],
    /// What tells most.
    pub shown: Shown,
}

/// The window of the claim for which there is the most evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The claim.
    pub claim: Claim,
    /// Days of the window.
    pub length: u16,
    /// Bets.
    pub bets: u32,
    /// Installations that upgraded and are part of a bet.
    pub upgraded: u32,
    /// Controls of them.
    pub controls: u32,
    /// Installations that upgraded and are part of none, by reason.
    pub left: BTreeMap<Left, u32>,
    /// Node-hours behind the bets.
    pub observed: f64,
    /// How often the unit fails, before and after, of all that upgraded and all that did not.
    pub rates: Rates,
    /// By what the version multiplies the rate of failure.
    pub ratio: Ratio,
}

impl<'a> Judge<'a> {
    /// Of a version.
    pub fn new(panel: &'a Panel, version: u16, arms: &'a Arms) -> Judge<'a> {
        let mut spells = panel.tracks.iter().flat_map(|track| &track.spells);
        Judge {
            panel,
            version,
            arms,
            exposure: Exposure::default(),
            complete: spells.all(|spell| matches!(spell.end, Ending::Open | Ending::Changed(_, false))),
        }
    }

    /// Judges a unit by its cells: of each installation all days, one installation after the other.
    pub fn judge(&mut self, cells: &[Cell]) -> Judged {
        self.take(cells);
        let worse = LENGTHS.map(|length| self.pairing(length, Claim::Worse));
        let better = match self.complete {
            true => worse.clone(),
            false => LENGTHS.map(|length| self.pairing(length, Claim::Better)),
        };
        let all = [(Claim::Worse, worse), (Claim::Better, better)].map(|(claim, pairings)| {
            let best = pairings
                .each_ref()
                .map(|pairing| wealth(pairing, claim, |_, _| {}));
            (claim, pairings, best)
        });
        let chances = all
            .each_ref()
            .map(|(claim, pairings, _)| self.chances(pairings, *claim));
        // The most evidence; where there is none, the most bets.
        let mut shown: Option<((f64, usize), Claim, u16)> = None;
        for (claim, pairings, best) in &all {
            for (pairing, best) in pairings.iter().zip(best) {
                let rank = (*best, pairing.bets.len());
                if shown.as_ref().is_none_or(|(most, ..)| rank > *most) {
                    shown = Some((rank, *claim, pairing.length));
                }
            }
        }
        let (claim, length) = shown.map_or((Claim::Worse, LENGTHS[0]), |(_, claim, length)| (claim, length));
        let both = all
            .each_ref()
            .map(|(_, pairings, _)| pairings.iter().find(|pairing| pairing.length == length));
        Judged {
            chances,
            shown: self.shown(claim, length, both),
        }
    }

    /// The pairs of one claim and window: what a verdict is made of.
    pub fn pairs(&mut self, cells: &[Cell], length: u16, claim: Claim) -> Pairing {
        self.take(cells);
        self.pairing(length, claim)
    }

    fn take(&mut self, cells: &[Cell]) {
        let outage = outages(self.panel, cells, self.version);
        self.exposure.fill(self.panel, cells, &outage);
    }

    fn pairing(&self, length: u16, claim: Claim) -> Pairing {
        let Judge {
            panel,
            arms,
            exposure,
            ..
        } = self;
        Table {
            panel,
            exposure,
            arms,
            length,
            claim,
        }
        .pair()
    }

    /// Each window is a test of its own, of which the best counts: so each must be as sure as all together are to be.
    fn chances(&self, pairings: &[Pairing], claim: Claim) -> Vec<f64> {
        let mut chances = vec![1.0_f64; usize::from(self.panel.days)];
        for pairing in pairings {
            wealth(pairing, claim, |day, best| {
                if let Some(chance) = chances.get_mut(usize::from(day)) {
                    *chance = chance.min(LENGTHS.len() as f64 / best);
                }
            });
        }
        let mut least = 1.0_f64;
        for chance in &mut chances {
            least = least.min(*chance);
            *chance = least;
        }
        chances
    }

    fn shown(&self, claim: Claim, length: u16, both: [Option<&Pairing>; 2]) -> Shown {
        let none = Pairing {
            length,
            bets: Vec::new(),
            left: Vec::new(),
        };
        let [worse, better] = both.map(|pairing| pairing.unwrap_or(&none));
        let pairing = match claim {
            Claim::Worse => worse,
            Claim::Better => better,
        };
        let count = |of: fn(&Bet) -> usize| {
            let all: usize = pairing.bets.iter().map(of).sum();
            u32::try_from(all).unwrap_or(u32::MAX)
        };
        let mut left = BTreeMap::new();
        for (_, why) in &pairing.left {
            *left.entry(*why).or_insert(0) += 1;
        }
        let parts = pairing
            .bets
            .iter()
            .flat_map(|bet| bet.upgraded.iter().chain(&bet.controls));
        Shown {
            claim,
            length,
            bets: count(|_| 1),
            upgraded: count(|bet| bet.upgraded.len()),
            controls: count(|bet| bet.controls.len()),
            left,
            observed: parts.map(|part| part.observed).sum(),
            rates: rates(self.panel, &self.exposure, self.arms, length),
            ratio: ratio(&worse.bets, &better.bets, MISSES / LENGTHS.len() as f64),
        }
    }
}

/// The most that the bets of a pairing make of a stake of 1, and what it was after each.
fn wealth(pairing: &Pairing, claim: Claim, mut after: impl FnMut(u16, f64)) -> f64 {
    let mut wealth = Wealth::new(0.0);
    for bet in &pairing.bets {
        wealth.bet(match claim {
            Claim::Worse => bet.outcome,
            Claim::Better => -bet.outcome,
        });
        after(bet.day, wealth.best());
    }
    wealth.best()
}
