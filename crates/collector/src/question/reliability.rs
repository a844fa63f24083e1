//! Component reliability: unhealthy node-hours over observed node-hours, by unit.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use foldhash::fast::RandomState;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::clusters::Clusters;
use super::day::{Date, Span};
use super::fared::{Fared, FaredDay, Part, extend};
use super::group::{Group, Groups};
use super::ratio::ratio;
use super::scope::{AskError, Scope};
use super::spans::by_span;
use crate::delta::Facet;
use crate::sheet::Wanted;

/// A unit in a span of days, of a group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The unit, as in the properties: `dcos-mesos-master-service`.
    pub unit: String,
    /// First day of the span.
    pub start: Date,
    /// Version, provider or variant; empty where they are not kept apart.
    pub group: String,
    /// Nodes times hours in which its state was known.
    pub observed: u64,
    /// Those of them in which it was unhealthy.
    pub unhealthy: u64,
    /// Nodes times hours in which its state was not known; no part of `observed`.
    pub unknown: u64,
    /// `unhealthy` of `observed`, from 0 to 1.
    pub share: f64,
    /// Installations that it was observed on.
    pub installations: u64,
    /// Those of them on which it was unhealthy at least once.
    pub affected: u64,
}

/// Of all units and days.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Total {
    /// Nodes times hours times units.
    pub observed: u64,
    /// Those of them that were unhealthy.
    pub unhealthy: u64,
    /// Those whose state was not known.
    pub unknown: u64,
    /// `unhealthy` of `observed`, from 0 to 1.
    pub share: f64,
    /// Units.
    pub units: u64,
}

/// By unit; of each the groups that it was told of.
type Cells = BTreeMap<u64, Vec<(usize, Cell)>>;

#[derive(Debug, Clone, Default)]
struct Cell {
    amounts: [i64; 3],
    installations: Clusters,
    affected: Clusters,
}

/// Places of a unit's lines, of a group: the units of a role are all on the same ones, so who has them is found out once a day.
type Places = Vec<Range<usize>>;
type Having = HashMap<Places, Clusters, RandomState>;

/// Where a group stands among those of a unit.
fn place(of_unit: &mut Vec<(usize, Cell)>, group: usize) -> usize {
    let known = of_unit.iter().position(|(known, _)| *known == group);
    known.unwrap_or_else(|| {
        of_unit.push((group, Cell::default()));
        of_unit.len() - 1
    })
}

/// Adds how a unit fared on a day.
fn add(
    of_unit: &mut Vec<(usize, Cell)>,
    day: &FaredDay,
    fared: &Fared,
    groups: &Groups,
    having: &mut Having,
) {
    let mut on: Vec<Places> = Vec::new();
    for Part {
        edition,
        amounts,
        on: places,
        ill,
    } in fared.parts()
    {
        let Some(place) = groups.of(edition).map(|group| place(of_unit, group)) else {
            continue;
        };
        on.resize(of_unit.len(), Places::new());
        let Some(((_, cell), on)) = of_unit.get_mut(place).zip(on.get_mut(place)) else {
            continue;
        };
        for (sum, amount) in cell.amounts.iter_mut().zip(amounts) {
            *sum = sum.wrapping_add(amount);
        }
        places.iter().for_each(|range| extend(on, 0, range.clone()));
        day.insert(ill, &mut cell.affected);
    }
    for ((_, cell), places) in of_unit.iter_mut().zip(on) {
        let clusters = having.entry(places).or_insert_with_key(|places| {
            let mut clusters = Clusters::default();
            day.insert(places, &mut clusters);
            clusters
        });
        cell.installations.add(clusters);
    }
}

/// Asks it; over all days and groups where nothing else is said. The worst units come first, each unit's rows by time and group.
///
/// # Errors
/// When the database can't be read.
pub fn ask(scope: &Scope<'_>) -> Result<Answer<Row, Total>, AskError> {
    let groups = scope.groups(Group::None);
    let mut wanted = Wanted::of(&[Facet::Unit]);
    if let Some(units) = scope.units()? {
        wanted = wanted.named(units);
    }
    let mut all = Clusters::default();
    let mut by_unit: HashMap<u64, (u64, u64)> = HashMap::new();
    let mut rows = Vec::new();
    by_span(
        scope,
        Span::All,
        |day| scope.fared(day, &wanted),
        |cells: &mut Cells, day| {
            let mut having = Having::default();
            for fared in &day.units {
                add(
                    cells.entry(fared.unit).or_default(),
                    day,
                    fared,
                    &groups,
                    &mut having,
                );
            }
        },
        |start, cells| {
            scope.make_rows(cells.values().map(Vec::len).sum())?;
            let cells = cells.into_iter().flat_map(|(unit, mut of_unit)| {
                of_unit.sort_by_key(|(group, _)| *group);
                of_unit.into_iter().map(move |(group, cell)| (unit, group, cell))
            });
            for (unit, group, cell) in cells {
                if cell.amounts == [0; 3] {
                    continue;
                }
                let [observed, unhealthy, unknown] = cell.amounts.map(i64::cast_unsigned);
                all.add(&cell.installations);
                let sums = by_unit.entry(unit).or_default();
                *sums = (sums.0 + observed, sums.1 + unhealthy);
                let row = Row {
                    unit: String::new(),
                    start: Date(start),
                    group: groups.names.get(group).cloned().unwrap_or_default(),
                    observed,
                    unhealthy,
                    unknown,
                    share: ratio(unhealthy, observed),
                    installations: cell.installations.len(),
                    affected: cell.affected.len(),
                };
                rows.push((unit, row));
            }
            Ok(())
        },
    )?;
    let mut ranked: Vec<(f64, String, u64)> = Vec::with_capacity(by_unit.len());
    for (unit, (observed, unhealthy)) in &by_unit {
        ranked.push((ratio(*unhealthy, *observed), scope.snapshot.name(*unit)?, *unit));
    }
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let ranks: HashMap<u64, (usize, String)> = (0..)
        .zip(ranked)
        .map(|(rank, (_, name, unit))| (unit, (rank, name)))
        .collect();
    let rank = |unit: &u64| ranks.get(unit).map_or(usize::MAX, |(rank, _)| *rank);
    // Groups stand in their order already.
    rows.sort_by_key(|(unit, row)| (rank(unit), row.start));
    let rows: Vec<Row> = rows
        .into_iter()
        .map(|(unit, row)| Row {
            unit: ranks.get(&unit).map(|(_, name)| name.clone()).unwrap_or_default(),
            ..row
        })
        .collect();
    let sum = |amount: fn(&Row) -> u64| rows.iter().map(amount).sum();
    let (observed, unhealthy): (u64, u64) = (sum(|row| row.observed), sum(|row| row.unhealthy));
    let total = Total {
        observed,
        unhealthy,
        unknown: sum(|row| row.unknown),
        share: ratio(unhealthy, observed),
        units: by_unit.len() as u64,
    };
    Ok(Answer::new(scope, all.len(), total, rows))
}
