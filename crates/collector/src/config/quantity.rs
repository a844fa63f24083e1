//! Durations (`48h`, `1ms`) and sizes (`64 MiB`) as people write them.

use std::time::Duration;

use jiff::SignedDuration;

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

#[cfg(test)]
mod tests {
    use super::*;

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
