//! Support: from an id to the cluster of the customer who is on the phone.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::ask::Ask;
use super::chart::{Unit, amount};
use super::failure::Failure;
use super::frame::{Frame, Place};
use super::page::{Content, Kind, Visit, show};
use super::table::{Cell, Table};
use crate::http::App;
use crate::question::filter::SEARCH;
use crate::question::{AskError, installations};
use crate::token::Scope;

/// The page.
#[derive(Template)]
#[template(path = "support.html")]
struct Support {
    frame: Frame,
    search: String,
    found: String,
    table: Table,
    from: String,
    to: String,
}

impl Content for Support {
    fn text(&self) -> askama::Result<String> {
        self.render()
    }
}

/// Finds installations.
pub(crate) async fn get(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let kind = Kind::of(Place::Support, &[SEARCH]);
    show(&app, visit, kind, |ask, _| Ok(Box::new(support(ask)?))).await
}

/// A cluster's own page.
pub(super) fn cluster_href(ask: &Ask<'_>, cluster: &str) -> String {
    ask.query.to_with(super::cluster::PATH, &[("cluster", cluster)])
}

/// A number of installations, which leads to them for those who may see single ones.
pub(super) fn counted(ask: &Ask<'_>, count: u64, of: &[(&str, &str)]) -> Cell {
    let shown = Unit::Count.show(amount(count));
    match ask.viewer.may(Scope::Support) {
        true => Cell::to(shown, ask.query.to_with(Place::Support.path(), of)),
        false => Cell::new(shown),
    }
}

fn support(ask: &Ask<'_>) -> Result<Support, Failure> {
    let answer = match ask.of(&ask.query.filter, installations::ask) {
        Ok(answer) => Some(answer),
        Err(AskError::Nobody) => None,
        Err(error) => return Err(error.into()),
    };
    let rows = answer.iter().flat_map(|answer| &answer.rows).map(|row| {
        vec![
            Cell::to(row.cluster.clone(), cluster_href(ask, &row.cluster)),
            Cell::new(row.version.clone()),
            Cell::new(row.provider.clone()),
            Cell::new(row.variant.clone()),
            Cell::new(row.tier),
            Cell::new(row.flags.clone()),
            Cell::new(
                row.nodes
                    .map_or_else(|| "–".to_owned(), |nodes| nodes.to_string()),
            ),
            Cell::new(row.last.to_string()),
            Cell::new(Unit::Count.show(amount(row.reports))),
            Cell::new(Unit::Count.show(amount(row.unhealthy))),
        ]
    });
    let names = [
        "Cluster",
        "Version",
        "Provider",
        "Variant",
        "Tier",
        "Flags",
        "#Nodes",
        "Last heard of",
        "#Hours reported",
        "#Hours unhealthy",
    ];
    let search = ask.query.filter.search.clone().unwrap_or_default();
    let count = answer.as_ref().map_or(0, |answer| answer.rows.len());
    Ok(Support {
        frame: ask
            .frame("Support", Place::Support)?
            .lead("Find a cluster by its id, a customer key or a licence id. Look-ups are remembered."),
        found: match (search.is_empty(), count) {
            (true, _) => "All installations of these days, those heard of last first".to_owned(),
            (false, 0) => "No cluster of these days has this id, customer key or licence id".to_owned(),
            (false, 1) => "1 cluster is found".to_owned(),
            (false, count) => format!("{count} clusters are found"),
        },
        search,
        table: Table::new("Installations", &names, rows).or("Try more days, or fewer filters."),
        from: ask.query.filter.from.to_string(),
        to: ask.query.filter.to.to_string(),
    })
}
