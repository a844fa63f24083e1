//! Components: how reliable each unit is, and on which version.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::ask::{Ask, Axis};
use super::chart::heat::{self, heat};
use super::chart::small::multiples;
use super::chart::{Room, Series, Unit, amount};
use super::failure::Failure;
use super::figure::{Figure, installations_of};
use super::frame::{Frame, Place};
use super::overview::{told, unit_href};
use super::page::{Content, Kind, Visit, show};
use super::table::{Cell, Table};
use crate::http::App;
use crate::question::{Answer, Group, Span, Version, reliability};

/// Units of the heat map, and of the small charts.
const ROWS: usize = 24;
const SMALL: usize = 8;
/// Latest versions that have a column.
const COLUMNS: usize = 8;
/// Fewest installations that a cell says anything about.
pub(super) const FEWEST: u64 = 5;

pub(super) type Reliability = Answer<reliability::Row, reliability::Total>;

/// The page.
#[derive(Template)]
#[template(path = "components.html")]
struct Components {
    frame: Frame,
    map: Figure,
    history: Figure,
    all: Table,
    csv: String,
}

impl Content for Components {
    fn text(&self) -> askama::Result<String> {
        self.render()
    }

    fn figures(&self) -> Vec<&Figure> {
        vec![&self.map, &self.history]
    }
}

/// The components.
pub(crate) async fn get(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let kind = Kind::of(Place::Components, &[]);
    show(&app, visit, kind, |ask, _| Ok(Box::new(components(ask)?))).await
}

fn components(ask: &Ask<'_>) -> Result<Components, Failure> {
    let axis = ask.axis();
    let all = ask.of(&ask.filter(Span::All, Group::None), reliability::ask)?;
    let by_version = ask.of(&ask.filter(Span::All, Group::Version), reliability::ask)?;
    let over_time = ask.of(&ask.filter(axis.span, Group::None), reliability::ask)?;
    let frame = ask
        .frame("Components", Place::Components)?
        .lead("How much of the time each component was unhealthy, on the nodes where its state was known.");
    Ok(Components {
        frame,
        map: map(ask, &all, &by_version),
        history: history(ask, &axis, &all, &over_time),
        all: list(ask, &all),
        csv: ask
            .query
            .csv("component-reliability", &ask.query.filter, &[("per", "all")]),
    })
}

fn map(ask: &Ask<'_>, all: &Reliability, by_version: &Reliability) -> Figure {
    let mut versions: Vec<Version> = by_version
        .rows
        .iter()
        .map(|row| Version(row.group.clone()))
        .collect();
    versions.sort();
    versions.dedup();
    let first = versions.len().saturating_sub(COLUMNS);
    let versions = versions.split_off(first);
    let cells: HashMap<(&str, &str), &reliability::Row> = by_version
        .rows
        .iter()
        .map(|row| ((row.unit.as_str(), row.group.as_str()), row))
        .collect();
    let rows: Vec<heat::Row> = all
        .rows
        .iter()
        .take(ROWS)
        .map(|row| heat::Row {
            name: row.unit.clone(),
            href: unit_href(ask, &row.unit),
            cells: versions
                .iter()
                .map(|version| {
                    let cell = cells.get(&(row.unit.as_str(), version.0.as_str()))?;
                    (cell.installations >= FEWEST).then(|| heat::Cell {
                        value: cell.share,
                        behind: installations_of(cell.installations),
                    })
                })
                .collect(),
        })
        .collect();
    let columns: Vec<String> = versions.iter().map(|version| told(&version.0)).collect();
    let names = [
        "Component",
        "Version",
        "#Unhealthy",
        "#Node-hours",
        "#Installations",
    ];
    let table = by_version.rows.iter().map(|row| {
        vec![
            Cell::to(row.unit.clone(), unit_href(ask, &row.unit)),
            Cell::new(told(&row.group)),
            Cell::new(Unit::Share.show(row.share)),
            Cell::new(Unit::Count.show(amount(row.observed))),
            Cell::new(Unit::Count.show(amount(row.installations))),
        ]
    });
    let table = Table::new("Component by version", &names, table);
    Figure::new(ask, "map", "Component by version", Room::WIDE, table, |room, label| {
        let fitting = if room.width < 500.0 { 4 } else { COLUMNS };
        let skip = columns.len().saturating_sub(fitting);
        let rows: Vec<heat::Row> = rows
            .iter()
            .map(|row| heat::Row {
                cells: row.cells.iter().skip(skip).cloned().collect(),
                ..row.clone()
            })
            .collect();
        heat(room, label, columns.get(skip..).unwrap_or_default(), &rows, Unit::Share)
    })
    .about(format!(
        "Time unhealthy on each of the latest versions, the worst components first. A cell without a number has fewer than {FEWEST} installations behind it."
    ))
    .behind(by_version.installations)
    .csv(
        ask,
        "component-reliability",
        &ask.query.filter,
        &[("per", "all"), ("by", "version")],
    )
}

fn history(ask: &Ask<'_>, axis: &Axis, all: &Reliability, over_time: &Reliability) -> Figure {
    let mut by_unit: BTreeMap<&str, Vec<&reliability::Row>> = BTreeMap::new();
    for row in &over_time.rows {
        by_unit.entry(&row.unit).or_default().push(row);
    }
    let series: Vec<Series> = all
        .rows
        .iter()
        .take(SMALL)
        .map(|row| {
            let known = by_unit.get(row.unit.as_str()).into_iter().flatten();
            let values = known
                .filter(|row| row.observed > 0)
                .map(|row| (row.start, row.share));
            Series::new(row.unit.clone(), axis.values(values))
        })
        .collect();
    let shown: Vec<&str> = all.rows.iter().take(SMALL).map(|row| row.unit.as_str()).collect();
    let rows = over_time
        .rows
        .iter()
        .filter(|row| shown.contains(&row.unit.as_str()))
        .map(|row| {
            vec![
                Cell::to(row.unit.clone(), unit_href(ask, &row.unit)),
                Cell::new(row.start.to_string()),
                Cell::new(Unit::Share.show(row.share)),
                Cell::new(Unit::Count.show(amount(row.installations))),
            ]
        });
    let names = ["Component", axis.name(), "#Unhealthy", "#Installations"];
    let table = Table::new("The worst over time", &names, rows);
    Figure::new(
        ask,
        "history",
        "The worst over time",
        Room::WIDE,
        table,
        |room, label| multiples(room, label, &axis.days, &series, Unit::Share),
    )
    .about(format!(
        "Time unhealthy, {}, all on one scale; the number is the latest.",
        axis.per()
    ))
    .behind(over_time.installations)
    .csv(
        ask,
        "component-reliability",
        &ask.query.filter,
        &[("per", axis.name()), ("by", "none")],
    )
}

fn list(ask: &Ask<'_>, all: &Reliability) -> Table {
    let rows = all.rows.iter().map(|row| {
        vec![
            Cell::to(row.unit.clone(), unit_href(ask, &row.unit)),
            Cell::new(Unit::Share.show(row.share)),
            Cell::new(Unit::Count.show(amount(row.unhealthy))),
            Cell::new(Unit::Count.show(amount(row.observed))),
            Cell::new(Unit::Count.show(amount(row.unknown))),
            Cell::new(Unit::Count.show(amount(row.affected))),
            Cell::new(Unit::Count.show(amount(row.installations))),
        ]
    });
    let names = [
        "Component",
        "#Unhealthy",
        "#Node-hours unhealthy",
        "#Node-hours",
        "#Unknown",
        "#Affected",
        "#Installations",
    ];
    Table::new("All components", &names, rows)
}
