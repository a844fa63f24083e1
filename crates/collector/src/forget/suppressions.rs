//! Who is suppressed, and whether somebody is. Pure.

use std::collections::HashSet;

use crate::ingest::subject::Subject;
use crate::key::KeyId;

/// All who are suppressed.
#[derive(Debug, Default)]
pub struct Suppressions {
    subjects: HashSet<Subject>,
    /// Whether any of them is suppressed in messages of one key alone.
    any_within_one: bool,
}

impl Suppressions {
    /// These.
    pub fn of(subjects: HashSet<Subject>) -> Suppressions {
        Suppressions {
            any_within_one: subjects.iter().any(Subject::is_within_one),
            subjects,
        }
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// Whether somebody of these is suppressed, in messages that come with a key; `speaks` says whether for a cluster.
    pub fn covers_any(&self, subjects: &[Subject], key: KeyId, speaks: bool) -> bool {
        let covers = |subject: &Subject| {
            self.subjects.contains(subject)
                || (speaks && self.subjects.contains(&subject.spoken()))
                || (self.any_within_one && self.subjects.contains(&subject.within(key)))
        };
        subjects.iter().any(covers)
    }
}
