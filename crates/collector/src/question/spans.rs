//! Sums of each cluster over a span of days.

use std::collections::BTreeMap;

use super::day::Span;
use super::scope::{AskError, Scope, View};
use crate::delta::Day;
use crate::sheet::Wanted;

/// Walks through the days of a scope, span by span: what `each` makes of the days of one, by the first day of the span.
///
/// # Errors
/// When the database can't be read.
pub(super) fn by_span<T: Default>(
    scope: &Scope<'_>,
    usual: Span,
    wanted: &Wanted,
    mut each: impl FnMut(&mut T, &View),
) -> Result<BTreeMap<Day, T>, AskError> {
    let span = scope.filter.span.unwrap_or(usual);
    let from = scope.filter.from.0;
    let mut spans = BTreeMap::new();
    for day in scope.days() {
        let view = scope.view(*day, wanted)?;
        // The first may have begun before what is asked about.
        let start = span.start(*day, from).max(from);
        each(spans.entry(start).or_default(), &view);
    }
    Ok(spans)
}
