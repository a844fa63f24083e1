//! What questions that are asked at one sitting, and of one snapshot, need not each find out for themselves: a page asks a dozen about
//! the same days.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::day::Date;
use super::fared::FaredDay;
use super::filter::Filter;
use super::tier::Standings;
use crate::delta::Day;
use crate::store::StoreError;

/// How much of days is kept, in small things of some 16 to 48 bytes each; what is behind that is found out again.
const ROOM: usize = 1 << 20;

/// The days of a filter.
type Days = HashMap<Day, Rc<FaredDay>>;
/// What standings depend on: the first day, the last, and the hour before which reports are to be there.
type AsOf = (Date, Date, i64);

/// A sitting. Cheap to clone: all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Sitting(Rc<Known>);

#[derive(Debug, Default)]
struct Known {
    standings: RefCell<HashMap<AsOf, Rc<OnceCell<Standings>>>>,
    /// By what chooses lines.
    fared: RefCell<Vec<(Filter, Days)>>,
    held: RefCell<usize>,
}

impl Sitting {
    /// Where installations stand as a filter asks; empty until somebody finds out.
    pub(super) fn standings(&self, filter: &Filter) -> Rc<OnceCell<Standings>> {
        let as_of = (filter.from, filter.to, filter.end());
        Rc::clone(self.0.standings.borrow_mut().entry(as_of).or_default())
    }

    /// How units fared on a day, or what `find_out` says of that.
    pub(super) fn fared(
        &self,
        filter: &Filter,
        day: Day,
        find_out: impl FnOnce() -> Result<FaredDay, StoreError>,
    ) -> Result<Rc<FaredDay>, StoreError> {
        let lines = filter.of_lines();
        let known = self.0.fared.borrow().iter().find_map(|(of, days)| {
            let days = (*of == lines).then_some(days)?;
            days.get(&day).cloned()
        });
        if let Some(known) = known {
            return Ok(known);
        }
        let found = Rc::new(find_out()?);
        let held = *self.0.held.borrow() + found.size();
        if held <= ROOM {
            *self.0.held.borrow_mut() = held;
            let mut all = self.0.fared.borrow_mut();
            match all.iter_mut().find(|(of, _)| *of == lines) {
                Some((_, days)) => drop(days.insert(day, Rc::clone(&found))),
                None => all.push((lines, Days::from([(day, Rc::clone(&found))]))),
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tier::Flag;
    use super::*;

    #[test]
    fn a_day_is_found_out_once_for_the_same_lines() {
        let sitting = Sitting::default();
        let times = std::cell::Cell::new(0);
        let ask = |filter: &Filter, day| {
            let find_out = || {
                times.set(times.get() + 1);
                Ok(FaredDay::of(&super::super::View::default(), Default::default()))
            };
            sitting.clone().fared(filter, Day(day), find_out).unwrap();
            times.get()
        };
        let all = Filter::up_to(Day(20_779));
        let week = Filter {
            span: Some(super::super::Span::Week),
            ..all.before()
        };
        assert_eq!(
            (ask(&all, 1), ask(&all, 1), ask(&week, 1), ask(&all, 2)),
            (1, 1, 1, 2)
        );
        let of_aws = Filter {
            providers: ["aws".to_owned()].into(),
            ..all.clone()
        };
        assert_eq!((ask(&of_aws, 1), ask(&all, 1)), (3, 3));
        // Who is of CI depends on the days.
        let without = Filter {
            without: [Flag::Ci].into(),
            ..all
        };
        assert_eq!((ask(&without, 1), ask(&without.before(), 1)), (4, 5));
        let standings = |filter| Rc::as_ptr(&sitting.standings(filter));
        assert_eq!(standings(&without), standings(&of_aws));
        assert_ne!(standings(&without), standings(&without.before()));
    }
}
