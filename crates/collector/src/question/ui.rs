//! UI use: log-ins, users and page views, over time and by route.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::clusters::Clusters;
use super::day::{Date, Span};
use super::group::Group;
use super::scope::{AskError, Scope};
use super::spans::by_span;
use super::view::View;
use crate::delta::Facet;
use crate::sheet::Wanted;

/// The call by which the UI tells that somebody has logged in.
const LOG_IN: &str = "identify";
/// The calls that are views of a page.
const VIEWS: [&str; 2] = ["page", "screen"];

/// The use of the UI in a span of days, of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// First day of the span.
    pub start: Date,
    /// Version, provider or variant; empty where they are not kept apart.
    pub group: String,
    /// Log-ins.
    pub log_ins: u64,
    /// Pages viewed.
    pub page_views: u64,
    /// Users of each day, added up over the days: of one day, how many there were; of more, divided by the days, their daily mean.
    pub user_days: u64,
    /// Installations whose UI was used; 0 where it is not said of which it was.
    pub installations: u64,
}

/// Of all days.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Total {
    /// Log-ins.
    pub log_ins: u64,
    /// Pages viewed.
    pub page_views: u64,
    /// Users of each day, added up over the days.
    pub user_days: u64,
    /// Most users of a day.
    pub most_users: u64,
}

#[derive(Debug, Clone, Default)]
struct Use {
    log_ins: u64,
    page_views: u64,
    user_days: u64,
    installations: Clusters,
}

/// Asks it; by day where nothing else is said.
///
/// # Errors
/// When the database can't be read.
pub fn ask(scope: &Scope<'_>) -> Result<Answer<Row, Total>, AskError> {
    let groups = scope.groups(Group::None);
    let log_in = scope.snapshot.number(LOG_IN)?;
    let mut views = Vec::new();
    for view in VIEWS {
        views.extend(scope.snapshot.number(view)?);
    }
    let mut most_users = 0;
    let wanted = Wanted::of(&[Facet::Call, Facet::User]);
    let look = |day| scope.view(day, &wanted);
    let each = |uses: &mut BTreeMap<usize, Use>, view: &View| {
        let mut users = 0;
        for column in view.columns(Facet::Call).chain(view.columns(Facet::User)) {
            for piece in view.pieces(column, 0) {
                let Some(group) = groups.of(piece.edition) else {
                    continue;
                };
                let used = uses.entry(group).or_default();
                let count = piece.sum().cast_unsigned();
                match column.facet {
                    Facet::User => {
                        used.user_days += count;
                        users += count;
                    }
                    _ if Some(column.key) == log_in => used.log_ins += count,
                    _ if views.contains(&column.key) => used.page_views += count,
                    _ => continue,
                }
                used.installations.insert_all(piece.clusters);
            }
        }
        most_users = users.max(most_users);
    };
    let mut behind = Clusters::default();
    let mut total = Total::default();
    let mut rows = Vec::new();
    by_span(scope, Span::Day, look, each, |start, uses| {
        scope.make_rows(uses.len())?;
        for (group, used) in uses {
            if used.log_ins + used.page_views + used.user_days == 0 {
                continue;
            }
            behind.add(&used.installations);
            total.log_ins += used.log_ins;
            total.page_views += used.page_views;
            total.user_days += used.user_days;
            rows.push(Row {
                start: Date(start),
                group: groups.names.get(group).cloned().unwrap_or_default(),
                log_ins: used.log_ins,
                page_views: used.page_views,
                user_days: used.user_days,
                installations: used.installations.len(),
            });
        }
        Ok(())
    })?;
    total.most_users = most_users;
    Ok(Answer::new(scope, behind.len(), total, rows))
}

/// How often something was counted by name and group, and on which installations.
pub(super) type Counts = HashMap<(u64, usize), (u64, Clusters)>;

/// Adds up the first amount of the columns of a facet.
pub(super) fn count(counts: &mut Counts, view: &View, facet: Facet, groups: &super::group::Groups) {
    for column in view.columns(facet) {
        for piece in view.pieces(column, 0) {
            if let Some(group) = groups.of(piece.edition) {
                let (sum, clusters) = counts.entry((column.key, group)).or_default();
                *sum += piece.sum().cast_unsigned();
                clusters.insert_all(piece.clusters);
            }
        }
    }
}
