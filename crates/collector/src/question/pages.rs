//! Pages of the UI: how often each route is viewed, and how well it works.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::clusters::Clusters;
use super::day::{Date, Span};
use super::group::Group;
use super::ratio::ratio;
use super::scope::{AskError, Scope};
use super::spans::by_span;
use super::ui::{Counts, count};
use super::view::View;
use crate::delta::{Facet, value_name};
use crate::sheet::Wanted;

/// The events by which the UI tells of an error that nothing caught, and of something that could not be loaded; and their property
/// that names the route.
const ERROR: &str = "ui_error";
const LOAD_FAILED: &str = "ui_load_failed";
const ROUTE: &str = "route";

/// A route in a span of days, of a group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The route, as a template: `/nodes/:id`.
    pub route: String,
    /// First day of the span.
    pub start: Date,
    /// Version, provider or variant; empty where they are not kept apart.
    pub group: String,
    /// How often it was viewed.
    pub page_views: u64,
    /// Errors that nothing caught, where they are told.
    pub errors: u64,
    /// What could not be loaded, where that is told.
    pub failed_loads: u64,
    /// `errors` and `failed_loads` together, per view.
    pub per_view: f64,
    /// Installations on which it was viewed; 0 where it is not said on which.
    pub installations: u64,
}

/// Of all routes and days.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Total {
    /// Routes.
    pub routes: u64,
    /// Views.
    pub page_views: u64,
    /// Errors that nothing caught.
    pub errors: u64,
    /// What could not be loaded.
    pub failed_loads: u64,
    /// Both together, per view.
    pub per_view: f64,
}

/// What is counted by route.
const COUNTED: usize = 3;

/// Which rows come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The most viewed.
    Viewed,
    /// Those that fail most often.
    Failing,
}

/// Asks it; over all days and groups where nothing else is said.
///
/// # Errors
/// When the database can't be read.
pub fn ask(scope: &Scope<'_>, order: Order) -> Result<Answer<Row, Total>, AskError> {
    let groups = scope.groups(Group::None);
    let wanted = Wanted::of(&[Facet::Page, Facet::Value]);
    let look = |day| scope.view(day, &wanted);
    let prefixes = [ERROR, LOAD_FAILED].map(|event| value_name(event, ROUTE, ""));
    let mut names: HashMap<u64, String> = HashMap::new();
    let mut behind = Clusters::default();
    let mut rows = Vec::new();
    let each = |[pages, values]: &mut [Counts; 2], view: &View| {
        count(pages, view, Facet::Page, &groups);
        count(values, view, Facet::Value, &groups);
    };
    by_span(scope, Span::All, look, each, |start, [pages, values]| {
        let mut routes: HashMap<(String, usize), ([u64; COUNTED], Clusters)> = HashMap::new();
        for (counts, of_pages) in [(pages, true), (values, false)] {
            for ((key, group), (sum, clusters)) in counts {
                let name = match names.entry(key) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(scope.snapshot.name(key)?),
                };
                let name = name.as_str();
                let place = prefixes.iter().position(|prefix| name.starts_with(prefix));
                let (place, route) = match (of_pages, place) {
                    (true, _) => (0, name),
                    (false, Some(place)) => {
                        (place + 1, name.get(prefixes[place].len()..).unwrap_or_default())
                    }
                    (false, None) => continue,
                };
                let (sums, installations) = routes.entry((route.to_owned(), group)).or_default();
                if let Some(of_place) = sums.get_mut(place) {
                    *of_place += sum;
                }
                if of_pages {
                    installations.add(&clusters);
                }
            }
        }
        scope.make_rows(routes.len())?;
        for ((route, group), ([page_views, errors, failed_loads], installations)) in routes {
            behind.add(&installations);
            rows.push(Row {
                route,
                start: Date(start),
                group: groups.names.get(group).cloned().unwrap_or_default(),
                page_views,
                errors,
                failed_loads,
                per_view: ratio(errors + failed_loads, page_views),
                installations: installations.len(),
            });
        }
        Ok(())
    })?;
    rows.sort_by(|a, b| {
        let first = match order {
            Order::Viewed => b.page_views.cmp(&a.page_views),
            Order::Failing => b.per_view.total_cmp(&a.per_view),
        };
        let next = || (&a.route, a.start, &a.group).cmp(&(&b.route, b.start, &b.group));
        first.then_with(next)
    });
    let sum = |count: fn(&Row) -> u64| rows.iter().map(count).sum::<u64>();
    let (page_views, errors, failed_loads) = (
        sum(|row| row.page_views),
        sum(|row| row.errors),
        sum(|row| row.failed_loads),
    );
    let total = Total {
        routes: rows.iter().map(|row| &row.route).collect::<BTreeSet<_>>().len() as u64,
        page_views,
        errors,
        failed_loads,
        per_view: ratio(errors + failed_loads, page_views),
    };
    Ok(Answer::new(scope, behind.len(), total, rows))
}
