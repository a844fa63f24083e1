//! What a page asks with.

use std::collections::BTreeMap;

use super::form::Form;
use super::frame::{Frame, Place};
use super::query::Query;
use crate::access::guard::Viewer;
use crate::delta::Day;
use crate::question::{Answer, AskError, Date, Filter, Group, Scope, Sitting, Span};
use crate::store::Snapshot;

/// Most days that are shown one by one; of more, weeks are, and of many more, months.
const DAYS: i64 = 120;
const WEEKS: i64 = 7 * 120;

/// Who asks for what, and the sums at one moment.
pub(crate) struct Ask<'a> {
    pub(crate) snapshot: &'a Snapshot<'a>,
    pub(crate) sitting: Sitting,
    pub(crate) query: &'a Query,
    pub(crate) viewer: &'a Viewer,
    /// The page's own path.
    pub(crate) path: String,
}

impl Ask<'_> {
    /// Asks a question with a filter.
    ///
    /// # Errors
    /// As the question.
    pub(crate) fn of<R, T>(
        &self,
        filter: &Filter,
        question: impl FnOnce(&Scope<'_>) -> Result<Answer<R, T>, AskError>,
    ) -> Result<Answer<R, T>, AskError> {
        question(&self.scope(filter)?)
    }

    /// What a filter leaves.
    ///
    /// # Errors
    /// When the database can't be read.
    pub(crate) fn scope<'f>(&'f self, filter: &'f Filter) -> Result<Scope<'f>, AskError> {
        Ok(Scope::at(self.snapshot, filter, &self.sitting)?)
    }

    /// The filter, with days taken together so and rows kept apart so.
    pub(crate) fn filter(&self, span: Span, group: Group) -> Filter {
        Filter {
            span: Some(span),
            group: Some(group),
            ..self.query.filter.clone()
        }
    }

    /// The frame of a page with filters.
    ///
    /// # Errors
    /// When the database can't be read.
    pub(crate) fn frame(&self, title: &str, place: Place) -> Result<Frame, AskError> {
        let editions: Vec<_> = self.snapshot.editions()?.into_values().collect();
        let form = Form::new(&self.path, self.query, &editions);
        Ok(Frame::new(title, Some(place), self.viewer, Some(self.query)).form(form))
    }

    /// What stands on the axis of time.
    pub(crate) fn axis(&self) -> Axis {
        let filter = &self.query.filter;
        let span = match filter.days() {
            days if days <= DAYS => Span::Day,
            days if days <= WEEKS => Span::Week,
            _ => Span::Month,
        };
        Axis::new(filter.from.0, filter.to.0, span)
    }
}

/// An axis of time: days, or the first days of weeks or months.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Axis {
    /// What a place of it is.
    pub(crate) span: Span,
    /// Its places.
    pub(crate) days: Vec<Day>,
}

impl Axis {
    fn new(from: Day, to: Day, span: Span) -> Axis {
        let mut days: Vec<Day> = (from.0..=to.0)
            .map(|day| span.start(Day(day), from).max(from))
            .collect();
        days.dedup();
        Axis { span, days }
    }

    /// Its span by name.
    pub(crate) fn name(&self) -> &'static str {
        let found = Span::ALL.iter().find(|(span, _)| *span == self.span);
        found.map_or("day", |(_, name)| *name)
    }

    /// `per day`, or `per week`.
    pub(crate) fn per(&self) -> String {
        format!("per {}", self.name())
    }

    /// Values by place; `None` where there is none.
    pub(crate) fn values(&self, known: impl IntoIterator<Item = (Date, f64)>) -> Vec<Option<f64>> {
        let known: BTreeMap<Day, f64> = known.into_iter().map(|(date, value)| (date.0, value)).collect();
        self.days.iter().map(|day| known.get(day).copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_begins_where_it_is_asked_to() {
        // A Sunday to the Tuesday of the second week after.
        let axis = Axis::new(Day(20_779), Day(20_788), Span::Week);
        assert_eq!(axis.days, [Day(20_779), Day(20_780), Day(20_787)]);
        let values = axis.values([(Date(Day(20_780)), 2.0)]);
        assert_eq!(values, [None, Some(2.0), None]);
        assert_eq!(axis.per(), "per week");
    }
}
