//! What each installation ran on each day, and how each unit fared on it: what verdicts are made of.
//!
//! The days come one after the other, each with all units, so that who adds them up decides what is kept.

use super::group::{Group, Groups};
use super::scope::{AskError, Scope};
use super::view::View;
use crate::delta::{Day, Facet};
use crate::sheet::{Hours, Wanted};

/// A day of all installations that a filter leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayOfFleet {
    /// The day.
    pub day: Day,
    /// Who told of their health, by cluster, and those of a cluster in the order in which its versions were told last: the last line
    /// of a cluster is what it ran at the end of the day.
    pub lines: Vec<Ran>,
    /// Units of which anything is known, by number.
    pub units: Vec<UnitDay>,
}

/// An installation with a version on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ran {
    /// Number of the cluster.
    pub cluster: i64,
    /// Place of the version among [`versions`].
    pub version: usize,
    /// Hours of which a health report with this version counts.
    pub observed: Hours,
    /// Its nodes: the most that any unit was told of, in the mean of these hours.
    pub nodes: u32,
}

/// A unit on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitDay {
    /// Number of its name.
    pub unit: u64,
    /// By the place of the line; nought where it was not told of.
    pub node_hours: Vec<NodeHours>,
}

/// Nodes times hours of a unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NodeHours {
    /// In which its state was known.
    pub observed: i64,
    /// Those of them in which it was unhealthy.
    pub unhealthy: i64,
    /// In which its state was not known; no part of `observed`.
    pub unknown: i64,
}

/// All versions that were ever told, in their order.
pub fn versions(scope: &Scope<'_>) -> Groups {
    Group::Version.of(&scope.editions)
}

/// Walks through the days of a scope, the earliest first, with all units or those of some numbers. Days of which nothing is known are
/// left out.
///
/// # Errors
/// When the database can't be read.
pub fn each_day(
    scope: &Scope<'_>,
    units: Option<&[u64]>,
    mut each: impl FnMut(&DayOfFleet),
) -> Result<(), AskError> {
    let versions = versions(scope);
    let mut wanted = Wanted::of(&[Facet::Unit]);
    if let Some(units) = units {
        wanted = wanted.named(units.to_vec());
    }
    for day in scope.days() {
        each(&of_view(&scope.view(*day, &wanted)?, &versions));
    }
    Ok(())
}

fn of_view(view: &View, versions: &Groups) -> DayOfFleet {
    let mut ran: Vec<(usize, Ran)> = view
        .lines()
        .filter(|(_, line)| line.cluster != 0 && line.observed.count() > 0)
        .filter_map(|(place, line)| {
            let ran = Ran {
                cluster: line.cluster,
                version: versions.of(line.edition)?,
                observed: line.observed,
                nodes: line.nodes,
            };
            Some((place, ran))
        })
        .collect();
    // Of two sets of hours of a day the one with the later last is the greater.
    ran.sort_unstable_by_key(|(_, ran)| (ran.cluster, ran.observed));
    let mut places = vec![usize::MAX; view.len()];
    for (line, (place, _)) in ran.iter().enumerate() {
        if let Some(known) = places.get_mut(*place) {
            *known = line;
        }
    }
    let of_unit = |column: &crate::sheet::Column| {
        let mut node_hours = vec![NodeHours::default(); ran.len()];
        for amount in 0..3 {
            for piece in view.pieces(column, amount) {
                for line in places.get(piece.places).unwrap_or_default() {
                    let Some(sum) = node_hours.get_mut(*line) else {
                        continue;
                    };
                    match amount {
                        0 => sum.observed = piece.amount,
                        1 => sum.unhealthy = piece.amount,
                        _ => sum.unknown = piece.amount,
                    }
                }
            }
        }
        UnitDay {
            unit: column.key,
            node_hours,
        }
    };
    DayOfFleet {
        day: view.day,
        units: view.columns(Facet::Unit).map(of_unit).collect(),
        lines: ran.into_iter().map(|(_, ran)| ran).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::delta::Amounts;
    use crate::sheet::{Column, Line, Roster, Sheet};
    use crate::store::EditionName;

    #[test]
    fn a_day_is_told_by_cluster_and_the_last_version_last() {
        let line = |cluster, edition, hours| Line {
            cluster,
            edition,
            reported: true,
            observed: Hours(hours),
            nodes: 3,
            ..Line::default()
        };
        let mut unit = Column::new(Facet::Unit, 7);
        for (place, amounts) in (0..).zip([[4, 0, 0], [6, 2, 1], [9, 9, 9], [0, 0, 0], [3, 0, 0]]) {
            unit.push(place, Amounts(amounts));
        }
        let roster = Roster(vec![
            // Went to 1.10 at noon and back.
            line(5, 1, 0b1000_0001),
            line(8, 1, 0b1),
            // Of none.
            line(0, 2, 0b1),
            // Told nothing of its health.
            line(6, 2, 0),
            line(5, 2, 0b10),
        ]);
        let sheet = Sheet {
            day: Day(3),
            roster: roster.into(),
            columns: vec![unit],
            ..Sheet::default()
        };
        let edition = |version: &str| EditionName {
            version: version.to_owned(),
            ..EditionName::default()
        };
        let editions = HashMap::from([(1, edition("1.9")), (2, edition("1.10"))]);
        let versions = Group::Version.of(&editions);
        let day = of_view(&View::new(Day(3), sheet, |_| true), &versions);
        let lines: Vec<_> = day.lines.iter().map(|ran| (ran.cluster, ran.version)).collect();
        assert_eq!(lines, [(5, 1), (5, 0), (8, 0)]);
        let [unit] = &day.units[..] else { panic!("{day:?}") };
        let told: Vec<_> = unit
            .node_hours
            .iter()
            .map(|told| [told.observed, told.unhealthy, told.unknown])
            .collect();
        assert_eq!((unit.unit, told), (7, vec![[3, 0, 0], [4, 0, 0], [6, 2, 1]]));
    }
}
