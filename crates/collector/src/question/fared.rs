//! How the units of a day fared, edition by edition. The columns of a day are read once for all questions about them, however these take
//! days together and keep rows apart: a column has a run for every few installations, and this a part for each edition.

use std::ops::Range;

use super::clusters::Clusters;
use super::view::View;
use crate::delta::Facet;
use crate::sheet::{Column, Run};

/// The units of a day, as far as a filter leaves its lines.
#[derive(Debug)]
pub(super) struct FaredDay {
    /// By number, each once.
    pub(super) units: Vec<Fared>,
    /// Numbers of the clusters, by place.
    clusters: Vec<i64>,
    /// Those that tier or flags left out.
    pub(super) left_out: Clusters,
}

/// A unit.
#[derive(Debug)]
pub(super) struct Fared {
    /// Number of its name.
    pub(super) unit: u64,
    parts: Vec<Counts>,
    on: Vec<Range<usize>>,
    ill: Vec<Range<usize>>,
}

#[derive(Debug)]
struct Counts {
    edition: u64,
    amounts: [i64; 3],
    /// Where its ranges end among those of the unit; they begin where those of the part before end.
    on: usize,
    ill: usize,
}

/// A unit in an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part<'f> {
    pub(super) edition: u64,
    /// Nodes times hours: in which its state was known, was unhealthy, was not known.
    pub(super) amounts: [i64; 3],
    /// Where lines stand on which its state was known, those on which it was unhealthy.
    pub(super) on: &'f [Range<usize>],
    pub(super) ill: &'f [Range<usize>],
}

impl FaredDay {
    /// Of the columns of units of a day.
    pub(super) fn of(view: &View, left_out: Clusters) -> FaredDay {
        FaredDay {
            units: view
                .columns(Facet::Unit)
                .map(|column| Fared::of(view, column))
                .collect(),
            clusters: view.all_clusters().to_vec(),
            left_out,
        }
    }

    /// Puts the clusters at places into a set.
    pub(super) fn insert(&self, places: &[Range<usize>], clusters: &mut Clusters) {
        for range in places {
            clusters.insert_all(self.clusters.get(range.clone()).unwrap_or_default());
        }
    }

    /// What it takes to hold it: a number of small things.
    pub(super) fn size(&self) -> usize {
        let units = self
            .units
            .iter()
            .map(|unit| unit.parts.len() + unit.on.len() + unit.ill.len());
        self.clusters.len() + units.sum::<usize>()
    }
}

impl Fared {
    fn of(view: &View, column: &Column) -> Fared {
        let mut fared = Fared {
            unit: column.key,
            parts: Vec::new(),
            on: Vec::new(),
            ill: Vec::new(),
        };
        let [mut known, mut unhealthy, mut unknown] = [0, 1, 2].map(|amount| column.runs(amount));
        for (edition, places) in view.of_clusters() {
            if fared.parts.last().is_none_or(|part| part.edition != edition) {
                fared.parts.push(Counts {
                    edition,
                    amounts: [0; 3],
                    on: fared.on.len(),
                    ill: fared.ill.len(),
                });
            }
            // Ranges of the editions before are closed.
            let before = fared.parts.iter().rev().nth(1);
            let (on, ill) = before.map_or((0, 0), |part| (part.on, part.ill));
            let sums = [
                add_up(&mut known, &places, |range| extend(&mut fared.on, on, range)),
                add_up(&mut unhealthy, &places, |range| {
                    extend(&mut fared.ill, ill, range)
                }),
                add_up(&mut unknown, &places, |_| {}),
            ];
            if let Some(part) = fared.parts.last_mut() {
                for (amount, sum) in part.amounts.iter_mut().zip(sums) {
                    *amount = amount.wrapping_add(sum);
                }
                (part.on, part.ill) = (fared.on.len(), fared.ill.len());
            }
        }
        fared
    }

    /// The editions that it was told of in, in the order of places.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let (mut on, mut ill) = (0, 0);
        self.parts.iter().filter_map(move |part| {
            let shown = Part {
                edition: part.edition,
                amounts: part.amounts,
                on: self.on.get(on..part.on).unwrap_or_default(),
                ill: self.ill.get(ill..part.ill).unwrap_or_default(),
            };
            (on, ill) = (part.on, part.ill);
            let told = part.amounts != [0; 3] || !shown.on.is_empty() || !shown.ill.is_empty();
            told.then_some(shown)
        })
    }
}

/// What runs add up to at places, each range of which is told; those that end there are passed.
fn add_up(runs: &mut &[Run], places: &Range<usize>, mut tell: impl FnMut(Range<usize>)) -> i64 {
    let mut sum = 0_i64;
    while let [run, behind @ ..] = *runs {
        let of_run = run.places();
        if of_run.start >= places.end {
            break;
        }
        let (start, end) = (of_run.start.max(places.start), of_run.end.min(places.end));
        if start < end {
            let lines = i64::try_from(end - start).unwrap_or(i64::MAX);
            sum = sum.wrapping_add(run.amount.wrapping_mul(lines));
            tell(start..end);
        }
        if of_run.end > places.end {
            break;
        }
        *runs = behind;
    }
    sum
}

/// Adds a range to those from a place on, or to the last of them where it goes on there.
pub(super) fn extend(ranges: &mut Vec<Range<usize>>, from: usize, range: Range<usize>) {
    let open = ranges.get_mut(from..).and_then(<[_]>::last_mut);
    match open.filter(|last| last.end == range.start) {
        Some(last) => last.end = range.end,
        None => ranges.push(range),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::delta::{Amounts, Day};
    use crate::sheet::{Line, Roster, Sheet};

    /// Amounts, and places of who was told of and who was unhealthy.
    type Told = ([i64; 3], Vec<usize>, Vec<usize>);

    proptest! {
        #[test]
        fn parts_are_what_is_left_line_by_line(
            lines in prop::collection::vec((0..3_i64, 0..3_u64, prop::array::uniform3(0..3_i64), any::<bool>()), 0..40)
        ) {
            let mut column = Column::new(Facet::Unit, 7);
            let mut roster = Roster::default();
            let mut sorted = lines;
            sorted.sort_by_key(|(_, edition, ..)| *edition);
            for (place, (cluster, edition, amounts, _)) in (0..).zip(&sorted) {
                column.push(place, Amounts(*amounts));
                roster.0.push(Line { cluster: *cluster, edition: *edition, nodes: place, ..Line::default() });
            }
            let sheet = Sheet { roster: roster.into(), columns: vec![column], ..Sheet::default() };
            let view = View::new(Day(1), sheet, |line| sorted[line.nodes as usize].3);
            let mut expected: BTreeMap<u64, Told> = BTreeMap::new();
            for (place, (cluster, edition, amounts, chosen)) in sorted.iter().enumerate() {
                if *cluster == 0 || !chosen || *amounts == [0; 3] {
                    continue;
                }
                let (sums, on, ill) = expected.entry(*edition).or_default();
                for (sum, amount) in sums.iter_mut().zip(amounts) {
                    *sum += amount;
                }
                on.extend((amounts[0] > 0).then_some(place));
                ill.extend((amounts[1] > 0).then_some(place));
            }
            let day = FaredDay::of(&view, Clusters::default());
            let single = |ranges: &[Range<usize>]| ranges.iter().cloned().flatten().collect::<Vec<_>>();
            let told: BTreeMap<_, _> = day.units[0]
                .parts()
                .map(|part| (part.edition, (part.amounts, single(part.on), single(part.ill))))
                .collect();
            prop_assert_eq!(told, expected);
            prop_assert!(day.size() >= sorted.len());
        }
    }
}
