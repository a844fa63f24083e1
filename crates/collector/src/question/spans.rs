//! What days add up to, span by span.

use super::day::Span;
use super::scope::{AskError, Scope};
use crate::delta::Day;
use crate::store::StoreError;

/// What the days of a span add up to, one span after the other: so an answer about years takes no more memory than its rows.
#[derive(Debug)]
pub(super) struct Spans<T> {
    span: Span,
    from: Day,
    current: Option<(Day, T)>,
}

impl<T: Default> Spans<T> {
    /// Of the days from one on.
    pub(super) const fn new(span: Span, from: Day) -> Spans<T> {
        Spans {
            span,
            from,
            current: None,
        }
    }

    /// Goes on to a day, the days in their order: what its span adds up to so far, and what the one before does where that is over,
    /// with the first day of it.
    pub(super) fn go_on(&mut self, day: Day) -> (&mut T, Option<(Day, T)>) {
        // The first may have begun before what is asked about.
        let start = self.span.start(day, self.from).max(self.from);
        let over = self.current.take_if(|(known, _)| *known != start);
        let (_, sum) = self.current.get_or_insert_with(|| (start, T::default()));
        (sum, over)
    }

    /// The last one.
    pub(super) fn end(&mut self) -> Option<(Day, T)> {
        self.current.take()
    }
}

/// Walks through the days of a scope, span by span: `each` adds what `look` sees of a day to what its span is, `finish` takes that when
/// it is over, with the first day of it. Spans come in the order of time.
///
/// # Errors
/// When the database can't be read, or as `finish` says.
pub(super) fn by_span<T: Default, V>(
    scope: &Scope<'_>,
    usual: Span,
    look: impl Fn(Day) -> Result<V, StoreError>,
    mut each: impl FnMut(&mut T, &V),
    mut finish: impl FnMut(Day, T) -> Result<(), AskError>,
) -> Result<(), AskError> {
    let mut spans = Spans::new(scope.filter.span.unwrap_or(usual), scope.filter.from.0);
    for day in scope.days() {
        let seen = look(*day)?;
        let (sum, over) = spans.go_on(*day);
        each(sum, &seen);
        if let Some((start, over)) = over {
            finish(start, over)?;
        }
    }
    match spans.end() {
        Some((start, over)) => finish(start, over),
        None => Ok(()),
    }
}
