//! From the rows of a day to its sheet.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _};

use xxhash_rust::xxh3::Xxh3Builder;

use super::{Column, Hours, Line, Roster, Sheet};
use crate::delta::{Amounts, Coordinate, Day, Facet, Sums};

/// Which columns.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    facets: Vec<Facet>,
    keys: Option<Vec<u64>>,
}

/// Takes the rows of a day, one after the other, and makes its sheet.
///
/// The rows are kept as they are stored, and read again: spread out they would take twenty times as much.
#[derive(Debug)]
pub struct Transposer {
    day: Day,
    /// Names of the events that are reports.
    reports: Vec<u64>,
    rows: Vec<(i64, Box<[u8]>)>,
    lines: Vec<Shaped>,
}

/// The key of the column of all users.
const ALL_USERS: u64 = 0;

#[derive(Debug)]
struct Shaped {
    line: Line,
    shape: u64,
    row: usize,
}

impl Wanted {
    /// All columns.
    pub fn all() -> Wanted {
        Wanted::of(&Facet::ALL)
    }

    /// The columns of some facets; of none, the roster alone.
    pub fn of(facets: &[Facet]) -> Wanted {
        Wanted {
            facets: facets.to_vec(),
            keys: None,
        }
    }

    /// Of these columns those of some names.
    #[must_use]
    pub fn named(self, keys: Vec<u64>) -> Wanted {
        Wanted {
            keys: Some(keys),
            ..self
        }
    }

    /// The facets.
    pub fn facets(&self) -> &[Facet] {
        &self.facets
    }

    /// The names, where not all are.
    pub fn keys(&self) -> Option<&[u64]> {
        self.keys.as_deref()
    }

    /// Whether it is wanted whose clusters are.
    pub fn holders(&self) -> bool {
        let holder = |facet: &Facet| matches!(facet, Facet::Customer | Facet::License);
        self.facets.iter().any(holder)
    }

    fn holds(&self, at: Coordinate) -> bool {
        self.facets.contains(&at.facet) && self.keys.as_ref().is_none_or(|keys| keys.contains(&at.key))
    }
}

