//! The pace of commits: the first request after a pause is written at once; under load commits begin a pace apart, so that each
//! takes in what has come meanwhile and one sync serves many.

use std::time::Duration;

/// How long to wait before the next commit begins, given how long ago the last one began.
pub(super) fn wait(pace: Duration, since_last: Option<Duration>) -> Duration {
    since_last.map_or(Duration::ZERO, |since| pace.saturating_sub(since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_goes_at_once() {
        let ms = Duration::from_millis;
        assert_eq!(wait(ms(2), None), ms(0));
        assert_eq!(wait(ms(2), Some(ms(500))), ms(0));
        assert_eq!(
            wait(ms(2), Some(Duration::from_micros(500))),
            Duration::from_micros(1500)
        );
    }
}
