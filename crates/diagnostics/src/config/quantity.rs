//! Durations (`48h`, `1ms`) as people write them.

use std::time::Duration;

use jiff::SignedDuration;

/// Longest duration: ten years. What is added to it stays within all clocks.
const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);

/// Reads a duration.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let duration: SignedDuration = text.parse().ok()?;
    let duration = Duration::try_from(duration).ok()?;
    (duration <= LONGEST).then_some(duration)
}

/// Shows a duration such that it reads back.
pub(super) fn show_duration(duration: Duration) -> String {
    SignedDuration::try_from(duration).map_or_else(|_| String::new(), |duration| format!("{duration:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_back() {
        for text in ["48h", "1ms", "30s", "1h 30m"] {
            let read = duration(text).unwrap();
            assert_eq!(duration(&show_duration(read)), Some(read));
        }
        assert_eq!(show_duration(Duration::from_secs(48 * 3600)), "48h");
        assert_eq!(
            (duration("-1s"), duration("soon"), duration("")),
            (None, None, None)
        );
        assert_eq!(duration("87600h"), Some(LONGEST));
        for text in ["87601h", "9223372036854775807s"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
