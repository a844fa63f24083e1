//! Packages: what is installed, and how that changes.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::ask::{Ask, Axis};
use super::chart::bars::{Bar, bars};
use super::chart::small::multiples;
use super::chart::unit::grouped;
use super::chart::{Room, Series, Unit, amount};
use super::failure::Failure;
use super::figure::{Figure, installations_of};
use super::frame::{Frame, Place};
use super::page::{Content, Kind, Visit, show};
use super::support::counted;
use super::table::{Cell, Table};
use crate::http::App;
use crate::question::{Answer, Group, Span, popularity};

/// Bars, and small charts.
const BARS: usize = 12;
const SMALL: usize = 8;

type Popularity = Answer<popularity::Row, popularity::Total>;

/// The page.
#[derive(Template)]
#[template(path = "packages.html")]
struct Packages {
    frame: Frame,
    packages: Figure,
    frameworks: Figure,
    trend: Figure,
}

impl Content for Packages {
    fn text(&self) -> askama::Result<String> {
        self.render()
    }

    fn figures(&self) -> Vec<&Figure> {
        vec![&self.packages, &self.frameworks, &self.trend]
    }
}

/// The packages.
pub(crate) async fn get(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let kind = Kind::of(Place::Packages, &[]);
    show(&app, visit, kind, |ask, _| Ok(Box::new(packages(ask)?))).await
}

fn packages(ask: &Ask<'_>) -> Result<Packages, Failure> {
    let axis = ask.axis();
    let all = ask.of(&ask.filter(Span::All, Group::None), popularity::ask)?;
    let over_time = ask.of(&ask.filter(axis.span, Group::None), popularity::ask)?;
    Ok(Packages {
        frame: ask
            .frame("Packages", Place::Packages)?
            .lead("What is installed, on which part of the installations that tell."),
        packages: popular(
            ask,
            &all,
            "packages",
            "Packages",
            "package",
            all.total.told_packages,
        ),
        frameworks: popular(
            ask,
            &all,
            "frameworks",
            "Frameworks",
            "framework",
            all.total.told_frameworks,
        ),
        trend: trend(ask, &axis, &all, &over_time),
    })
}

/// Installations that have a package.
fn href(ask: &Ask<'_>, row: &popularity::Row) -> String {
    match row.kind {
        "package" => ask.query.to_with("/overview", &[("package", &row.name)]),
        _ => String::new(),
    }
}

fn popular(
    ask: &Ask<'_>,
    all: &Popularity,
    id: &'static str,
    title: &'static str,
    kind: &str,
    told: u64,
) -> Figure {
    let rows = || all.rows.iter().filter(|row| row.kind == kind);
    let shown: Vec<Bar> = rows()
        .take(BARS)
        .map(|row| Bar {
            name: row.name.clone(),
            value: Some(row.share),
            behind: installations_of(row.installations),
            href: href(ask, row),
        })
        .collect();
    let cells = rows().map(|row| {
        vec![
            Cell::to(row.name.clone(), href(ask, row)),
            match row.kind {
                "package" => counted(ask, row.installations, &[("package", &row.name)]),
                _ => Cell::new(Unit::Count.show(amount(row.installations))),
            },
            Cell::new(Unit::Share.show(row.share)),
            Cell::new(row.change.map_or_else(|| "–".to_owned(), points)),
        ]
    });
    let table = Table::new(title, &["Name", "#Installations", "#Share", "#Change"], cells);
    Figure::new(ask, id, title, Room::HALF, table, |room, label| {
        bars(room, label, &shown, Unit::Share)
    })
    .about("Part of the installations that list theirs; at any time of these days. The change is in percentage points, from as many days before.")
    .behind(told)
    .csv(ask, "popularity", &ask.query.filter, &[("per", "all")])
}

/// A difference of shares.
fn points(change: f64) -> String {
    let shown = grouped(change * 100.0, 1);
    match change > 0.0 && shown != "0.0" {
        true => format!("+{shown}"),
        false => shown,
    }
}

fn trend(ask: &Ask<'_>, axis: &Axis, all: &Popularity, over_time: &Popularity) -> Figure {
    let names: Vec<&str> = all
        .rows
        .iter()
        .filter(|row| row.kind == "package")
        .take(SMALL)
        .map(|row| row.name.as_str())
        .collect();
    let rows = || {
        over_time
            .rows
            .iter()
            .filter(|row| row.kind == "package" && names.contains(&row.name.as_str()))
    };
    let series: Vec<Series> = names
        .iter()
        .map(|name| {
            let of_name = rows().filter(|row| row.name == *name);
            Series::new(*name, axis.values(of_name.map(|row| (row.start, row.share))))
        })
        .collect();
    let cells = rows().map(|row| {
        vec![
            Cell::new(row.start.to_string()),
            Cell::to(row.name.clone(), href(ask, row)),
            Cell::new(Unit::Count.show(amount(row.installations))),
            Cell::new(Unit::Share.show(row.share)),
        ]
    });
    let table = Table::new(
        "Packages over time",
        &[axis.name(), "Package", "#Installations", "#Share"],
        cells,
    );
    Figure::new(
        ask,
        "trend",
        "Packages over time",
        Room::WIDE,
        table,
        |room, label| multiples(room, label, &axis.days, &series, Unit::Share),
    )
    .about(format!(
        "The most popular packages, {}, all on one scale; the number is the latest.",
        axis.per()
    ))
    .behind(over_time.total.told_packages)
    .csv(ask, "popularity", &ask.query.filter, &[("per", axis.name())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_a_sign() {
        assert_eq!(
            (points(0.021), points(-0.021), points(0.0)),
            ("+2.1".into(), "−2.1".into(), "0.0".to_owned())
        );
    }
}
