//! When a message happened: the sender's clock corrected by the collector's.
//!
//! `timestamp = receivedAt - (sentAt - originalTimestamp)`: how long the message waited is measured by one clock, the sender's;
//! when it arrived by another, ours. How far the sender's clock is off (and how long the message travelled) is kept as the drift.

use jiff::{SignedDuration, Timestamp};

use crate::key::KeyKind;

/// How far in the future of its receipt a message may have happened.
pub const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(5);
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
    /// It claimed to be further in the future than [`MAX_AHEAD`], and was set there.
    pub clamped: bool,
}

/// Reads a time: RFC 3339 with a fraction of any length, or a zone without a colon (`+0000`).
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().ok().or_else(|| shortened(text)?.parse().ok())
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

impl Moment {
    /// Settles a message's times. `now` is when its request arrived.
    pub fn settle(claims: Claims, now: Timestamp, trust: Trust) -> Moment {
        let (timestamp, original, received, drift) = match trust {
            Trust::Stated => {
                let timestamp = claims.timestamp.or(claims.original).unwrap_or(now);
                (timestamp, claims.original.or(claims.timestamp), now, None)
            }
            Trust::Corrected => {
                let original = claims.timestamp.or(claims.original);
                let timestamp = match (original, claims.sent) {
                    (Some(original), Some(sent)) => ago(now, sent.duration_since(original)),
                    (Some(original), None) => original,
                    (None, _) => now,
                };
                let drift = claims.sent.map(|sent| now.duration_since(sent));
                (timestamp, original, now, drift)
            }
            Trust::Peer => {
                let received = claims.received.unwrap_or(now);
                let timestamp = claims.timestamp.or(claims.original).unwrap_or(received);
                (timestamp, claims.original.or(claims.timestamp), received, None)
            }
        };
        let latest = ago(received, -MAX_AHEAD);
        Moment {
            timestamp: timestamp.min(latest),
            original,
            sent: claims.sent,
            received,
            drift,
            clamped: timestamp > latest,
        }
    }
}

/// An instant this long before another, or the end of time in that direction.
fn ago(from: Timestamp, age: SignedDuration) -> Timestamp {
    from.checked_sub(age).unwrap_or(if age.is_negative() {
        Timestamp::MAX
    } else {
        Timestamp::MIN
    })
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
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + seconds).unwrap()
    }

    #[test]
    fn corrects_the_clock_of_the_sender() {
        // (timestamp, originalTimestamp, sentAt) -> (timestamp, drift, clamped), the request arrives at 0
        for (timestamp, original, sent, expected, drift, clamped) in [
            // In step.
            (Some(-10), None, Some(0), -10, Some(0), false),
            // A clock an hour behind, and one an hour ahead: happened ten seconds before it left.
            (Some(-3610), None, Some(-3600), -10, Some(3600), false),
            (Some(3590), None, Some(3600), -10, Some(-3600), false),
            // Rudder sends only the original's name; of both, `timestamp` wins.
            (None, Some(-20), Some(0), -20, Some(0), false),
            (Some(-10), Some(-20), Some(0), -10, Some(0), false),
            // Without sentAt as given; without either, on receipt.
            (Some(-86_400), None, None, -86_400, None, false),
            (None, None, Some(-5), 0, Some(5), false),
            (None, None, None, 0, None, false),
            // Happened after it left: some of that is tolerated.
            (Some(300), None, Some(0), 300, Some(0), false),
            (Some(301), None, Some(0), 300, Some(0), true),
            (Some(9999), None, None, 300, None, true),
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
                    moment.clamped
                ),
                (at(expected), drift, clamped),
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
                moment.clamped
            ),
            (at(-500), Some(at(-900)), at(-400), None, false)
        );
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let claims = |timestamp, sent| Claims {
            timestamp: Some(timestamp),
            sent: Some(sent),
            ..Claims::default()
        };
        let early = Moment::settle(claims(Timestamp::MIN, Timestamp::MAX), at(0), Trust::Corrected);
        assert_eq!(early.timestamp, Timestamp::MIN);
        let late = Moment::settle(claims(Timestamp::MAX, Timestamp::MIN), at(0), Trust::Corrected);
        assert!(late.clamped);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*", numbers in "[0-9.:TZ+-]{0,40}") {
            let _ = (parse(&text), parse(&numbers));
        }
    }
}
