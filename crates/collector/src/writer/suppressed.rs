//! Who is suppressed, in memory: the writer's copy of the table, which it looks at once per commit to see whether it has changed.
//!
//! While nobody is suppressed requests do not even hash whom their messages are about. Somebody may be suppressed between such a
//! request and its turn; so the writer, which alone decides and does so within its transaction, hashes for itself what came
//! without hashes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::forget::reach::speaks;
use crate::forget::suppressions::Suppressions;
use crate::ingest::mention::Mentions;
use crate::ingest::message::Checked;
use crate::ingest::record::Kept;
use crate::ingest::request::Request;
use crate::ingest::subject::{Subject, SubjectKey};
use crate::key::KeyId;
use crate::store::{Commit, StoreError};

/// The writer's copy.
#[derive(Debug, Default)]
pub(super) struct Suppressed {
    generation: Option<i64>,
    subjects: Suppressions,
    anybody: Arc<AtomicBool>,
}

impl Suppressed {
    /// Says to others whether anybody is suppressed, as of the last commit.
    pub(super) fn anybody(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.anybody)
    }

    /// Reads the table again if it has changed.
    pub(super) fn refresh(&mut self, commit: &Commit<'_>) -> Result<(), StoreError> {
        let generation = commit.suppression_generation()?;
        if self.generation != Some(generation) {
            self.subjects = Suppressions::of(commit.suppressed()?);
            self.generation = Some(generation);
            self.anybody.store(!self.subjects.is_empty(), Ordering::Relaxed);
        }
        Ok(())
    }

    /// To be called when a commit was not finished: what was read in it may never have been.
    pub(super) fn forget(&mut self) {
        self.generation = None;
    }

    /// Whether somebody of these is suppressed, in messages that come with a key; `speaks` says whether for a cluster.
    pub(super) fn covers_any(&self, subjects: &[Subject], key: KeyId, speaks: bool) -> bool {
        self.subjects.covers_any(subjects, key, speaks)
    }

    /// Whether a message is about somebody who is suppressed.
    pub(super) fn covers(&self, key: &SubjectKey, request: &Request, message: &Checked) -> bool {
        if self.subjects.is_empty() {
            return false;
        }
        let with = request.key.id;
        let speaks = speaks(request.key.kind, message.share.to.cluster.as_ref());
        match &message.subjects {
            Some(subjects) => self.covers_any(subjects, with, speaks),
            None => {
                let line = std::str::from_utf8(request.record(message)).unwrap_or_default();
                let kept = Kept::of(line.trim_end_matches('\n'));
                let mentions = kept.and_then(|kept| Mentions::of(kept.message));
                mentions.is_some_and(|mentions| self.covers_any(&key.of_message(&mentions), with, speaks))
            }
        }
    }
}
