//! A cluster's own page: what happened to it, in the order of time.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::ask::Ask;
use super::chart::bars::{Bar, bars};
use super::chart::columns::columns;
use super::chart::line::lines;
use super::chart::{Room, Series, Unit, amount};
use super::failure::Failure;
use super::figure::Figure;
use super::frame::{Frame, Place};
use super::page::{Content, Kind, Visit, show};
use super::table::{Cell, Table};
use super::tile::Tile;
use crate::http::App;
use crate::question::filter::SEARCH;
use crate::question::{Group, Span, capacity, reliability, time_line};

/// Where it is.
pub(crate) const PATH: &str = "/support/cluster";
/// Components that are shown.
const UNITS: usize = 10;

/// The page.
#[derive(Template)]
#[template(path = "cluster.html")]
struct Cluster {
    frame: Frame,
    back: String,
    raw: String,
    tiles: Vec<Tile>,
    time_line: Table,
    csv: String,
    health: Figure,
    units: Figure,
    cpus: Figure,
}

impl Content for Cluster {
    fn text(&self) -> askama::Result<String> {
        self.render()
    }

    fn figures(&self) -> Vec<&Figure> {
        vec![&self.health, &self.units, &self.cpus]
    }
}

/// A cluster.
pub(crate) async fn get(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let kind = Kind::of(Place::Support, &[SEARCH]);
    show(&app, visit, kind, |ask, _| Ok(Box::new(cluster(ask)?))).await
}

fn cluster(ask: &Ask<'_>) -> Result<Cluster, Failure> {
    if !ask.query.filter.names_clusters() {
        return Err(Failure::Nothing);
    }
    let told = ask.of(&ask.query.filter, time_line::ask)?;
    let id = told.total.cluster.clone();
    // What is found by a customer key is one cluster from here on.
    let mut only = ask.query.filter.clone();
    only.search = None;
    only.clusters = [id.clone()].into();
    let of_days = |span| crate::question::Filter {
        span: Some(span),
        group: Some(Group::None),
        ..only.clone()
    };
    let axis = ask.axis();
    let by_day = ask.of(&of_days(axis.span), reliability::ask)?;
    let units = ask.of(&of_days(Span::All), reliability::ask)?;
    let capacity = ask.of(&of_days(axis.span), capacity::ask)?;
    let total = &told.total;
    let count = |count| Unit::Count.show(amount(count));
    let tile = |what, much, note: String| Tile {
        what,
        much,
        note,
        ..Tile::default()
    };
    let flags = if total.flags.is_empty() {
        String::new()
    } else {
        format!("flags: {}", total.flags)
    };
    let mut healthy = std::collections::BTreeMap::new();
    for row in &by_day.rows {
        let sum: &mut (u64, u64) = healthy.entry(row.start).or_default();
        *sum = (sum.0 + row.unhealthy, sum.1 + row.observed);
    }
    let unhealthy = [Series::new(
        "unhealthy",
        axis.values(
            healthy
                .iter()
                .map(|(start, (unhealthy, _))| (*start, amount(*unhealthy))),
        ),
    )];
    let rows = healthy.iter().rev().map(|(start, (unhealthy, observed))| {
        vec![
            Cell::new(start.to_string()),
            Cell::new(count(*unhealthy)),
            Cell::new(count(*observed)),
        ]
    });
    let table = Table::new(
        "Health",
        &[axis.name(), "#Unit-node-hours unhealthy", "#Observed"],
        rows,
    );
    let health = Figure::new(ask, "health", "Health", Room::HALF, table, |room, label| {
        columns(room, label, &axis.days, &unhealthy, Unit::Count)
    })
    .about(format!(
        "Hours in which components were unhealthy, over all nodes, {}. A gap is a time of which nothing was reported.",
        axis.per()
    ));
    let worst: Vec<Bar> = units
        .rows
        .iter()
        .filter(|row| row.unhealthy > 0)
        .take(UNITS)
        .map(|row| Bar {
            name: row.unit.clone(),
            value: Some(row.share),
            behind: format!("{} node-hours", row.unhealthy),
            href: super::overview::unit_href(ask, &row.unit),
        })
        .collect();
    let rows = units.rows.iter().map(|row| {
        vec![
            Cell::to(row.unit.clone(), super::overview::unit_href(ask, &row.unit)),
            Cell::new(Unit::Share.show(row.share)),
            Cell::new(count(row.unhealthy)),
            Cell::new(count(row.observed)),
        ]
    });
    let table = Table::new(
        "Components",
        &["Component", "#Unhealthy", "#Node-hours unhealthy", "#Node-hours"],
        rows,
    );
    let units = Figure::new(ask, "units", "Components", Room::HALF, table, |room, label| {
        bars(room, label, &worst, Unit::Share)
    })
    .about("Time unhealthy, the worst first; those that never were are in the table alone.");
    let measure = |name: &'static str| capacity.rows.iter().filter(move |row| row.measure == name);
    let series: Vec<Series> = [("cpu_total", "in all"), ("cpu_used", "allocated")]
        .into_iter()
        .map(|(name, label)| Series::new(label, axis.values(measure(name).map(|row| (row.start, row.sum)))))
        .collect();
    let rows = capacity.rows.iter().map(|row| {
        vec![
            Cell::new(row.start.to_string()),
            Cell::new(row.measure.clone()),
            Cell::new(Unit::Number.show(row.sum)),
        ]
    });
    let table = Table::new("CPUs", &[axis.name(), "Measure", "#Mean"], rows);
    let cpus = Figure::new(ask, "cpus", "CPUs", Room::WIDE, table, |room, label| {
        lines(room, label, &axis.days, &series, Unit::Count)
    })
    .about(format!(
        "In the mean {}; the table has all that is told of capacity.",
        axis.per()
    ));
    let tiles = vec![
        tile("Tier", total.tier.to_owned(), flags),
        tile(
            "Hours reported",
            count(total.reports),
            format!("on {} days", count(total.days)),
        ),
        tile(
            "Hours missing",
            count(total.missing),
            "between the first and the last".to_owned(),
        ),
        tile(
            "Hours unhealthy",
            count(total.unhealthy),
            "in which anything was unhealthy".to_owned(),
        ),
    ];
    Ok(Cluster {
        frame: ask.frame(&id, Place::Support)?,
        back: ask.query.to(Place::Support.path()),
        raw: ask.query.to_with(Place::Live.path(), &[("cluster", &id)]),
        tiles,
        csv: ask.query.csv("time-line", &ask.query.filter, &[("cluster", &id)]),
        time_line: events(ask, &told.rows),
        health,
        units,
        cpus,
    })
}