impl Transposer {
    /// For a day; `reports` are the names of the events that are reports.
    pub fn new(day: Day, reports: Vec<u64>) -> Transposer {
        Transposer {
            day,
            reports,
            rows: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Takes the row of a cluster, as it is stored.
    ///
    /// # Errors
    /// When the row is damaged.
    pub fn take(&mut self, cluster: i64, row: &[u8]) -> Result<(), crate::delta::Damaged> {
        let sums = Sums::decode(row)?;
        let parts: Vec<_> = sums.iter().collect();
        for parts in parts.chunk_by(|(a, _), (b, _)| a.edition == b.edition) {
            let Some((first, _)) = parts.first() else { continue };
            self.lines.push(Shaped {
                line: self.line(cluster, first.edition, parts),
                shape: shape(parts),
                row: self.rows.len(),
            });
        }
        self.rows.push((cluster, row.into()));
        Ok(())
    }

    /// The sheet of all rows that were taken, with the columns that are wanted.
    pub fn sheet(mut self, wanted: &Wanted) -> Sheet {
        self.lines
            .sort_unstable_by_key(|Shaped { line, shape, .. }| (line.edition, *shape, line.cluster));
        let mut columns: HashMap<(Facet, u64), Column> = HashMap::new();
        let wants_columns = !wanted.facets.is_empty();
        let mut holders = Vec::new();
        for (place, Shaped { line, row, .. }) in (0..).zip(&self.lines) {
            // It was read before.
            let row = self.rows.get(*row).filter(|_| wants_columns);
            let Some(sums) = row.and_then(|(_, row)| Sums::decode(row).ok()) else {
                continue;
            };
            let parts = sums
                .iter()
                .filter(|(at, _)| at.edition == line.edition && in_columns(at.facet) && wanted.holds(*at));
            let mut users = Amounts::default();
            for (at, amounts) in parts {
                match at.facet {
                    Facet::Customer | Facet::License => {
                        holders.push((at.key, line.cluster));
                        continue;
                    }
                    Facet::User => {
                        users = users.plus(Amounts([1, amounts.0[0], 0]));
                        continue;
                    }
                    _ => {}
                }
                columns
                    .entry((at.facet, at.key))
                    .or_insert_with(|| Column::new(at.facet, at.key))
                    .push(place, amounts);
            }
            if !users.is_zero() {
                let column = columns.entry((Facet::User, ALL_USERS));
                column
                    .or_insert_with(|| Column::new(Facet::User, ALL_USERS))
                    .push(place, users);
            }
        }
        holders.sort_unstable();
        holders.dedup();
        let mut columns: Vec<Column> = columns.into_values().collect();
        columns.sort_unstable_by_key(|column| (column.facet, column.key));
        Sheet {
            day: self.day,
            roster: Roster(self.lines.into_iter().map(|shaped| shaped.line).collect()).into(),
            columns,
            holders,
        }
    }

    fn line(&self, cluster: i64, edition: u64, parts: &[(Coordinate, Amounts)]) -> Line {
        let mut line = Line {
            cluster,
            edition,
            ..Line::default()
        };
        let mut most = 0_i64;
        for (at, Amounts(amounts)) in parts {
            let [first, second, _] = amounts;
            match at.facet {
                Facet::Hour => {
                    if *first > 0 {
                        line.observed.insert(at.key);
                    }
                    if *second > 0 {
                        line.unhealthy.insert(at.key);
                    }
                }
                // What can't be a number of nodes was refused before it was summed.
                Facet::Unit => most = most.max(first.saturating_add(amounts[2])),
                Facet::Event => line.reported |= *first > 0 && self.reports.contains(&at.key),
                _ => {}
            }
        }
        line.nodes = nodes(most, line.observed);
        line
    }
}

/// Nodes of an installation: node-hours of the unit that is on most of them, over the hours; rounded up, since one may have been
/// away for a while.
fn nodes(node_hours: i64, observed: Hours) -> u32 {
    let node_hours = u64::try_from(node_hours).unwrap_or_default();
    let hours = u64::from(observed.count());
    match hours {
        0 => 0,
        _ => u32::try_from(node_hours.div_ceil(hours)).unwrap_or(u32::MAX),
    }
}

/// Whether a facet has columns: hours stand in the roster, and since when a unit has been unhealthy is asked of one cluster alone.
fn in_columns(facet: Facet) -> bool {
    !matches!(facet, Facet::Hour | Facet::UnhealthyHour)
}

/// Of clusters that run the same units on as many nodes for as many hours it is the same.
fn shape(parts: &[(Coordinate, Amounts)]) -> u64 {
    let mut hasher = Xxh3Builder::new().build_hasher();
    for (at, amounts) in parts {
        if at.facet == Facet::Unit {
            (at.key, amounts.0[0]).hash(&mut hasher);
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::Presence;

    fn at(edition: u64, facet: Facet, key: u64) -> Coordinate {
        Coordinate { edition, facet, key }
    }

    fn row(parts: &[(Coordinate, [i64; 3])]) -> Vec<u8> {
        Sums::of(
            parts
                .iter()
                .map(|(at, amounts)| (*at, Amounts(*amounts)))
                .collect(),
        )
        .encode()
    }

    const REPORT: u64 = 9;

    fn transposer() -> Transposer {
        let mut transposer = Transposer::new(Day(3), vec![REPORT]);
        let rows = [
            (
                5,
                row(&[
                    (at(1, Facet::Hour, 0), [1, 1, 0]),
                    (at(1, Facet::Unit, 7), [3, 1, 0]),
                    (at(1, Facet::UnhealthyHour, 7 * 32), [1, 0, 0]),
                    (at(2, Facet::Hour, 1), [1, 0, 0]),
                    (at(2, Facet::Unit, 7), [3, 0, 0]),
                    (at(2, Facet::Event, REPORT), [1, 0, 0]),
                    (at(2, Facet::User, 77), [4, 0, 0]),
                    (at(2, Facet::User, 78), [1, 0, 0]),
                    (at(1, Facet::Customer, 99), [1, 0, 0]),
                    (at(2, Facet::Customer, 99), [1, 0, 0]),
                ]),
            ),
            (0, row(&[(at(0, Facet::Event, 8), [40, 0, 0])])),
            (
                4,
                row(&[
                    (at(2, Facet::Unit, 7), [3, 0, 0]),
                    (at(2, Facet::Package, 7), [1, 0, 0]),
                ]),
            ),
        ];
        for (cluster, row) in rows {
            transposer.take(cluster, &row).unwrap();
        }
        transposer
    }

    #[test]
    fn rows_become_columns() {
        let sheet = transposer().sheet(&Wanted::all());
        let lines: Vec<_> = sheet
            .roster
            .0
            .iter()
            .map(|line| (line.cluster, line.edition))
            .collect();
        assert_eq!(lines, [(0, 0), (5, 1), (4, 2), (5, 2)]);
        let [.., upgraded] = sheet.roster.0[..] else {
            panic!()
        };
        let expected = Line {
            cluster: 5,
            edition: 2,
            reported: true,
            observed: Hours(2),
            unhealthy: Hours(0),
            nodes: 3,
        };
        assert_eq!(upgraded, expected);
        assert_eq!(sheet.roster.0[1].unhealthy, Hours(1));
        let present = Presence { cluster: 5, nodes: 3 };
        assert_eq!(sheet.roster.reporting(), [present]);

        let unit = sheet.column(Facet::Unit, 7).unwrap();
        let runs: Vec<_> = unit
            .runs(0)
            .iter()
            .map(|run| (run.places(), run.amount))
            .collect();
        assert_eq!(runs, [(1..4, 3)]);
        assert_eq!((unit.total(0), unit.total(1)), (9, 1));
        assert!(
            sheet
                .of(Facet::Hour)
                .chain(sheet.of(Facet::UnhealthyHour))
                .next()
                .is_none()
        );
        let users = sheet.column(Facet::User, ALL_USERS).unwrap();
        assert_eq!(
            (users.total(0), users.total(1), sheet.of(Facet::User).count()),
            (2, 5, 1)
        );
        assert_eq!(sheet.holders, [(99, 5)]);
        assert_eq!(sheet.column(Facet::Package, 7).unwrap().runs(0)[0].places(), 2..3);
    }

    #[test]
    fn what_is_not_wanted_is_not_made() {
        let units = Wanted::of(&[Facet::Unit, Facet::Event]).named(vec![7]);
        let sheet = transposer().sheet(&units);
        assert_eq!(sheet.columns.len(), 1);
        assert_eq!(sheet.roster, transposer().sheet(&Wanted::default()).roster);
        assert!(transposer().sheet(&Wanted::default()).columns.is_empty());
        // Of all, it is what was wanted.
        let all = transposer().sheet(&Wanted::all());
        let holders = Wanted::of(&[Facet::Customer]);
        for wanted in [
            units,
            holders,
            Wanted::default(),
            Wanted::of(&[Facet::Package, Facet::User]),
            Wanted::all(),
        ] {
            let (part, mut made) = (all.part(&wanted), transposer().sheet(&wanted));
            let order = |column: &Column| wanted.facets().iter().position(|facet| *facet == column.facet);
            made.columns.sort_by_key(order);
            assert_eq!(part, made);
        }
    }
}
