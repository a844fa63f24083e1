//! Time on the wire: RFC 3339, UTC, milliseconds.

use jiff::Timestamp;

/// `2026-11-22T11:52:54.007Z`
pub fn rfc3339(at: Timestamp) -> String {
    format!("{at:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_milliseconds_always() {
        assert_eq!(
            rfc3339("2026-11-22T11:52:54Z".parse().unwrap()),
            "2026-11-22T11:52:54.000Z"
        );
        assert_eq!(
            rfc3339("2026-11-22T12:52:54.0079+01:00".parse().unwrap()),
            "2026-11-22T11:52:54.007Z"
        );
    }
}
