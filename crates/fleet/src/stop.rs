//! The end of waiting: a flag that threads can sleep on.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::lock::lock;

/// Raised once; every wait ends then, at once.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    raised: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    pub(crate) fn raise(&self) {
        *lock(&self.raised) = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_raised(&self) -> bool {
        *lock(&self.raised)
    }

    /// Waits for `duration` or for the stop; true when stopped.
    pub(crate) fn wait(&self, duration: Duration) -> bool {
        let (raised, _) = self
            .changed
            .wait_timeout_while(lock(&self.raised), duration, |raised| !*raised)
            .unwrap_or_else(PoisonError::into_inner);
        *raised
    }
}
