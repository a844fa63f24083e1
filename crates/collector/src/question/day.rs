//! Days as people write them, and spans of them.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use jiff::tz::TimeZone;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::delta::Day;

/// How a day is written.
const FORM: &str = "2026-11-22";

/// A day of UTC, written `2026-11-22`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date(pub Day);

/// What days are taken together as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Span {
    /// Each for itself.
    Day,
    /// Weeks, from Monday.
    Week,
    /// Months of the calendar.
    Month,
    /// All of them.
    #[default]
    All,
}

impl Date {
    fn civil(self) -> civil::Date {
        self.0.start().to_zoned(TimeZone::UTC).date()
    }

    /// Hour of this day, as an instant in RFC 3339.
    pub fn hour(self, hour: i64) -> String {
        format!("{self}T{hour:02}:00:00Z")
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.civil();
        write!(f, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
    }
}

impl FromStr for Date {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Date, jiff::Error> {
        // Nothing but a date: with a time it might be another day of UTC.
        let date = civil::Date::strptime("%Y-%m-%d", text)?;
        if text.len() != FORM.len() {
            return Err(jiff::Error::from_args(format_args!("a day is written {FORM}")));
        }
        let start = date.to_zoned(TimeZone::UTC)?.timestamp();
        Ok(Date(Day::of(start)))
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl PartialSchema for Date {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .description(Some("A day of UTC."))
            .into()
    }
}

impl ToSchema for Date {}

impl Span {
    /// All spans, with their names.
    pub const ALL: [(Span, &'static str); 4] = [
        (Span::Day, "day"),
        (Span::Week, "week"),
        (Span::Month, "month"),
        (Span::All, "all"),
    ];

    /// The first day of the span that a day is in; `from` where all days are one.
    pub fn start(self, day: Day, from: Day) -> Day {
        let date = Date(day).civil();
        match self {
            Span::Day => day,
            Span::Week => Day(day.0 - i64::from(date.weekday().to_monday_zero_offset())),
            Span::Month => Day(day.0 - i64::from(date.day()) + 1),
            Span::All => from,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_and_read() {
        for (text, day) in [("1970-01-01", 0), ("2026-11-22", 20_779), ("1969-12-31", -1)] {
            let date: Date = text.parse().unwrap();
            assert_eq!((date.0, date.to_string().as_str()), (Day(day), text));
        }
        for text in [
            "2026-13-01",
            "yesterday",
            "20261122",
            "2026-11-2",
            "2026-11-22T23:00-05:00",
            " 2026-11-22",
            "-002026-11-22",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        assert_eq!(Date(Day(0)).hour(7), "1970-01-01T07:00:00Z");
    }

    #[test]
    fn a_span_begins_on_its_first_day() {
        let day = |text: &str| text.parse::<Date>().unwrap().0;
        let start = |span: Span| Date(span.start(day("2026-11-22"), day("2026-10-03"))).to_string();
        assert_eq!(start(Span::Day), "2026-11-22");
        assert_eq!(start(Span::Week), "2026-11-16");
        assert_eq!(start(Span::Month), "2026-11-01");
        assert_eq!(start(Span::All), "2026-10-03");
        // A Monday.
        assert_eq!(Span::Week.start(day("2026-11-16"), Day(0)), day("2026-11-16"));
    }
}
