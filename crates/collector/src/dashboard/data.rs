//! Data: what may be collected, what became of it, how long it is kept, and what was deleted.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::HeaderValue;
use axum::response::Response;
use form_urlencoded::parse;
use heliograph_wire::plan::{Kind as PropertyKind, Plan, Presence, Property, Sensitivity};

use super::ask::Ask;
use super::chart::{Unit, amount};
use super::failure::Failure;
use super::frame::{Frame, Place};
use super::page::{Content, Kind, Visit, file, show};
use super::table::{Cell, Table};
use crate::access::guard::Viewer;
use crate::http::App;
use crate::ingest::planned::{Planned, Unplanned};
use crate::question::{Group, Span, quality};
use crate::retention::{Age, Retention};
use crate::store::Reader;
use crate::token::Scope;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// Where the receipt of a deletion is.
pub(crate) const RECEIPT: &str = "/data/receipt";
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The page.
#[derive(Template)]
#[template(path = "data.html")]
struct Data {
    frame: Frame,
    outcomes: Table,
    violations: Table,
    drifts: Table,
    csv: String,
    raw: String,
    sums: String,
    /// What becomes of what the plan does not list.
    unplanned: &'static str,
    /// For support.
    deletions: Option<Table>,
    plan_version: String,
    events: Vec<Listed>,
}

/// An event of the plan.
struct Listed {
    title: String,
    name: String,
    description: String,
    opt_in: bool,
    properties: Table,
}

impl Content for Data {
    fn text(&self) -> askama::Result<String> {
        self.render()
    }
}

/// The data.
pub(crate) async fn get(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let kind = Kind {
        needs_reports: false,
        ..Kind::of(Place::Data, &[])
    };
    let kept = Arc::clone(&app);
    show(&app, visit, kind, move |ask, reader| {
        Ok(Box::new(data(ask, reader, &kept.plan, kept.retention)?))
    })
    .await
}

fn data(
    ask: &Ask<'_>,
    reader: &Reader,
    planned: &Planned<'_>,
    retention: Retention,
) -> Result<Data, Failure> {
    let answer = ask.of(&ask.filter(Span::All, Group::None), quality::ask)?;
    let of = |title: &str, what: &str, kind: &str, empty| {
        let mut rows: Vec<_> = answer.rows.iter().filter(|row| row.kind == kind).collect();
        if kind != "drift" {
            rows.sort_by_key(|row| std::cmp::Reverse(row.count));
        }
        let cells = rows.into_iter().map(|row| {
            vec![
                Cell::new(row.name.clone()),
                Cell::new(Unit::Count.show(amount(row.count))),
            ]
        });
        Table::new(
            title,
            &[what, if kind == "drift" { "#Requests" } else { "#Messages" }],
            cells,
        )
        .or(empty)
    };
    let deletions = match ask.viewer.may(Scope::Support) {
        true => Some(deletions(ask, reader)?),
        false => None,
    };
    let plan = Plan::built_in();
    let mut events: Vec<Listed> = vec![
        listed(
            "Every message",
            "envelope",
            "What a message carries beside its properties.",
            false,
            &plan.envelope,
        ),
        listed(
            "Every event of a cluster",
            "common",
            "Properties of every event.",
            false,
            &plan.common,
        ),
    ];
    for event in plan.events.iter().chain(&plan.ui.calls).chain(&plan.ui.events) {
        events.push(listed(
            &event.title,
            &event.name,
            &event.description,
            event.opt_in,
            &event.properties,
        ));
    }
    for event in &planned.declared {
        let keys: Vec<&str> = event.keys.iter().map(|key| key.name()).collect();
        let about = format!(
            "Declared for this collector, of keys of the kind {}.",
            keys.join(" or ")
        );
        events.push(listed(&event.name, &event.name, &about, false, &event.properties));
    }
    Ok(Data {
        unplanned: match planned.unplanned {
            Unplanned::Keep => "It is kept, and counted as a difference.",
            Unplanned::Strip => "Properties are taken out, and events are rejected.",
            Unplanned::Reject => "The message is rejected.",
        },
        frame: ask
            .frame("Data", Place::Data)?
            .lead("What may be collected, what became of it, how long it is kept, and what was deleted."),
        outcomes: of(
            "Outcomes",
            "Outcome",
            "outcome",
            "Nothing was received in these days.",
        ),
        violations: of(
            "Violations",
            "Violation",
            "violation",
            "Everything that was kept is as the plan says.",
        ),
        drifts: of(
            "Clocks",
            "Off by at most",
            "drift",
            "No clock of a sender was compared in these days.",
        ),
        csv: ask
            .query
            .csv("ingest-quality", &ask.query.filter, &[("per", "all")]),
        raw: age(retention.raw),
        sums: age(retention.rollups),
        deletions,
        plan_version: plan.version.clone(),
        events,
    })
}

