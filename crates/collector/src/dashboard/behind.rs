//! The installations behind a verdict, for those who may see single clusters: who changed to the version, beside whom they are judged, and
//! who is left out.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::ask::Ask;
use super::chart::{Unit, amount};
use super::failure::Failure;
use super::frame::{Frame, Place};
use super::page::{Content, Kind, Visit, show};
use super::support::cluster_href;
use super::table::{Cell, Table};
use crate::http::App;
use crate::question::filter::UNIT;
use crate::question::release_health::{self, InstallationRow};

/// Where it is.
pub(crate) const PATH: &str = "/releases/installations";

/// The page.
#[derive(Template)]
#[template(path = "behind.html")]
struct Behind {
    frame: Frame,
    back: String,
    unit: String,
    unit_href: String,
    version: String,
    about: String,
    table: Table,
    csv: String,
}

impl Content for Behind {
    fn text(&self) -> askama::Result<String> {
        self.render()
    }
}

/// The installations behind a verdict.
pub(crate) async fn get(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let kind = Kind::of(Place::Support, &[UNIT]);
    show(&app, visit, kind, |ask, _| Ok(Box::new(behind(ask)?))).await
}

fn behind(ask: &Ask<'_>) -> Result<Behind, Failure> {
    let filter = &ask.query.filter;
    let answer = ask.of(filter, release_health::ask_installations)?;
    let first = |set: &std::collections::BTreeSet<String>| set.first().cloned().unwrap_or_default();
    let (unit, version) = (first(&filter.units), first(&filter.versions));
    let of = [("unit", unit.as_str())];
    let rows = answer.rows.iter().map(|row| cells(ask, row));
    let names = [
        "Cluster",
        "Part",
        "#Pair",
        "Changed",
        "#Before",
        "#After",
        "#Contrast",
        "#Node-hours",
        "Why it is left out",
    ];
    Ok(Behind {
        frame: ask
            .frame("Behind a verdict", Place::Support)?
            .lead("Each pair is an installation that changed to the version, and those that did not over the same days."),
        back: ask.query.to(Place::Releases.path()),
        unit_href: super::overview::unit_href(ask, &unit),
        about: format!(
            "{} pairs; {} days before the change are compared with as many after. Unhealthy node-hours of those that were observed.",
            answer.total.pairs, answer.total.window
        ),
        table: Table::new("Installations", &names, rows)
            .or("No installation was seen to change to this version on these days."),
        csv: ask.query.csv("release-health-installations", filter, &of),
        unit,
        version,
    })
}

fn cells(ask: &Ask<'_>, row: &InstallationRow) -> Vec<Cell> {
    let dash = || "–".to_owned();
    let share = |share: Option<f64>| Cell::new(share.map_or_else(dash, |share| Unit::Share.show(share)));
    vec![
        Cell::to(row.cluster.clone(), cluster_href(ask, &row.cluster)),
        Cell::new(row.role.clone()),
        Cell::new(row.pair.map_or_else(dash, |pair| pair.to_string())),
        Cell::new(row.changed.map_or_else(dash, |day| day.to_string())),
        share(row.before),
        share(row.after),
        Cell::new(
            row.contrast
                .map_or_else(dash, |contrast| Unit::Number.show(contrast)),
        ),
        Cell::new(
            row.observed
                .map_or_else(dash, |hours| Unit::Count.show(amount(hours))),
        ),
        Cell::new(row.reason.clone()),
    ]
}
