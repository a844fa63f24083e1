//! What days add up to, span by span.

use super::day::Span;
use super::scope::{AskError, Scope};
use super::view::View;
use crate::delta::Day;
use crate::sheet::Wanted;

/// Walks through the days of a scope, span by span: `each` adds a day to what its span is, `finish` takes that when it is over, with
/// the first day of it. Spans come in the order of time, and one at a time, so that an answer about years takes no more memory than
/// its rows.
///
/// # Errors
/// When the database can't be read, or as `finish` says.
pub(super) fn by_span<T: Default>(
    scope: &Scope<'_>,
    usual: Span,
    wanted: &Wanted,
    mut each: impl FnMut(&mut T, &View),
    mut finish: impl FnMut(Day, T) -> Result<(), AskError>,
) -> Result<(), AskError> {
    let span = scope.filter.span.unwrap_or(usual);
    let from = scope.filter.from.0;
    let mut current: Option<(Day, T)> = None;
    for day in scope.days() {
        let view = scope.view(*day, wanted)?;
        // The first may have begun before what is asked about.
        let start = span.start(*day, from).max(from);
        if let Some((start, over)) = current.take_if(|(known, _)| *known != start) {
            finish(start, over)?;
        }
        let (_, sum) = current.get_or_insert_with(|| (start, T::default()));
        each(sum, &view);
    }
    match current {
        Some((start, over)) => finish(start, over),
        None => Ok(()),
    }
}