/// The receipt of a deletion, as it was signed.
pub(crate) async fn receipt(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let stated = parse(query.as_bytes()).find(|(name, _)| name == "deletion");
    let Some(id) = stated.and_then(|(_, id)| id.parse::<i64>().ok()) else {
        return Failure::Nothing.page(&viewer);
    };
    match app.look(move |reader| reader.deletion_receipt(id)).await {
        Ok(Some(Some(receipt))) => file(JSON, &format!("receipt-{id}.json"), receipt, true),
        // One that is not done has none.
        Ok(_) => Failure::Nothing.page(&viewer),
        Err(error) => Failure::from(error).page(&viewer),
    }
}

fn age(age: Age) -> String {
    let Some(age) = age else {
        return "for ever".to_owned();
    };
    match age.as_secs() {
        days if days % DAY == 0 => format!("{} days", days / DAY),
        hours => format!("{} hours", hours / HOUR),
    }
}

fn deletions(ask: &Ask<'_>, reader: &Reader) -> Result<Table, Failure> {
    let rows = reader.deletions()?.into_iter().rev().map(|deletion| {
        let receipt = match deletion.state.as_str() {
            "done" => Cell::to(
                "receipt",
                ask.query.at(&format!("{RECEIPT}?deletion={}", deletion.id)),
            ),
            _ => Cell::default(),
        };
        vec![
            Cell::new(deletion.id.to_string()),
            Cell::new(deletion.kind),
            Cell::new(deletion.state),
            Cell::new(deletion.asked.to_string()),
            Cell::new(deletion.finished.map(|time| time.to_string()).unwrap_or_default()),
            Cell::new(deletion.messages.to_string()),
            receipt,
        ]
    });
    let names = [
        "#Number",
        "Of",
        "State",
        "Asked for",
        "Done",
        "#Messages",
        "Signed receipt",
    ];
    Ok(Table::new("Deletions", &names, rows).or("Nobody has asked to be forgotten."))
}

fn listed(title: &str, name: &str, description: &str, opt_in: bool, properties: &[Property]) -> Listed {
    let rows = properties.iter().map(|property| {
        vec![
            Cell::new(property.name.clone()),
            Cell::new(type_of(property.kind)),
            Cell::new(property.unit.clone().unwrap_or_default()),
            Cell::new(property.description.clone()),
            Cell::new(property.source.clone()),
            Cell::new(presence(property.presence)),
            Cell::new(sensitivity(property.sensitivity)),
            Cell::new(property.since.clone()),
        ]
    });
    let names = [
        "Property",
        "Type",
        "Unit",
        "What it tells",
        "Source",
        "When",
        "Sensitivity",
        "Since",
    ];
    Listed {
        title: title.to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
        opt_in,
        properties: Table::new(title, &names, rows).or("It has no properties of its own."),
    }
}

fn type_of(kind: PropertyKind) -> &'static str {
    match kind {
        PropertyKind::String => "text",
        PropertyKind::Integer => "whole number",
        PropertyKind::Number => "number",
        PropertyKind::Boolean => "true or false",
        PropertyKind::Names => "list of names",
    }
}

fn presence(presence: Presence) -> &'static str {
    match presence {
        Presence::Always => "always",
        Presence::WhenSet => "where it is configured",
        Presence::WhenKnown => "when the source told it",
        Presence::WhenAny => "when there is any",
    }
}

fn sensitivity(sensitivity: Sensitivity) -> &'static str {
    match sensitivity {
        Sensitivity::Operational => "operational",
        Sensitivity::Pseudonymous => "pseudonymous",
        Sensitivity::Identifying => "identifying",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ages_are_said_in_days_or_hours() {
        assert_eq!(age(None), "for ever");
        assert_eq!(age(Some(Duration::from_secs(3 * DAY))), "3 days");
        assert_eq!(age(Some(Duration::from_secs(36 * HOUR))), "36 hours");
    }
}
