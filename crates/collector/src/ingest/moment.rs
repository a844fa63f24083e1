//! When a message happened: the sender's clock corrected by the collector's.
//!
//! `timestamp = receivedAt - (sentAt - originalTimestamp)`: how long the message waited is measured by one clock, the sender's;
//! when it arrived by another, ours. How far the sender's clock is off (and how long the message travelled) is kept as the drift.
//!
//! A time that can't be right does not cost the message: it is set to one that can, and the record says so. What the sender said
//! stays in `originalTimestamp`.

use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use crate::key::KeyKind;

/// How far in the future of its receipt a message may have happened.
pub const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// What happened before 2000-01-01T00Z is told of by a clock that was never set.
pub const EARLIEST: Timestamp = Timestamp::constant(946_684_800, 0);
/// Digits of a second's fraction that count; further ones are dropped.
const FRACTION_DIGITS: usize = 9;

/// What a message says of time, each as far as it could be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Claims {
    /// `timestamp`
    pub timestamp: Option<Timestamp>,
    /// `originalTimestamp`
    pub original: Option<Timestamp>,
    /// `sentAt` of the message, else of its envelope.
    pub sent: Option<Timestamp>,
    /// `receivedAt`
    pub received: Option<Timestamp>,
}

/// Whose clock is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Ours: a sender's times are corrected.
    Corrected,
    /// Another collector's: it has corrected them already, and says when it received the message.
    Peer,
    /// The sender's, as it stands: what was carried by hand has waited for nobody knows how long.
    Stated,
}

/// The times that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// When it happened, by our clock.
    pub timestamp: Timestamp,
    /// When it happened, by the sender's clock.
    pub original: Option<Timestamp>,
    /// When it left, by the sender's clock.
    pub sent: Option<Timestamp>,
    /// When it arrived.
    pub received: Timestamp,
    /// How far the sender's clock is behind ours, the journey included.
    pub drift: Option<SignedDuration>,
    /// Why it is not what was claimed, if it is not.
    pub amended: Option<Amended>,
}

/// Why a time is not what was claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amended {
    /// It lay further in the future than [`MAX_AHEAD`], and was set there.
    Clamped,
    /// It lay before [`EARLIEST`], or where no time is, and was set to the receipt.
    Absurd,
}

/// Reads a time: RFC 3339 with a fraction of any length, or a zone without a colon (`+0000`).
///
/// A year before 0 is none: RFC 3339 has no such years, and what lies in the second before [`Timestamp::MIN`] the parser would
/// take for a time that there is not.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.starts_with('-') {
        return None;
    }
    let usual = usual(text);
    if usual.is_some() {
        return usual;
    }
    text.parse().ok().or_else(|| shortened(text)?.parse().ok())
}

/// A time as nearly all clients write it, `2026-11-22T11:52:54.007Z`: read without the parser, which takes much longer.
fn usual(text: &str) -> Option<Timestamp> {
    let text: &[u8; 24] = text.as_bytes().try_into().ok()?;
    let marks = [text[4], text[7], text[10], text[13], text[16], text[19], text[23]];
    if marks != *b"--T::.Z" {
        return None;
    }
    let number = |digits: &[u8]| {
        let mut number = 0_i16;
        for digit in digits {
            let digit = char::from(*digit).to_digit(10)?;
            number = number * 10 + i16::try_from(digit).ok()?;
        }
        Some(number)
    };
    let small = |digits: &[u8]| number(digits).and_then(|number| i8::try_from(number).ok());
    let date = Date::new(number(&text[..4])?, small(&text[5..7])?, small(&text[8..10])?).ok()?;
    let nanoseconds = i32::from(number(&text[20..23])?) * 1_000_000;
    let (hour, minute, second) = (
        small(&text[11..13])?,
        small(&text[14..16])?,
        small(&text[17..19])?,
    );
    let time = Time::new(hour, minute, second, nanoseconds).ok()?;
    Offset::UTC.to_timestamp(date.to_datetime(time)).ok()
}

/// The text with a fraction of at most nine digits, if it has a longer one.
fn shortened(text: &str) -> Option<String> {
    let (head, tail) = text.split_once('.')?;
    let digits = tail.bytes().take_while(|byte| byte.is_ascii_digit()).count();
    (digits > FRACTION_DIGITS).then(|| format!("{head}.{}{}", &tail[..FRACTION_DIGITS], &tail[digits..]))
}

impl Trust {
    /// In what comes over the network with a key of this kind.
    pub fn of(kind: KeyKind) -> Trust {
        match kind {
            KeyKind::Peer => Trust::Peer,
            KeyKind::Cluster | KeyKind::Ui | KeyKind::Server => Trust::Corrected,
        }
    }
}

impl Amended {
    /// The name in the record.
    pub const fn name(self) -> &'static str {
        match self {
            Amended::Clamped => "clamped",
            Amended::Absurd => "absurd",
        }
    }
}

