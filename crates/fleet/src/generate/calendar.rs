//! Days and hours as numbers within a fleet's time, and as texts.

use std::fmt;
use std::str::FromStr;

use heliograph_wire::id::Hour;

/// Hours of a day.
pub(super) const DAY: u32 = 24;

/// A day of UTC, written `2026-11-22`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(i64);

impl Date {
    /// The last day of a fleet where no other is asked for.
    pub(super) const LATEST: Self = Self(20_779 * 24);
}

/// A text that is no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoDate;

/// The time of a fleet: hours and days are counted from its beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar {
    first: i64,
    pub(super) days: u32,
}

impl fmt::Display for NoDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a day such as 2026-11-22")
    }
}

impl std::error::Error for NoDate {}

impl FromStr for Date {
    type Err = NoDate;

    fn from_str(text: &str) -> Result<Self, NoDate> {
        let hour: Hour = format!("{text}T00Z").parse().map_err(|_| NoDate)?;
        Ok(Self(hour.number()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&day(self.0))
    }
}

impl Calendar {
    /// So many days, of which `until` is the last.
    pub(super) fn new(days: u32, until: Date) -> Self {
        let first = until.0 - i64::from(DAY) * (i64::from(days) - 1);
        Self { first, days }
    }

    pub(super) const fn hours(&self) -> u32 {
        self.days * DAY
    }

    /// As signal writes an hour: `2026-11-22T11Z`.
    pub(super) fn hour_text(&self, hour: u32) -> String {
        text(self.first + i64::from(hour))
    }

    /// `2026-11-22`
    pub(super) fn day_text(&self, number: u32) -> String {
        day(self.first + i64::from(number * DAY))
    }
}

fn text(hour: i64) -> String {
    Hour::from_number(hour).map_or_else(String::new, |hour| hour.to_string())
}

fn day(hour: i64) -> String {
    text(hour).split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_up_to_the_last() {
        let calendar = Calendar::new(30, "2026-11-22".parse().unwrap());
        assert_eq!(calendar.day_text(0), "2026-10-24");
        assert_eq!(calendar.day_text(29), "2026-11-22");
        assert_eq!(calendar.hour_text(calendar.hours() - 1), "2026-11-22T23Z");
        assert_eq!("2026-11-22".parse::<Date>(), Ok(Date::LATEST));
        assert_eq!(Date::LATEST.to_string(), "2026-11-22");
        for text in ["", "2026-13-01", "2026-11-22T", "22.11.2026"] {
            assert_eq!(text.parse::<Date>(), Err(NoDate), "{text}");
        }
    }
}
