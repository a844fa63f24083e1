//! Scales: from values and days to places of a drawing, and where ticks stand.

use jiff::civil;
use jiff::tz::TimeZone;

use crate::delta::Day;

/// A straight scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Linear {
    /// What is drawn at `start` and at `end`.
    pub(crate) values: (f64, f64),
    /// Where.
    pub(crate) places: (f64, f64),
}

impl Linear {
    /// Where a value is drawn; within the scale's ends, whatever it is.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let ((low, high), (start, end)) = (self.values, self.places);
        let span = high - low;
        let part = if span.abs() < f64::EPSILON {
            0.0
        } else {
            ((value - low) / span).clamp(0.0, 1.0)
        };
        start + part * (end - start)
    }
}

/// About `about` round numbers that cover all values from `low` to `high`, nought among them where it lies between: the steps are 1,
/// 2 or 5 times a power of ten. Where all is nought, the axis goes to `least`.
pub(crate) fn ticks(low: f64, high: f64, about: f64, least: f64) -> Vec<f64> {
    let (low, mut high) = (low.min(0.0), high.max(0.0));
    if (high - low).abs() < f64::EPSILON {
        high = least;
    }
    let step = round_step((high - low) / about.max(1.0));
    let first = (low / step + 1e-9).floor();
    let last = (high / step - 1e-9).ceil();
    let mut ticks = Vec::new();
    let mut number = first;
    while number <= last {
        // Not added up, so that nought is nought.
        ticks.push(number * step);
        number += 1.0;
    }
    ticks
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let times = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|times| times * power >= least * (1.0 - 1e-9));
    times.unwrap_or(10.0) * power
}

/// A label of the axis of days, by the place of its day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DayTick {
    /// The place of the day.
    pub(crate) place: usize,
    /// What stands there.
    pub(crate) label: String,
}

/// At most `most` labels for days one after the other: each day, or Mondays, or first days of months.
pub(crate) fn day_ticks(days: &[Day], most: usize) -> Vec<DayTick> {
    type Rule = fn(civil::Date, Day) -> bool;
    let rules: [Rule; 7] = [
        |_, _| true,
        |_, day| day.0 % 2 == 0,
        |date, _| date.weekday() == civil::Weekday::Monday,
        // Of 1970-01-05, a Monday, every other.
        |_, day| (day.0 - 4).rem_euclid(14) == 0,
        |date, _| date.day() == 1,
        |date, _| date.day() == 1 && date.month() % 3 == 1,
        |date, _| date.day() == 1 && date.month() == 1,
    ];
    for rule in rules {
        let chosen: Vec<DayTick> = days
            .iter()
            .enumerate()
            .filter(|(_, day)| rule(civil_date(**day), **day))
            .map(|(place, day)| DayTick {
                place,
                label: short(*day),
            })
            .collect();
        if chosen.len() <= most {
            return chosen;
        }
    }
    Vec::new()
}

fn civil_date(day: Day) -> civil::Date {
    day.start().to_zoned(TimeZone::UTC).date()
}

/// `3 Nov`.
pub(crate) fn short(day: Day) -> String {
    civil_date(day).strftime("%-d %b").to_string()
}

/// `Mon 3 Nov 2026`.
pub(crate) fn long(day: Day) -> String {
    civil_date(day).strftime("%a %-d %b %Y").to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(0.0, 97.0, 4.0, 1.0), [0.0, 50.0, 100.0]);
        assert_eq!(ticks(3.0, 10.0, 5.0, 1.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(ticks(0.0, 0.0, 2.0, 1.0), [0.0, 0.5, 1.0]);
        assert_eq!(ticks(-4.0, 8.0, 4.0, 1.0), [-5.0, 0.0, 5.0, 10.0]);
    }

    #[test]
    fn days_are_labelled_where_there_is_room() {
        let days: Vec<Day> = (20_750..20_780).map(Day).collect();
        let labels = |most| -> Vec<String> {
            day_ticks(&days, most)
                .into_iter()
                .map(|tick| tick.label)
                .collect()
        };
        assert_eq!(labels(40).len(), 30);
        assert_eq!(labels(8), ["26 Oct", "2 Nov", "9 Nov", "16 Nov"]);
        assert_eq!(labels(1), ["1 Nov"]);
        assert_eq!(long(Day(20_779)), "Sun 22 Nov 2026");
    }

    proptest! {
        #[test]
        fn ticks_cover_and_are_few(low in -1e9..1e9_f64, span in 1e-6..1e9_f64, about in 2..9_u8) {
            let high = low + span;
            let ticks = ticks(low, high, about.into(), 1.0);
            let (first, last) = (ticks[0], ticks[ticks.len() - 1]);
            let slack = (last - first) * 1e-6;
            prop_assert!(first <= low.min(0.0) + slack && last >= high.max(0.0) - slack, "{ticks:?}");
            prop_assert!(ticks.len() <= usize::from(about) + 2 && ticks.contains(&0.0), "{ticks:?}");
        }

        #[test]
        fn places_keep_the_order_and_stay_within(low in -1e6..1e6_f64, span in 0.0..1e6_f64, a in -2e6..2e6_f64, b in -2e6..2e6_f64) {
            let scale = Linear { values: (low, low + span), places: (10.0, 90.0) };
            let (a, b) = (a.min(b), a.max(b));
            prop_assert!(scale.place(a) <= scale.place(b));
            prop_assert!((10.0..=90.0).contains(&scale.place(a)));
        }
    }
}
