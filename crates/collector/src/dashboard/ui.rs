//! The UI: how much it is used, and where it fails.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::ask::{Ask, Axis};
use super::chart::bars::{Bar, bars};
use super::chart::line::lines;
use super::chart::{Room, Series, Unit, amount};
use super::failure::Failure;
use super::figure::{Figure, installations_of};
use super::frame::{Frame, Place};
use super::page::{Content, Kind, Visit, show};
use super::table::{Cell, Table};
use super::tile::Tile;
use crate::http::App;
use crate::question::pages::Order;
use crate::question::{Answer, Group, Span, pages, ui};

/// Routes that are shown.
const ROUTES: usize = 12;
/// Fewest views of a route that a share is told of.
const FEWEST: u64 = 20;

type Use = Answer<ui::Row, ui::Total>;
type Pages = Answer<pages::Row, pages::Total>;

/// The page.
#[derive(Template)]
#[template(path = "ui.html")]
struct OfUi {
    frame: Frame,
    tiles: Vec<Tile>,
    views: Figure,
    people: Figure,
    routes: Figure,
    failing: Figure,
}

impl Content for OfUi {
    fn text(&self) -> askama::Result<String> {
        self.render()
    }

    fn figures(&self) -> Vec<&Figure> {
        vec![&self.views, &self.people, &self.routes, &self.failing]
    }
}

/// The UI.
pub(crate) async fn get(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let kind = Kind {
        needs_reports: false,
        ..Kind::of(Place::Ui, &[])
    };
    show(&app, visit, kind, |ask, _| Ok(Box::new(of_ui(ask)?))).await
}

fn of_ui(ask: &Ask<'_>) -> Result<OfUi, Failure> {
    let axis = ask.axis();
    let over_time = ask.of(&ask.filter(axis.span, Group::None), ui::ask)?;
    let viewed = ask.of(&ask.filter(Span::All, Group::None), |scope| {
        pages::ask(scope, Order::Viewed)
    })?;
    let failing = ask.of(&ask.filter(Span::All, Group::None), |scope| {
        pages::ask(scope, Order::Failing)
    })?;
    Ok(OfUi {
        frame: ask
            .frame("UI", Place::Ui)?
            .lead("Log-ins, users and pages of the clusters' web interfaces, as far as they tell."),
        tiles: tiles(&over_time, &failing),
        views: use_of(
            ask,
            &axis,
            &over_time,
            "views",
            "Page views",
            &["page views"],
            |row| vec![row.page_views],
        ),
        people: use_of(
            ask,
            &axis,
            &over_time,
            "people",
            "Log-ins and users",
            &["log-ins", "users by day"],
            |row| vec![row.log_ins, row.user_days],
        ),
        routes: routes(ask, &viewed),
        failing: failures(ask, &failing),
    })
}

fn tiles(used: &Use, failing: &Pages) -> Vec<Tile> {
    let tile = |what, much, note: &str| Tile {
        what,
        much,
        note: note.to_owned(),
        ..Tile::default()
    };
    let count = |count| Unit::Count.show(amount(count));
    vec![
        tile("Log-ins", count(used.total.log_ins), "in these days"),
        tile("Users", count(used.total.most_users), "on the day that had most"),
        tile("Page views", count(used.total.page_views), "in these days"),
        tile(
            "Failures per view",
            match failing.total.page_views {
                0 => "–".to_owned(),
                _ => Unit::Share.show(failing.total.per_view),
            },
            "errors and failed loads, where they are told",
        ),
    ]
}

fn use_of(
    ask: &Ask<'_>,
    axis: &Axis,
    answer: &Use,
    id: &'static str,
    title: &'static str,
    names: &[&'static str],
    values: fn(&ui::Row) -> Vec<u64>,
) -> Figure {
    let series: Vec<Series> = names
        .iter()
        .enumerate()
        .map(|(place, name)| {
            let known = answer.rows.iter().filter_map(|row| {
                let value = values(row).get(place).copied()?;
                Some((row.start, amount(value)))
            });
            Series::new(*name, axis.values(known))
        })
        .collect();
    let cells = answer.rows.iter().rev().map(|row| {
        let mut cells = vec![Cell::new(row.start.to_string())];
        cells.extend(
            values(row)
                .iter()
                .map(|value| Cell::new(Unit::Count.show(amount(*value)))),
        );
        cells.push(Cell::new(Unit::Count.show(amount(row.installations))));
        cells
    });
    let numbers: Vec<String> = names.iter().map(|name| format!("#{name}")).collect();
    let mut columns = vec![axis.name()];
    columns.extend(numbers.iter().map(String::as_str));
    columns.push("#Installations");
    let table = Table::new(title, &columns, cells);
    Figure::new(ask, id, title, Room::HALF, table, |room, label| {
        lines(room, label, &axis.days, &series, Unit::Count)
    })
    .about(format!("{}, {}.", title, axis.per()))
    .behind(answer.installations)
    .csv(ask, "ui-use", &ask.query.filter, &[("per", axis.name())])
}

fn routes(ask: &Ask<'_>, answer: &Pages) -> Figure {
    let shown: Vec<Bar> = answer
        .rows
        .iter()
        .filter(|row| row.page_views > 0)
        .take(ROUTES)
        .map(|row| Bar {
            name: row.route.clone(),
            value: Some(amount(row.page_views)),
            behind: installations_of(row.installations),
            href: String::new(),
        })
        .collect();
    Figure::new(
        ask,
        "routes",
        "Most viewed routes",
        Room::HALF,
        table("Most viewed routes", answer),
        |room, label| bars(room, label, &shown, Unit::Count),
    )
    .about("Views of each route.")
    .behind(answer.installations)
    .csv(ask, "ui-pages", &ask.query.filter, &[("per", "all")])
}

fn failures(ask: &Ask<'_>, answer: &Pages) -> Figure {
    let shown: Vec<Bar> = answer
        .rows
        .iter()
        .filter(|row| row.errors + row.failed_loads > 0)
        .take(ROUTES)
        .map(|row| Bar {
            name: row.route.clone(),
            value: (row.page_views >= FEWEST).then_some(row.per_view),
            behind: format!("{} views", row.page_views),
            href: String::new(),
        })
        .collect();
    let title = "Where it fails";
    Figure::new(ask, "failing", title, Room::HALF, table(title, answer), |room, label| {
        bars(room, label, &shown, Unit::Share)
    })
    .about(format!(
        "Errors and failed loads per view, the worst routes first; only of routes with {FEWEST} views or more."
    ))
    .behind(answer.installations)
    .csv(ask, "ui-reliability", &ask.query.filter, &[("per", "all")])
}

fn table(title: &str, answer: &Pages) -> Table {
    let rows = answer.rows.iter().map(|row| {
        let count = |count| Cell::new(Unit::Count.show(amount(count)));
        vec![
            Cell::new(row.route.clone()),
            count(row.page_views),
            count(row.errors),
            count(row.failed_loads),
            Cell::new(match row.page_views {
                0 => "–".to_owned(),
                _ => Unit::Share.show(row.per_view),
            }),
            count(row.installations),
        ]
    });
    let names = [
        "Route",
        "#Views",
        "#Errors",
        "#Failed loads",
        "#Per view",
        "#Installations",
    ];
    Table::new(title, &names, rows)
}