impl Moment {
    /// Settles a message's times. `now` is when its request arrived.
    pub fn settle(claims: Claims, now: Timestamp, trust: Trust) -> Moment {
        let (timestamp, original, received, drift) = match trust {
            Trust::Stated => {
                let timestamp = claims.timestamp.or(claims.original).or(Some(now));
                (timestamp, claims.original.or(claims.timestamp), now, None)
            }
            Trust::Corrected => {
                let original = claims.timestamp.or(claims.original);
                let timestamp = match (original, claims.sent) {
                    (Some(original), Some(sent)) => now.checked_sub(sent.duration_since(original)).ok(),
                    (Some(original), None) => Some(original),
                    (None, _) => Some(now),
                };
                let drift = claims.sent.map(|sent| now.duration_since(sent));
                (timestamp, original, now, drift)
            }
            Trust::Peer => {
                let believed = EARLIEST..=ahead_of(now);
                let received = claims.received.filter(|received| believed.contains(received));
                let received = received.unwrap_or(now);
                let timestamp = claims.timestamp.or(claims.original).or(Some(received));
                (timestamp, claims.original.or(claims.timestamp), received, None)
            }
        };
        let latest = ahead_of(received);
        let (timestamp, amended) = match timestamp {
            Some(timestamp) if timestamp > latest => (latest, Some(Amended::Clamped)),
            Some(timestamp) if timestamp >= EARLIEST => (timestamp, None),
            _ => (received, Some(Amended::Absurd)),
        };
        Moment {
            timestamp,
            original,
            sent: claims.sent,
            received,
            drift,
            amended,
        }
    }
}

