//! What becomes of a batch after an answer of the sink, or none; and when it is tried again. Pure.

use std::time::Duration;

/// Longest wait between two tries within a cycle.
pub const MAX_WAIT: Duration = Duration::from_secs(10);
/// The wait that doubles with each try.
pub const FIRST_WAIT: Duration = Duration::from_millis(500);

/// What a try needs to have a chance: with less, its failure would only hide the reason of the one before.
pub const LEAST_TRY: Duration = Duration::from_millis(250);

/// What the sink did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// 200 with a body that is Segment's.
    Taken,
    /// 200 with another body: a captive portal, a wrong address.
    NotSegment,
    /// Another status, with the wait that it asks for.
    Status(u16, Option<Duration>),
    /// No answer; it may have taken the batch or not.
    Nothing,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Delivered.
    Done,
    /// Try again after this wait.
    Wait(Duration),
    /// Not in this cycle; a later one may have more luck.
    Keep,
    /// Never: the sink will not take this batch.
    Refused,
}

/// Decides after the `tries`-th try (from 1), with `left` of the cycle. `jitter` is a random number from 0 to 1.
pub fn next(answered: Answered, tries: u32, left: Duration, jitter: f64) -> Next {
    let asked = match answered {
        Answered::Taken => return Next::Done,
        Answered::Status(400 | 413 | 422, _) => return Next::Refused,
        // Neither a wrong key nor a wrong address mends itself within a cycle.
        Answered::NotSegment => return Next::Keep,
        Answered::Status(429 | 408 | 500..=599, asked) => asked,
        Answered::Status(_, _) => return Next::Keep,
        Answered::Nothing => None,
    };
    let ceiling = FIRST_WAIT
        .saturating_mul(1 << tries.saturating_sub(1).min(10))
        .min(MAX_WAIT);
    // Full jitter, but never sooner than the sink asks for.
    let wait = asked
        .unwrap_or_default()
        .max(ceiling.mul_f64(jitter.clamp(0.0, 1.0)));
    if wait.saturating_add(LEAST_TRY) < left {
        Next::Wait(wait)
    } else {
        Next::Keep
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn each_answer_has_its_consequence() {
        let seconds = |n| Some(Duration::from_secs(n));
        for (answered, expected) in [
            (Answered::Taken, Next::Done),
            (Answered::NotSegment, Next::Keep),
            (Answered::Status(400, None), Next::Refused),
            (Answered::Status(413, None), Next::Refused),
            (Answered::Status(401, None), Next::Keep),
            (Answered::Status(302, None), Next::Keep),
            (
                Answered::Status(429, seconds(7)),
                Next::Wait(Duration::from_secs(7)),
            ),
            (Answered::Status(429, seconds(61)), Next::Keep),
            (
                Answered::Status(503, None),
                Next::Wait(Duration::from_millis(500)),
            ),
            (Answered::Nothing, Next::Wait(Duration::from_millis(500))),
        ] {
            assert_eq!(next(answered, 1, MINUTE, 1.0), expected, "{answered:?}");
        }
    }

    #[test]
    fn waits_grow_and_end_with_the_cycle() {
        let waits: Vec<_> = (1..8)
            .map(|tries| next(Answered::Nothing, tries, MINUTE, 1.0))
            .collect();
        let expected = [500, 1000, 2000, 4000, 8000, 10_000, 10_000]
            .map(|millis| Next::Wait(Duration::from_millis(millis)));
        assert_eq!(waits, expected);
        assert_eq!(
            next(Answered::Nothing, 60, MINUTE, 0.0),
            Next::Wait(Duration::ZERO)
        );
        assert_eq!(
            next(Answered::Nothing, 5, Duration::from_secs(3), 0.5),
            Next::Keep
        );
        let left = Duration::from_millis(300);
        assert_eq!(next(Answered::Nothing, 1, left, 0.0), Next::Wait(Duration::ZERO));
        assert_eq!(next(Answered::Nothing, 1, left, 0.5), Next::Keep);
    }
}
