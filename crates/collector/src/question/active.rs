//! Active installations: how many report, over time, by version, provider or variant.

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::clusters::Clusters;
use super::day::{Date, Span};
use super::group::Group;
use super::ratio::ratio;
use super::scope::{AskError, Scope};
use super::spans::by_span;
use crate::sheet::Wanted;

/// The installations of a group in a span of days. One that changed its group within it is in both.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// First day of the span.
    pub start: Date,
    /// Version, provider or variant; empty where they are not kept apart.
    pub group: String,
    /// Installations of which a report counts in the span.
    pub installations: u64,
    /// Of all installations of the span, from 0 to 1.
    pub share: f64,
}

/// Of all days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Total {
    /// Installations of which a report counts.
    pub installations: u64,
}

/// Asks it; by day and version where nothing else is said.
///
/// # Errors
/// When the database can't be read.
pub fn ask(scope: &Scope<'_>) -> Result<Answer<Row, Total>, AskError> {
    let groups = scope.groups(Group::Version);
    let mut all = Clusters::default();
    let mut rows = Vec::new();
    by_span(
        scope,
        Span::Day,
        |day| scope.view(day, &Wanted::default()),
        |sets: &mut Vec<Clusters>, view| {
            sets.resize(groups.len(), Clusters::default());
            let mut group_of = groups.in_order();
            for (_, line) in view.lines().filter(|(_, line)| line.reported) {
                if let Some(set) = group_of(line.edition).and_then(|group| sets.get_mut(group)) {
                    set.insert(line.cluster);
                }
            }
        },
        |start, sets| {
            let mut of_span = Clusters::default();
            sets.iter().for_each(|set| of_span.add(set));
            all.add(&of_span);
            scope.make_rows(sets.iter().filter(|set| !set.is_empty()).count())?;
            let named = groups.names.iter().zip(&sets).filter(|(_, set)| !set.is_empty());
            rows.extend(named.map(|(name, set)| Row {
                start: Date(start),
                group: name.clone(),
                installations: set.len(),
                share: ratio(set.len(), of_span.len()),
            }));
            Ok(())
        },
    )?;
    let installations = all.len();
    Ok(Answer::new(scope, installations, Total { installations }, rows))
}
