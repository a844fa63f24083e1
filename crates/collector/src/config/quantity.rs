//! Durations (`48h`, `1ms`), sizes (`64 MiB`) and rates (`100/s burst 500`) as people write them.

use std::time::Duration;

use jiff::SignedDuration;

use crate::limit::bucket::Rate;
use crate::retention::Age;

const FOREVER: &str = "forever";
/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;
const SHORTEST_AGE: Duration = Duration::from_hours(1);
/// Shortest and longest time for which somebody may stay logged in.
const SESSIONS: (Duration, Duration) = (Duration::from_mins(1), Duration::from_hours(366 * 24));
/// No limit.
const NO_RATE: &str = "none";
const PER_SECOND: &str = "/s";
const BURST: &str = "burst";
/// Units of sizes, the largest first.
const UNITS: [(&str, usize); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// Reads a duration.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let duration: SignedDuration = text.parse().ok()?;
    Duration::try_from(duration).ok()
}

/// Shows a duration such that it reads back.
pub(super) fn show_duration(duration: Duration) -> String {
    SignedDuration::try_from(duration).map_or_else(|_| String::new(), |duration| format!("{duration:#}"))
}

/// Reads an age: `forever`, whole days (`400d`), or a duration.
pub(super) fn age(text: &str) -> Option<Age> {
    let text = text.trim();
    if text == FOREVER {
        return Some(None);
    }
    let age = days_or_duration(text)?;
    // What is gone at once could not be counted either.
    (age >= SHORTEST_AGE).then_some(Some(age))
}

/// Reads how long somebody may stay logged in.
pub(super) fn lifetime(text: &str) -> Option<Duration> {
    let (shortest, longest) = SESSIONS;
    days_or_duration(text.trim()).filter(|lifetime| (shortest..=longest).contains(lifetime))
}

fn days_or_duration(text: &str) -> Option<Duration> {
    let days = text
        .strip_suffix('d')
        .and_then(|days| days.trim_end().parse::<u64>().ok());
    match days {
        Some(days) => Some(Duration::from_secs(days.checked_mul(DAY)?)),
        None => duration(text),
    }
}

/// Shows an age such that it reads back.
pub(super) fn show_age(age: Age) -> String {
    match age {
        None => FOREVER.to_owned(),
        Some(age) if age.subsec_nanos() == 0 && age.as_secs().is_multiple_of(DAY) => {
            format!("{}d", age.as_secs() / DAY)
        }
        Some(age) => show_duration(age),
    }
}

/// Reads a size: a whole number and a unit; without a unit, bytes.
pub fn size(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text[digits.len()..].trim();
    let factor = match unit {
        "" => 1,
        _ => UNITS.iter().find(|(name, _)| *name == unit)?.1,
    };
    digits.parse::<usize>().ok()?.checked_mul(factor)
}

/// Shows a size such that it reads back.
pub(super) fn show_size(bytes: usize) -> String {
    let fitting = UNITS
        .iter()
        .find(|(_, factor)| bytes != 0 && bytes.is_multiple_of(*factor));
    let (unit, factor) = fitting.unwrap_or(&("B", 1));
    format!("{} {unit}", bytes / factor)
}

/// Reads a rate: `none`, or so much a second, and how much at once.
pub(super) fn rate(text: &str) -> Option<Option<Rate>> {
    if text.trim() == NO_RATE {
        return Some(None);
    }
    let (per_second, burst) = text.split_once(PER_SECOND)?;
    let burst = match burst.trim() {
        "" => per_second,
        burst => burst.strip_prefix(BURST)?,
    };
    let number = |text| size(text).and_then(|number| u64::try_from(number).ok());
    Rate::new(number(per_second)?, number(burst)?).map(Some)
}

/// Shows a rate such that it reads back.
pub(super) fn show_rate(rate: Option<Rate>, show: fn(u64) -> String) -> String {
    rate.map_or_else(
        || NO_RATE.to_owned(),
        |Rate { per_second, burst }| format!("{}{PER_SECOND} {BURST} {}", show(per_second), show(burst)),
    )
}

/// Shows a number of bytes such that it reads back.
pub(super) fn show_bytes(bytes: u64) -> String {
    usize::try_from(bytes).map_or_else(|_| bytes.to_string(), show_size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_read_back() {
        let new = |per_second, burst| Some(Rate::new(per_second, burst));
        for (text, read, shown) in [
            ("none", Some(None), "none"),
            ("10/s", new(10, 10), "10/s burst 10"),
            ("10/s burst 30", new(10, 30), "10/s burst 30"),
            (" 10 /s  burst  30 ", new(10, 30), "10/s burst 30"),
        ] {
            assert_eq!(rate(text), read);
            assert_eq!(show_rate(read.unwrap(), |number| number.to_string()), shown);
        }
        let bytes = rate("1 MiB/s burst 5MiB").unwrap();
        assert_eq!(bytes, Rate::new(1 << 20, 5 << 20));
        assert_eq!(show_rate(bytes, show_bytes), "1 MiB/s burst 5 MiB");
        for text in [
            "",
            "10",
            "0/s",
            "10/s burst 0",
            "10/s bust 20",
            "x/s",
            "10/s 20",
            "-1/s",
        ] {
            assert_eq!(rate(text), None, "{text}");
        }
    }

    #[test]
    fn quantities_read_back() {
        for bytes in [0, 1, 1000, 1024, 64 << 20, 3 << 30] {
            assert_eq!(size(&show_size(bytes)), Some(bytes));
        }
        assert_eq!(show_size(64 << 20), "64 MiB");
        assert_eq!((size("12"), size("2KiB")), (Some(12), Some(2048)));
        assert_eq!((size("MiB"), size("-1 B"), size("1 MB")), (None, None, None));
        for text in ["48h", "1ms", "30s", "1h 30m"] {
            let read = duration(text).unwrap();
            assert_eq!(duration(&show_duration(read)), Some(read));
        }
        assert_eq!(show_duration(Duration::from_secs(48 * 3600)), "48h");
        assert_eq!(
            (duration("-1s"), duration("soon"), duration("")),
            (None, None, None)
        );
    }
}