fn events(ask: &Ask<'_>, rows: &[time_line::Row]) -> Table {
    let cells = rows.iter().rev().map(|row| {
        let name = match row.kind {
            "unhealthy" => Cell::to(row.name.clone(), super::overview::unit_href(ask, &row.name)),
            _ => Cell::new(row.name.clone()),
        };
        vec![
            Cell::new(minute(&row.time)),
            Cell::new(row.until.as_deref().map(minute).unwrap_or_default()),
            Cell::new(kind(row.kind)),
            name,
            Cell::new(said(row)),
        ]
    });
    Table::new("Time line", &["When", "Until", "What", "Of", "How"], cells)
}

/// `2026-11-22 10:00` of an instant in RFC 3339.
fn minute(time: &str) -> String {
    time.get(..16).unwrap_or(time).replacen('T', " ", 1)
}

fn kind(kind: &'static str) -> &'static str {
    match kind {
        "first" => "first report",
        "version" => "change of version",
        "missing" => "reports missing",
        "capacity" => "change of capacity",
        other => other,
    }
}

fn said(row: &time_line::Row) -> String {
    match row.kind {
        "unhealthy" => format!("on {} at most", counted(&row.after, "node")),
        "missing" => counted(&row.after, "report"),
        "package" | "framework" if row.before.is_empty() => "installed".to_owned(),
        "package" | "framework" if row.after.is_empty() => "removed".to_owned(),
        _ if row.before.is_empty() => row.after.clone(),
        _ => format!("{} → {}", row.before, row.after),
    }
}

/// `1 node`, `2 nodes`.
fn counted(count: &str, what: &str) -> String {
    format!("{count} {what}{}", if count == "1" { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_said_in_words() {
        let row = |kind, before: &str, after: &str| time_line::Row {
            time: "2026-11-22T10:00:00Z".to_owned(),
            until: None,
            kind,
            name: "x".to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
        };
        assert_eq!(said(&row("version", "1.9", "1.10")), "1.9 → 1.10");
        assert_eq!(said(&row("package", "", "x")), "installed");
        assert_eq!(said(&row("package", "x", "")), "removed");
        assert_eq!(said(&row("missing", "", "4")), "4 reports");
        assert_eq!(minute("2026-11-22T10:00:00Z"), "2026-11-22 10:00");
    }
}
