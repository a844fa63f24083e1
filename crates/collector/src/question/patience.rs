//! How long an answer is waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::Stopwatch;

/// How long an answer is waited for; whoever makes it looks here between two steps, and gives up when nobody waits any more.
#[derive(Debug, Clone, Default)]
pub struct Patience {
    limit: Option<(Stopwatch, Duration)>,
    gone: Arc<AtomicBool>,
}

impl Patience {
    /// That ends after a time from now; by default it does not.
    pub fn of(limit: Duration) -> Patience {
        Patience {
            limit: Some((Stopwatch::start(), limit)),
            gone: Arc::default(),
        }
    }

    /// Nobody waits any more.
    pub fn give_up(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    /// Whether it has ended.
    pub fn is_lost(&self) -> bool {
        let over = |(since, limit): (Stopwatch, Duration)| since.elapsed() >= limit;
        self.gone.load(Ordering::Relaxed) || self.limit.is_some_and(over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_by_itself_or_when_nobody_waits() {
        let patience = Patience::of(Duration::from_hours(1));
        assert!(!patience.is_lost() && !Patience::default().is_lost());
        let other = patience.clone();
        other.give_up();
        assert!(patience.is_lost() && other.is_lost() && Patience::of(Duration::ZERO).is_lost());
    }
}
