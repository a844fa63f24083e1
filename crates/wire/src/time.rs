//! Time on the wire: RFC 3339, UTC, milliseconds.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::Offset;

const MILLISECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// `2026-11-22T11:52:54.007Z`
pub fn rfc3339(at: Timestamp) -> String {
    let mut text = String::with_capacity(24);
    // Writing to memory can't fail.
    let _ = MILLISECONDS.print_timestamp(&at, &mut text);
    text
}

/// Appends the same. Digit by digit, since a collector writes four times for each message.
pub fn push_rfc3339(at: Timestamp, out: &mut Vec<u8>) {
    let time = Offset::UTC.to_datetime(at);
    let Ok(year @ 0..=9999) = u32::try_from(time.year()) else {
        // Writing to memory can't fail.
        let _ = MILLISECONDS.print_timestamp(&at, out);
        return;
    };
    let small = |part: i8| u32::from(part.unsigned_abs());
    let mut text = *b"0000-00-00T00:00:00.000Z";
    put(year, &mut text[..4]);
    put(small(time.month()), &mut text[5..7]);
    put(small(time.day()), &mut text[8..10]);
    put(small(time.hour()), &mut text[11..13]);
    put(small(time.minute()), &mut text[14..16]);
    put(small(time.second()), &mut text[17..19]);
    put(u32::from(time.millisecond().unsigned_abs()), &mut text[20..23]);
    out.extend_from_slice(&text);
}

/// Writes the last digits of a number.
fn put(mut number: u32, digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789"[(number % 10) as usize];
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appends_the_same() {
        for text in [
            "-000044-03-15T12:00:00.9999Z",
            "-000001-12-31T23:59:59.999999999Z",
            "0000-01-01T00:00:00.0019Z",
            "1969-12-31T23:59:59.9999Z",
            "2026-11-22T01:02:03.0405Z",
            "2024-02-29T23:59:59.999999Z",
            "9999-12-30T22:00:00.999999999Z",
        ] {
            let at: Timestamp = text.parse().unwrap();
            let mut out = b"x".to_vec();
            push_rfc3339(at, &mut out);
            assert_eq!(out, format!("x{at:.3}").as_bytes());
            assert_eq!(out[1..], *rfc3339(at).as_bytes());
        }
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
