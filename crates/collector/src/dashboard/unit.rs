//! A component's own page: its history, and its versions beside one another.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::ask::{Ask, Axis};
use super::chart::bars::{Bar, bars};
use super::chart::line::lines;
use super::chart::{COLOURS, Room, Series, Unit, amount};
use super::components::{FEWEST, Reliability};
use super::failure::Failure;
use super::figure::{Figure, installations_of};
use super::frame::{Frame, Place};
use super::health;
use super::overview::told;
use super::page::{Content, Kind, Visit, show};
use super::support::counted;
use super::table::{Cell, Table};
use super::tile::Tile;
use crate::http::App;
use crate::question::filter::UNIT;
use crate::question::{Group, Span, Version, reliability};

/// Where it is.
pub(crate) const PATH: &str = "/components/unit";

/// The page.
#[derive(Template)]
#[template(path = "unit.html")]
struct OfUnit {
    frame: Frame,
    back: String,
    tiles: Vec<Tile>,
    history: Figure,
    health: Figure,
    versions: Figure,
    providers: Figure,
}

impl Content for OfUnit {
    fn text(&self) -> askama::Result<String> {
        self.render()
    }

    fn figures(&self) -> Vec<&Figure> {
        vec![&self.history, &self.health, &self.versions, &self.providers]
    }
}

/// A component.
pub(crate) async fn get(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let kind = Kind::of(Place::Components, &[UNIT]);
    show(&app, visit, kind, |ask, _| Ok(Box::new(of_unit(ask)?))).await
}

fn of_unit(ask: &Ask<'_>) -> Result<OfUnit, Failure> {
    let Some(unit) = ask.query.filter.units.first().cloned() else {
        return Err(Failure::Nothing);
    };
    let axis = ask.axis();
    let all = ask.of(&ask.filter(Span::All, Group::None), reliability::ask)?;
    let over_time = ask.of(&ask.filter(axis.span, Group::Version), reliability::ask)?;
    let by_version = ask.of(&ask.filter(Span::All, Group::Version), reliability::ask)?;
    let by_provider = ask.of(&ask.filter(Span::All, Group::Provider), reliability::ask)?;
    let verdicts = health::verdicts(ask, &ask.query.filter)?;
    let of = |answer: Reliability, id, title, by: &str| by_group(ask, &unit, answer, id, title, by);
    Ok(OfUnit {
        frame: ask.frame(&unit, Place::Components)?,
        back: ask.query.to(Place::Components.path()),
        tiles: tiles(&all),
        health: health::figure(ask, &verdicts, "health", "Release health", |row| {
            told(&row.version)
        }),
        history: history(ask, &unit, &axis, &over_time),
        versions: of(by_version, "versions", "Versions compared", "version"),
        providers: of(by_provider, "providers", "Providers compared", "provider"),
    })
}

fn tiles(all: &Reliability) -> Vec<Tile> {
    let row = all.rows.first();
    let count = |of: fn(&reliability::Row) -> u64| {
        row.map_or_else(|| "–".to_owned(), |row| Unit::Count.show(amount(of(row))))
    };
    vec![
        Tile {
            what: "Unhealthy",
            much: row.map_or_else(|| "–".to_owned(), |row| Unit::Share.show(row.share)),
            note: "of the time on nodes".to_owned(),
            ..Tile::default()
        },
        Tile {
            what: "Installations affected",
            much: count(|row| row.affected),
            note: format!("of {}", installations_of(row.map_or(0, |row| row.installations))),
            ..Tile::default()
        },
        Tile {
            what: "Node-hours unhealthy",
            much: count(|row| row.unhealthy),
            note: format!("of {} observed", count(|row| row.observed)),
            ..Tile::default()
        },
        Tile {
            what: "Node-hours unknown",
            much: count(|row| row.unknown),
            note: "in which its state was not known".to_owned(),
            ..Tile::default()
        },
    ]
}

fn history(ask: &Ask<'_>, unit: &str, axis: &Axis, answer: &Reliability) -> Figure {
    let mut versions: Vec<Version> = answer.rows.iter().map(|row| Version(row.group.clone())).collect();
    versions.sort();
    versions.dedup();
    versions.reverse();
    versions.truncate(COLOURS);
    let series: Vec<Series> = versions
        .iter()
        .map(|version| {
            let rows = answer.rows.iter().filter(|row| row.group == version.0);
            let enough = rows.filter(|row| row.observed > 0 && row.installations >= FEWEST);
            let values = enough.map(|row| (row.start, row.share));
            Series::new(told(&version.0), axis.values(values))
        })
        .filter(|series| series.values.iter().any(Option::is_some))
        .collect();
    let rows = answer.rows.iter().map(|row| {
        vec![
            Cell::new(row.start.to_string()),
            Cell::new(told(&row.group)),
            Cell::new(Unit::Share.show(row.share)),
            Cell::new(Unit::Count.show(amount(row.observed))),
            Cell::new(Unit::Count.show(amount(row.installations))),
        ]
    });
    let names = [
        axis.name(),
        "Version",
        "#Unhealthy",
        "#Node-hours",
        "#Installations",
    ];
    let table = Table::new("History by version", &names, rows);
    Figure::new(
        ask,
        "history",
        "History by version",
        Room::WIDE,
        table,
        |room, label| lines(room, label, &axis.days, &series, Unit::Share),
    )
    .about(format!(
        "Time unhealthy, {}, of the latest versions; only where at least {FEWEST} installations tell.",
        axis.per()
    ))
    .behind(answer.installations)
    .csv(
        ask,
        "component-reliability",
        &ask.query.filter,
        &[("unit", unit), ("per", axis.name()), ("by", "version")],
    )
}

fn by_group(
    ask: &Ask<'_>,
    unit: &str,
    answer: Reliability,
    id: &'static str,
    title: &'static str,
    by: &str,
) -> Figure {
    let mut rows = answer.rows;
    // The latest version first.
    rows.reverse();
    let all: Vec<Bar> = rows
        .iter()
        .map(|row| Bar {
            name: told(&row.group),
            value: (row.installations >= FEWEST).then_some(row.share),
            behind: installations_of(row.installations),
            href: ask.query.here_with(PATH, &[(by, &row.group)]),
        })
        .collect();
    let cells = rows.iter().map(|row| {
        vec![
            Cell::to(told(&row.group), ask.query.here_with(PATH, &[(by, &row.group)])),
            Cell::new(Unit::Share.show(row.share)),
            Cell::new(Unit::Count.show(amount(row.observed))),
            Cell::new(Unit::Count.show(amount(row.affected))),
            counted(ask, row.installations, &[(by, &row.group)]),
        ]
    });
    let names = [by, "#Unhealthy", "#Node-hours", "#Affected", "#Installations"];
    let table = Table::new(title, &names, cells);
    Figure::new(ask, id, title, Room::HALF, table, |room, label| {
        bars(room, label, &all, Unit::Share)
    })
    .about("Time unhealthy over all of these days.")
    .behind(answer.installations)
    .csv(
        ask,
        "component-reliability",
        &ask.query.filter,
        &[("unit", unit), ("per", "all"), ("by", by)],
    )
}
