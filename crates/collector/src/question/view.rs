//! A day as a question sees it: the lines that a filter leaves, and what they add.
//!
//! Lines stand in the order of their editions, and a column is runs of equal amounts, so most of what is left is long: sums are made
//! of whole pieces, and nothing is asked line by line.

use std::iter;
use std::ops::Range;

use crate::delta::{Day, Facet};
use crate::sheet::{Column, Line, Sheet};

/// A day, with the lines that a filter leaves.
#[derive(Debug, Default)]
pub struct View {
    /// The day.
    pub day: Day,
    sheet: Sheet,
    /// Numbers of the clusters, by place.
    clusters: Vec<i64>,
    stretches: Vec<Stretch>,
}

/// Lines one behind the other that are left: of one edition, and all of clusters or none of any.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stretch {
    places: Range<usize>,
    edition: u64,
    of_clusters: bool,
}

/// Lines one behind the other, of one edition, that add the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece<'v> {
    /// The edition.
    pub edition: u64,
    /// Where they stand in the columns.
    pub places: Range<usize>,
    /// Numbers of the clusters; 0 for what is of none.
    pub clusters: &'v [i64],
    /// Whether they are of clusters; else of none.
    pub of_clusters: bool,
    /// What each of them adds.
    pub amount: i64,
}

impl View {
    /// Of a sheet, the lines that are chosen.
    pub(super) fn new(day: Day, sheet: Sheet, mut chosen: impl FnMut(&Line) -> bool) -> View {
        let mut stretches: Vec<Stretch> = Vec::new();
        for (place, line) in sheet.roster.0.iter().enumerate() {
            if !chosen(line) {
                continue;
            }
            let (edition, of_clusters) = (line.edition, line.cluster != 0);
            let goes_on = |stretch: &&mut Stretch| {
                (stretch.places.end, stretch.edition, stretch.of_clusters) == (place, edition, of_clusters)
            };
            match stretches.last_mut().filter(goes_on) {
                Some(stretch) => stretch.places.end += 1,
                None => stretches.push(Stretch {
                    places: place..place + 1,
                    edition,
                    of_clusters,
                }),
            }
        }
        View {
            day,
            clusters: sheet.roster.0.iter().map(|line| line.cluster).collect(),
            sheet,
            stretches,
        }
    }

    /// The lines that are left, with their places in the columns.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &Line)> {
        let places = self.stretches.iter().flat_map(|stretch| stretch.places.clone());
        places.filter_map(|place| Some((place, self.sheet.roster.0.get(place)?)))
    }

    /// How many lines there are, those that are not left among them.
    pub fn len(&self) -> usize {
        self.clusters.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.clusters.is_empty()
    }

    /// The clusters of all lines, by place.
    pub(super) fn all_clusters(&self) -> &[i64] {
        &self.clusters
    }

    /// Editions with the places of lines that are left and are of clusters, in the order of places; an edition may be there more than
    /// once.
    pub(super) fn of_clusters(&self) -> impl Iterator<Item = (u64, Range<usize>)> {
        let stretches = self.stretches.iter().filter(|stretch| stretch.of_clusters);
        stretches.map(|stretch| (stretch.edition, stretch.places.clone()))
    }

    /// What is left of a column at which an amount of it is not nought, in the order of places.
    pub fn pieces<'v>(&'v self, column: &'v Column, amount: usize) -> impl Iterator<Item = Piece<'v>> {
        let (mut runs, mut stretches) = (column.runs(amount), self.stretches.as_slice());
        iter::from_fn(move || {
            while let ([run, next_runs @ ..], [stretch, next_stretches @ ..]) = (runs, stretches) {
                let places = run.places();
                let (start, end) = (
                    places.start.max(stretch.places.start),
                    places.end.min(stretch.places.end),
                );
                if places.end <= stretch.places.end {
                    runs = next_runs;
                } else {
                    stretches = next_stretches;
                }
                if start < end {
                    return Some(Piece {
                        edition: stretch.edition,
                        places: start..end,
                        clusters: self.clusters.get(start..end).unwrap_or_default(),
                        of_clusters: stretch.of_clusters,
                        amount: run.amount,
                    });
                }
            }
            None
        })
    }

    /// The columns of a facet.
    pub fn columns(&self, facet: Facet) -> impl Iterator<Item = &Column> {
        self.sheet.of(facet)
    }
}

impl Piece<'_> {
    /// What all of them add.
    pub fn sum(&self) -> i64 {
        let lines = i64::try_from(self.clusters.len()).unwrap_or(i64::MAX);
        self.amount.wrapping_mul(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delta::Amounts;
    use crate::sheet::Roster;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_are_what_is_left_line_by_line(
            lines in prop::collection::vec((0..3_i64, 0..3_u64, 0..4_i64, any::<bool>()), 0..40)
        ) {
            let mut column = Column::new(Facet::Unit, 7);
            let mut roster = Roster::default();
            let mut sorted = lines;
            sorted.sort_by_key(|(_, edition, ..)| *edition);
            for (place, (cluster, edition, amount, _)) in (0..).zip(&sorted) {
                column.push(place, Amounts([*amount, 0, 0]));
                roster.0.push(Line { cluster: *cluster, edition: *edition, nodes: place, ..Line::default() });
            }
            let sheet = Sheet { roster: roster.into(), columns: vec![column], ..Sheet::default() };
            // The place is told by the nodes.
            let chosen = |line: &Line| sorted[line.nodes as usize].3;
            let view = View::new(Day(1), sheet, chosen);
            let mut told = Vec::new();
            for piece in view.pieces(view.columns(Facet::Unit).next().unwrap(), 0) {
                prop_assert_eq!(piece.sum(), piece.clusters.iter().map(|_| piece.amount).sum::<i64>());
                for (place, cluster) in piece.places.zip(piece.clusters) {
                    prop_assert_eq!(piece.of_clusters, *cluster != 0);
                    told.push((place, *cluster, piece.edition, piece.amount));
                }
            }
            let expected: Vec<_> = sorted.iter().enumerate()
                .filter(|(_, (_, _, amount, chosen))| *chosen && *amount != 0)
                .map(|(place, (cluster, edition, amount, _))| (place, *cluster, *edition, *amount))
                .collect();
            prop_assert_eq!(told, expected);
            let left: Vec<_> = view.lines().map(|(place, _)| place).collect();
            let chosen: Vec<_> = (0..sorted.len()).filter(|place| sorted[*place].3).collect();
            prop_assert_eq!(left, chosen);
        }
    }
}
