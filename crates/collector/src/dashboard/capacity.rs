//! Capacity: how much there is, how much is in use, and how large installations are.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::ask::{Ask, Axis};
use super::chart::line::lines;
use super::chart::{Room, Series, Unit, amount};
use super::failure::Failure;
use super::figure::Figure;
use super::frame::{Frame, Place};
use super::page::{Content, Kind, Visit, show};
use super::table::{Cell, Table};
use super::tile::Tile;
use crate::http::App;
use crate::question::{Answer, Group, Span, capacity};

type Capacity = Answer<capacity::Row, capacity::Total>;

/// The page.
#[derive(Template)]
#[template(path = "capacity.html")]
struct OfFleet {
    frame: Frame,
    tiles: Vec<Tile>,
    agents: Figure,
    cpus: Figure,
    memory: Figure,
    disk: Figure,
    sizes: Table,
    csv: String,
}

impl Content for OfFleet {
    fn text(&self) -> askama::Result<String> {
        self.render()
    }

    fn figures(&self) -> Vec<&Figure> {
        vec![&self.agents, &self.cpus, &self.memory, &self.disk]
    }
}

/// What a chart shows: its id, its title, its measures with their names, and their unit.
type Drawn = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    Unit,
);

const AGENTS: Drawn = ("agents", "Agents", &[("agents_active", "active")], Unit::Count);
const CPUS: Drawn = (
    "cpus",
    "CPUs",
    &[("cpu_total", "in all"), ("cpu_used", "allocated")],
    Unit::Count,
);
const MEMORY: Drawn = (
    "memory",
    "Memory",
    &[("mem_total", "in all"), ("mem_used", "allocated")],
    Unit::Megabytes,
);
const DISK: Drawn = (
    "disk",
    "Disk space",
    &[("disk_total", "in all"), ("disk_used", "allocated")],
    Unit::Megabytes,
);

/// The capacity.
pub(crate) async fn get(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let kind = Kind::of(Place::Capacity, &[]);
    show(&app, visit, kind, |ask, _| Ok(Box::new(of_fleet(ask)?))).await
}

fn of_fleet(ask: &Ask<'_>) -> Result<OfFleet, Failure> {
    let axis = ask.axis();
    let filter = ask.filter(Span::All, Group::None);
    let (all, sums) = capacity::ask_with_sums(&ask.scope(&filter)?, axis.span)?;
    let figure = |drawn| figure(ask, &axis, &sums, drawn).behind(all.installations);
    Ok(OfFleet {
        frame: ask
            .frame("Capacity", Place::Capacity)?
            .lead("Each installation counts with the mean of what it reported."),
        tiles: tiles(&all),
        agents: figure(AGENTS),
        cpus: figure(CPUS),
        memory: figure(MEMORY),
        disk: figure(DISK),
        sizes: sizes(&all),
        csv: ask.query.csv("capacity", &ask.query.filter, &[("per", "all")]),
    })
}

fn tiles(all: &Capacity) -> Vec<Tile> {
    let total = &all.total;
    let shown =
        |value: Option<f64>, unit: Unit| value.map_or_else(|| "–".to_owned(), |value| unit.show(value));
    let used = |share: Option<f64>| {
        share.map_or_else(String::new, |share| {
            format!("{} allocated", Unit::Share.show(share))
        })
    };
    let tile = |what, much, note| Tile {
        what,
        much,
        note,
        ..Tile::default()
    };
    vec![
        tile("Agents", shown(total.agents, Unit::Count), "active".to_owned()),
        tile("CPUs", shown(total.cpus, Unit::Count), used(total.cpu_use)),
        tile(
            "Memory",
            shown(total.memory, Unit::Megabytes),
            used(total.memory_use),
        ),
        tile(
            "Disk space",
            shown(total.disk, Unit::Megabytes),
            used(total.disk_use),
        ),
    ]
}

fn figure(ask: &Ask<'_>, axis: &Axis, sums: &[capacity::Sum], (id, title, measures, unit): Drawn) -> Figure {
    let rows = |measure: &'static str| sums.iter().filter(move |row| row.measure == measure);
    let series: Vec<Series> = measures
        .iter()
        .map(|(measure, name)| Series::new(*name, axis.values(rows(measure).map(|row| (row.start, row.sum)))))
        .collect();
    let cells = measures.iter().flat_map(|(measure, name)| {
        rows(measure).map(move |row| {
            vec![
                Cell::new(row.start.to_string()),
                Cell::new(*name),
                Cell::new(unit.show(row.sum)),
                Cell::new(Unit::Count.show(amount(row.installations))),
            ]
        })
    });
    let table = Table::new(title, &[axis.name(), "Measure", "#Sum", "#Installations"], cells);
    Figure::new(ask, id, title, Room::HALF, table, |room, label| {
        lines(room, label, &axis.days, &series, unit)
    })
    .about(format!("Of all installations together, {}.", axis.per()))
    .csv(
        ask,
        "capacity",
        &ask.query.filter,
        &[("per", axis.name()), ("by", "none")],
    )
}

/// How a measure is written.
fn unit_of(measure: &str) -> Unit {
    match measure.split('_').next() {
        Some("mem" | "disk") => Unit::Megabytes,
        _ => Unit::Number,
    }
}

fn sizes(all: &Capacity) -> Table {
    let rows = all.rows.iter().map(|row| {
        let unit = unit_of(&row.measure);
        vec![
            Cell::new(row.measure.clone()),
            Cell::new(unit.show(row.median)),
            Cell::new(unit.show(row.p90)),
            Cell::new(unit.show(row.max)),
            Cell::new(unit.show(row.sum)),
            Cell::new(Unit::Count.show(amount(row.installations))),
        ]
    });
    let names = [
        "Measure",
        "#Half have at most",
        "#Nine of ten",
        "#The largest",
        "#All together",
        "#Installations",
    ];
    Table::new("How large installations are", &names, rows)
}
