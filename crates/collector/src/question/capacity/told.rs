//! What installations told in a span of days: sums of numbers, by measure and by who told them.

use std::collections::BTreeMap;

use super::super::clusters::PerCluster;
use super::super::group::Groups;
use super::super::view::View;
use crate::delta::Facet;

/// The place of who is not left by the filter, or is no cluster.
const NOBODY: usize = usize::MAX;

/// How many reports told a number, and what they add up to in thousandths.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told {
    pub(super) reports: i64,
    pub(super) sum: i64,
}

/// What installations told in a span, by measure and by the place of who told it.
#[derive(Debug, Default)]
pub(super) struct Measures {
    pub(super) tellers: Tellers,
    pub(super) told: BTreeMap<u64, Vec<Told>>,
}

/// Installations, each with the group that it told something in; one that changed its group is there in both.
#[derive(Debug, Default)]
pub(super) struct Tellers {
    pub(super) list: Vec<Teller>,
    /// The groups that there are; each stands in the list by its place here.
    pub(super) groups: Vec<usize>,
    /// For each cluster the place of the last in the list that is it, counted from 1.
    last: PerCluster<u32>,
}

/// An installation in a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Teller {
    pub(super) cluster: i64,
    pub(super) group: usize,
    /// The place of the one before that is the same cluster, counted from 1; 0 where there is none.
    before: u32,
}

/// A place that is counted from 1.
fn place_of(counted: u32) -> Option<usize> {
    usize::try_from(counted).ok()?.checked_sub(1)
}

impl Tellers {
    /// The place of a group.
    fn group(&mut self, group: usize) -> usize {
        let known = self.groups.iter().position(|known| *known == group);
        known.unwrap_or_else(|| {
            self.groups.push(group);
            self.groups.len() - 1
        })
    }

    fn place(&mut self, cluster: i64, group: usize) -> Option<usize> {
        let last = self.last.at(cluster)?;
        let mut at = *last;
        while let Some(place) = place_of(at) {
            let known = self.list.get(place)?;
            if known.group == group {
                return Some(place);
            }
            at = known.before;
        }
        let new = self.list.len();
        self.list.push(Teller {
            cluster,
            group,
            before: *last,
        });
        *last = u32::try_from(new + 1).ok()?;
        Some(new)
    }
}

impl Measures {
    /// Adds a day.
    pub(super) fn add(&mut self, view: &View, groups: &Groups) {
        let Measures { tellers, told } = self;
        let mut places = vec![NOBODY; view.len()];
        let mut last = None;
        for (place, line) in view.lines() {
            // Lines of an edition stand together.
            let group = match last.filter(|(edition, _)| *edition == line.edition) {
                Some((_, group)) => group,
                None => groups.of(line.edition).map(|group| tellers.group(group)),
            };
            last = Some((line.edition, group));
            let teller = group.and_then(|group| tellers.place(line.cluster, group));
            if let Some((at, teller)) = places.get_mut(place).zip(teller) {
                *at = teller;
            }
        }
        for column in view.columns(Facet::Number) {
            let of_measure = told.entry(column.key).or_default();
            of_measure.resize(tellers.list.len(), Told::default());
            for amount in 0..2 {
                for piece in view.pieces(column, amount) {
                    for place in places.get(piece.places).unwrap_or_default() {
                        match of_measure.get_mut(*place) {
                            Some(told) if amount == 0 => {
                                told.reports = told.reports.wrapping_add(piece.amount);
                            }
                            Some(told) => told.sum = told.sum.wrapping_add(piece.amount),
                            None => {}
                        }
                    }
                }
            }
        }
    }
}

impl Told {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a mean of what was told as floating point"
    )]
    /// Where it was told at all.
    pub(super) fn mean(self) -> Option<f64> {
        (self.reports > 0).then(|| self.sum as f64 / self.reports as f64 / 1000.0)
    }

    pub(super) fn add(&mut self, other: Told) {
        self.reports = self.reports.wrapping_add(other.reports);
        self.sum = self.sum.wrapping_add(other.sum);
    }
}
