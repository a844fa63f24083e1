//! Popularity: which packages and frameworks are installed on how many of the installations that tell.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::clusters::Clusters;
use super::day::{Date, Span};
use super::ratio::ratio;
use super::scope::{AskError, Scope};
use super::spans::by_span;
use super::view::View;
use crate::delta::{Day, Facet};
use crate::sheet::Wanted;

/// A package or framework in a span of days.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// First day of the span.
    pub start: Date,
    /// `package` or `framework`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Installations that had it at any time of the span.
    pub installations: u64,
    /// Of the installations that told which they have, from 0 to 1.
    pub share: f64,
    /// `share` in the span directly before; of all days together, in as many days before. Absent where nobody told then.
    pub before: Option<f64>,
    /// `share` less `before`.
    pub change: Option<f64>,
}

/// Of all days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Total {
    /// Installations that told which packages they have.
    pub told_packages: u64,
    /// Installations that told which frameworks they have.
    pub told_frameworks: u64,
    /// Packages.
    pub packages: u64,
    /// Frameworks.
    pub frameworks: u64,
}

/// What is listed, as what it is called, and the event that lists it.
const LISTS: [(Facet, &str, &str); 2] = [
    (Facet::Package, "package", "package_list"),
    (Facet::Framework, "framework", "mesos_track"),
];

/// Who has what, in a span.
#[derive(Debug, Default)]
struct Having {
    /// By place in [`LISTS`].
    told: [Clusters; LISTS.len()],
    names: HashMap<(usize, u64), Clusters>,
}

/// Asks it; over all days where nothing else is said. The latest span comes first, in it packages and then frameworks, the most
/// popular first.
///
/// # Errors
/// When the database can't be read.
pub fn ask(scope: &Scope<'_>) -> Result<Answer<Row, Total>, AskError> {
    let earlier = scope.filter.before();
    let mut before: Option<(Day, Having)> = None;
    if !scope.days().is_empty() {
        having(&scope.with(&earlier)?, |start, having| {
            before = Some((start, having));
            Ok(())
        })?;
    }
    let span = scope.filter.span.unwrap_or_default();
    // Where the span begins that ends with the day before another one begins.
    let previous = |start: Day| {
        let from = if start > scope.filter.from.0 {
            scope.filter.from.0
        } else {
            earlier.from.0
        };
        span.start(Day(start.0 - 1), from).max(from)
    };
    let mut all = Having::default();
    let mut spans: Vec<Vec<Row>> = Vec::new();
    having(scope, |start, having| {
        scope.make_rows(having.names.len())?;
        let mut of_span: Vec<(usize, Row)> = Vec::with_capacity(having.names.len());
        for ((list, name), clusters) in &having.names {
            let Some((_, kind, _)) = LISTS.get(*list) else {
                continue;
            };
            let share = having.share(*list, clusters);
            let directly = before.as_ref().filter(|(known, _)| *known == previous(start));
            let before = directly.and_then(|(_, earlier)| earlier.share_of(*list, *name));
            let row = Row {
                start: Date(start),
                kind,
                name: scope.snapshot.name(*name)?,
                installations: clusters.len(),
                share: share.unwrap_or_default(),
                before,
                change: share.zip(before).map(|(share, before)| share - before),
            };
            of_span.push((*list, row));
            all.names.entry((*list, *name)).or_default().add(clusters);
        }
        for (all, told) in all.told.iter_mut().zip(&having.told) {
            all.add(told);
        }
        of_span.sort_by(|(list, a), (other, b)| {
            let popular = b.installations.cmp(&a.installations);
            list.cmp(other).then(popular).then_with(|| a.name.cmp(&b.name))
        });
        spans.push(of_span.into_iter().map(|(_, row)| row).collect());
        before = Some((start, having));
        Ok(())
    })?;
    let count = |wanted: usize| all.names.keys().filter(|(list, _)| *list == wanted).count() as u64;
    let [packages, frameworks] = &all.told;
    let total = Total {
        told_packages: packages.len(),
        told_frameworks: frameworks.len(),
        packages: count(0),
        frameworks: count(1),
    };
    let mut behind = packages.clone();
    behind.add(frameworks);
    let rows = spans.into_iter().rev().flatten().collect();
    Ok(Answer::new(scope, behind.len(), total, rows))
}

/// Who has what, span by span.
fn having(
    scope: &Scope<'_>,
    finish: impl FnMut(Day, Having) -> Result<(), AskError>,
) -> Result<(), AskError> {
    let mut events = [None; LISTS.len()];
    for (event, (_, _, name)) in events.iter_mut().zip(LISTS) {
        *event = scope.snapshot.number(name)?;
    }
    let wanted = Wanted::of(&[Facet::Package, Facet::Framework, Facet::Event]);
    let look = |day| scope.view(day, &wanted);
    let each = |having: &mut Having, view: &View| {
        for (list, (facet, _, _)) in LISTS.iter().enumerate() {
            for column in view.columns(*facet) {
                let clusters = having.names.entry((list, column.key)).or_default();
                view.pieces(column, 0)
                    .for_each(|piece| clusters.insert_all(piece.clusters));
            }
        }
        for (told, event) in having.told.iter_mut().zip(events) {
            let columns = view
                .columns(Facet::Event)
                .filter(|column| Some(column.key) == event);
            for column in columns {
                view.pieces(column, 0)
                    .for_each(|piece| told.insert_all(piece.clusters));
            }
        }
        // A name that only messages of no cluster have, or clusters that are filtered out.
        having.names.retain(|_, clusters| !clusters.is_empty());
    };
    by_span(scope, Span::All, look, each, finish)
}

impl Having {
    fn share(&self, list: usize, clusters: &Clusters) -> Option<f64> {
        let told = self.told.get(list).map(Clusters::len)?;
        (told > 0).then(|| ratio(clusters.len(), told))
    }

    fn share_of(&self, list: usize, name: u64) -> Option<f64> {
        let nobody = Clusters::default();
        self.share(list, self.names.get(&(list, name)).unwrap_or(&nobody))
    }
}
