//! Time on the wire: RFC 3339, UTC, milliseconds.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;

const MILLISECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// `2026-11-22T11:52:54.007Z`
pub fn rfc3339(at: Timestamp) -> String {
    let mut text = String::with_capacity(24);
    // Writing to memory can't fail.
    let _ = MILLISECONDS.print_timestamp(&at, &mut text);
    text
}

/// Appends the same.
pub fn push_rfc3339(at: Timestamp, out: &mut Vec<u8>) {
    // Writing to memory can't fail.
    let _ = MILLISECONDS.print_timestamp(&at, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appends_the_same() {
        let at: Timestamp = "-000044-03-15T12:00:00.9999Z".parse().unwrap();
        let mut out = b"x".to_vec();
        push_rfc3339(at, &mut out);
        assert_eq!(out, format!("x{at:.3}").as_bytes());
        assert_eq!(out[1..], *rfc3339(at).as_bytes());
    }

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
