//! The writer's rounds: whoever watches over the process sees by them that the writer lives and gets on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts rounds. The writer makes several a second, with work or without; a commit is part of one.
#[derive(Debug, Clone, Default)]
pub struct Beat(Arc<AtomicU64>);

impl Beat {
    /// Rounds so far.
    pub fn rounds(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn round(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
