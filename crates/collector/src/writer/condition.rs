//! Whether the store can be written, as of the last attempt. Said loudly, once per change.

use std::error::Error;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::store::{Fault, StoreError};

/// The condition, shared between the writer and those who ask.
#[derive(Debug, Default)]
pub struct Condition(AtomicU8);

const WELL: u8 = 0;
const DAMAGED: u8 = 6;

impl Condition {
    /// What the last attempt met; `None` when it went well.
    pub fn fault(&self) -> Option<Fault> {
        match self.0.load(Ordering::Relaxed) {
            WELL => None,
            1 => Some(Fault::Full),
            2 => Some(Fault::Io),
            3 => Some(Fault::ReadOnly),
            4 => Some(Fault::Busy),
            DAMAGED => Some(Fault::Damaged),
            _ => Some(Fault::Other),
        }
    }

    /// Whether damage was met: nothing is written any more, lest it spread.
    pub(super) fn is_damaged(&self) -> bool {
        self.0.load(Ordering::Relaxed) == DAMAGED
    }

    pub(super) fn well(&self) {
        if self.0.swap(WELL, Ordering::Relaxed) != WELL {
            tracing::warn!("the store can be written again");
        }
    }

    pub(super) fn ill(&self, error: &StoreError) {
        let code = match error.fault {
            Fault::Full => 1,
            Fault::Io => 2,
            Fault::ReadOnly => 3,
            Fault::Busy => 4,
            Fault::Damaged => DAMAGED,
            Fault::Other => 5,
        };
        if self.0.swap(code, Ordering::Relaxed) == code {
            return;
        }
        if code == DAMAGED {
            tracing::error!(
                "THE DATABASE IS DAMAGED, nothing is written any more and messages are answered with 503: stop the collector, and restore \
                 a backup (`heliograph-collector restore FILE`): {}",
                chain(error)
            );
        } else {
            tracing::error!(
                "THE STORE CAN'T BE WRITTEN, messages are answered with 503 until it can: {}",
                chain(error)
            );
        }
    }
}

/// An error and its causes, on one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