fn ahead_of(at: Timestamp) -> Timestamp {
    at.checked_add(MAX_AHEAD).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_senders_write() {
        for (text, expected) in [
            ("2026-11-22T11:52:54Z", "2026-11-22T11:52:54Z"),
            ("2026-11-22T11:52:54.123Z", "2026-11-22T11:52:54.123Z"),
            ("2026-11-22T11:52:54.123456+00:00", "2026-11-22T11:52:54.123456Z"),
            ("2026-11-22T11:52:54.123456789Z", "2026-11-22T11:52:54.123456789Z"),
            (
                "2026-11-22T11:52:54.1234567891234Z",
                "2026-11-22T11:52:54.123456789Z",
            ),
            ("2026-11-22T11:52:54+0000", "2026-11-22T11:52:54Z"),
            ("2026-11-22T13:22:54.5+0130", "2026-11-22T11:52:54.5Z"),
            ("2026-11-22 11:52:54-08:00", "2026-11-22T19:52:54Z"),
            (" 2026-11-22t11:52:54z ", "2026-11-22T11:52:54Z"),
        ] {
            assert_eq!(parse(text), Some(expected.parse().unwrap()), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2026-11-22",
            "2026-11-22T11:52:54",
            "1763812374",
            "2026-13-01T00:00:00Z",
            ".",
            "2026-11-22T11:52:54.12345678912345",
            "-009999-01-02T01:59:58.9999Z",
            "-000001-01-01T00:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    #[test]
    fn corrects_the_clock_of_the_sender() {
        const CLAMPED: Option<Amended> = Some(Amended::Clamped);
        // (timestamp, originalTimestamp, sentAt) -> (timestamp, drift, amended), the request arrives at 0
        for (timestamp, original, sent, expected, drift, amended) in [
            // In step.
            (Some(-10), None, Some(0), -10, Some(0), None),
            // A clock an hour behind, and one an hour ahead: happened ten seconds before it left.
            (Some(-3610), None, Some(-3600), -10, Some(3600), None),
            (Some(3590), None, Some(3600), -10, Some(-3600), None),
            // Rudder sends only the original's name; of both, `timestamp` wins.
            (None, Some(-20), Some(0), -20, Some(0), None),
            (Some(-10), Some(-20), Some(0), -10, Some(0), None),
            // Without sentAt as given; without either, on receipt.
            (Some(-86_400), None, None, -86_400, None, None),
            (None, None, Some(-5), 0, Some(5), None),
            (None, None, None, 0, None, None),
            // Happened after it left: some of that is tolerated.
            (Some(300), None, Some(0), 300, Some(0), None),
            (Some(301), None, Some(0), 300, Some(0), CLAMPED),
            (Some(9999), None, None, 300, None, CLAMPED),
        ] {
            let claims = Claims {
                timestamp: timestamp.map(at),
                original: original.map(at),
                sent: sent.map(at),
                received: Some(at(-77)),
            };
            let moment = Moment::settle(claims, at(0), Trust::Corrected);
            assert_eq!(
                (
                    moment.timestamp,
                    moment.drift.map(|drift| drift.as_secs()),
                    moment.amended
                ),
                (at(expected), drift, amended),
                "{timestamp:?} {original:?} {sent:?}"
            );
            assert_eq!(moment.received, at(0), "a sender's receivedAt is never believed");
        }
    }

    #[test]
    fn a_peer_has_done_it_already() {
        let claims = Claims {
            timestamp: Some(at(-500)),
            original: Some(at(-900)),
            sent: Some(at(-800)),
            received: Some(at(-400)),
        };
        let moment = Moment::settle(claims, at(0), Trust::Peer);
        assert_eq!(
            (
                moment.timestamp,
                moment.original,
                moment.received,
                moment.drift,
                moment.amended
            ),
            (at(-500), Some(at(-900)), at(-400), None, None)
        );
    }

    #[test]
    fn what_can_t_be_right_is_amended_and_what_was_said_is_kept() {
        let (absurd, clamped) = (Some(Amended::Absurd), Some(Amended::Clamped));
        let (receipt, ahead) = ("2026-11-22T11:00:00Z", "2026-11-22T11:05:00Z");
        // timestamp, sentAt -> timestamp, whatever the trust where sentAt is not used
        for (timestamp, sent, expected, amended) in [
            ("1999-12-31T23:59:59.999Z", None, receipt, absurd),
            ("2000-01-01T00:00:00Z", None, "2000-01-01T00:00:00Z", None),
            ("1970-01-01T00:00:10Z", None, receipt, absurd),
            ("0001-01-01T00:00:00Z", None, receipt, absurd),
            ("-009999-01-02T01:59:59Z", None, receipt, absurd),
            ("2026-11-22T11:05:00Z", None, ahead, None),
            ("2026-11-22T11:05:00.001Z", None, ahead, clamped),
            ("9999-12-30T21:00:00Z", None, ahead, clamped),
            // A clock that was never set measures as well as any how long a message waited.
            (
                "1970-01-01T00:00:10Z",
                Some("1970-01-01T00:00:20Z"),
                "2026-11-22T10:59:50Z",
                None,
            ),
            // Waited for longer than there was a time, or will have.
            (
                "-009999-01-02T01:59:59Z",
                Some("9999-12-30T21:00:00Z"),
                receipt,
                absurd,
            ),
            (
                "9999-12-30T21:00:00Z",
                Some("-009999-01-02T01:59:59Z"),
                receipt,
                absurd,
            ),
            (
                "1980-01-01T00:00:00Z",
                Some("2026-11-22T11:00:00Z"),
                receipt,
                absurd,
            ),
            (
                "9000-01-01T00:00:00Z",
                Some("2026-11-22T11:00:00Z"),
                ahead,
                clamped,
            ),
        ] {
            let claims = Claims {
                timestamp: Some(timestamp.parse().unwrap()),
                sent: sent.map(|sent| sent.parse().unwrap()),
                ..Claims::default()
            };
            let trusts = [Trust::Corrected, Trust::Stated, Trust::Peer];
            for trust in trusts.into_iter().take(if sent.is_some() { 1 } else { 3 }) {
                let moment = Moment::settle(claims, receipt.parse().unwrap(), trust);
                let settled = (moment.timestamp, moment.amended, moment.original);
                let expected = (expected.parse().unwrap(), amended, claims.timestamp);
                assert_eq!(settled, expected, "{timestamp} {sent:?} {trust:?}");
            }
        }
    }

    #[test]
    fn a_peer_is_not_believed_to_have_received_it_tomorrow() {
        for (received, expected) in [(-86_400, -86_400), (300, 300), (301, 0), (-1_000_000_000, 0)] {
            let claims = Claims {
                received: Some(at(received)),
                ..Claims::default()
            };
            let moment = Moment::settle(claims, at(0), Trust::Peer);
            let settled = (moment.received, moment.timestamp, moment.amended);
            assert_eq!(settled, (at(expected), at(expected), None));
        }
    }

    proptest! {
        /// With digits and marks in all places of a usual time, sound and not.
        #[test]
        fn a_usual_time_is_what_the_parser_says(
            text in r"[0-9]{4}[-/][0-3][0-9]-[0-9]{2}[Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9][.,][0-9]{2}[0-9x]Z",
            sound in r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z",
        ) {
            for text in [text, sound] {
                if let Some(time) = usual(&text) {
                    prop_assert_eq!(Some(time), text.parse().ok());
                }
            }
        }

        #[test]
        fn a_sound_usual_time_is_read(at in -62_167_219_200_000_i64..253_402_207_200_000) {
            let at = Timestamp::from_millisecond(at).unwrap();
            prop_assert_eq!(usual(&heliograph_wire::time::rfc3339(at)), Some(at));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*", numbers in "[0-9.:TZ+-]{0,40}") {
            let _ = (parse(&text), parse(&numbers));
        }
    }
}
