//! The store: one SQLite database in write-ahead mode. All SQL of the collector is under this module.
//!
//! Promise: what a [`Commit`] was given is on disk and synced when [`Commit::finish`] returns, all of it; or nothing of it is.
//!
//! | table | what |
//! |---|---|
//! | `batch` | the records of a commit, compressed together (`batch`) |
//! | `fresh_ids`, `id_block` | the ids of messages, sorted, by hour of receipt (`ids`) |
//! | `report`, `cluster`, `event` | the time line: which reports came for which slot (`report`) |
//! | `cluster_day`, `term`, `edition` | what a cluster's messages add up to, by day (`cluster_day`) |
//! | `outcome`, `violation`, `outcome_sample` | outcomes and violations of the plan, counted, and the last of each (`outcome`) |
//! | `key`, `key_usage` | write keys, hashed (`key`), and what was kept of what came with them (`usage`) |
//! | `cluster_reporter`, `suppression` | who has spoken, who is not kept (`suppression`) |
//! | `deletion` | what is deleted (`deletion`) |
//! | `cluster_flag`, `report_repeat` | clusters that may be two, and what tells (`flag`) |
//! | `bundle` | the bundles that were imported (`bundle`) |

mod batch;
mod bundle;
mod cluster_day;
mod connection;
mod deletion;
mod error;
mod flag;
mod ids;
mod interned;
mod key;
mod outcome;
mod report;
mod schema;
mod suppression;
mod usage;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use heliograph_wire::id::{ClusterId, Hour, ReporterId};
use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use self::cluster_day::Way;
pub use self::connection::{OpenError, sizes};
pub use self::deletion::{ListedDeletion, Slice};
use self::error::Doing as _;
pub use self::error::{Fault, StoreError};
pub use self::flag::Flagged;
pub use self::key::ListedKey;
pub use self::outcome::{Counted, Remembered};
pub use self::report::Claimant;
pub use self::schema::SchemaError;
pub use self::suppression::ListedSuppression;
use crate::delta::{ClusterDay, Day, Share};
use crate::fold::Written;
use crate::forget::order::Order;
use crate::forget::{Petition, Verdict};
use crate::ingest::message::MessageKey;
use crate::ingest::slot::Slot;
use crate::ingest::subject::{Subject, SubjectKey};
use crate::key::{Key, KeyDigest, KeyId, KeyKind, WriteKey};
use crate::quota::{Limit, Limits, Used};

/// Most clusters of a commit that are looked into for whether they are one. Who is in doubt reports again in an hour.
const MAX_DOUBTS: usize = 8;

/// The database, for writing.
pub struct Store {
    connection: Connection,
    names: report::Names,
    terms: cluster_day::Terms,
    samples: outcome::Places,
    compressor: batch::Compressor,
    run: Option<deletion::Run>,
}

/// What is written together.
pub struct Commit<'a> {
    transaction: Transaction<'a>,
    names: &'a mut report::Names,
    terms: &'a mut cluster_day::Terms,
    days: cluster_day::Days,
    samples: &'a mut outcome::Places,
    compressor: &'a mut batch::Compressor,
}

impl Store {
    /// Opens the database of a data directory; sets both up where there is none.
    ///
    /// # Errors
    /// When it can't be used.
    pub fn open(directory: &Path) -> Result<Store, OpenError> {
        let connection = connection::writer(directory)?;
        let compressor =
            batch::Compressor::new().map_err(|error| OpenError::Open(directory.to_owned(), error))?;
        Ok(Store {
            connection,
            names: report::Names::default(),
            terms: cluster_day::Terms::default(),
            samples: outcome::Places::default(),
            compressor,
            run: None,
        })
    }

    /// Begins to write.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn begin(&mut self) -> Result<Commit<'_>, StoreError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .doing("begin to write")?;
        Ok(Commit {
            transaction,
            names: &mut self.names,
            terms: &mut self.terms,
            days: cluster_day::Days::default(),
            samples: &mut self.samples,
            compressor: &mut self.compressor,
        })
    }

    /// To be called when a commit was not finished: what was remembered of it is wrong.
    pub fn forget_names(&mut self) {
        self.names.forget();
        self.terms.forget();
        self.samples = outcome::Places::default();
    }

    /// The latest hour before another in which ids were written.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn id_hour_before(&self, before: Hour) -> Result<Option<Hour>, StoreError> {
        ids::hour_before(&self.connection, before)
    }

    /// Hands all ids of an hour to `each`, as long as that says to go on.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn ids_of_hour(&self, hour: Hour, each: impl FnMut(MessageKey) -> bool) -> Result<(), StoreError> {
        ids::of_hour(&self.connection, hour, each)
    }

    /// Merges some of the ids of hours before another; says whether there was anything to merge. Takes a few milliseconds.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn merge_ids(&mut self, before: Hour) -> Result<bool, StoreError> {
        ids::merge_slice(&mut self.connection, before)
    }

    /// Copies the write-ahead log into the database and empties it, as far as readers allow.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        self.connection
            .pragma_update_and_check(None, "wal_checkpoint", "TRUNCATE", |_| Ok(()))
            .doing("copy the write-ahead log into the database")
    }

    /// Adds a write key.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn add_key(
        &mut self,
        key: &WriteKey,
        kind: KeyKind,
        name: &str,
        limits: Limits,
        now: Timestamp,
    ) -> Result<KeyId, StoreError> {
        key::add(&mut self.connection, key, kind, name, limits, now)
    }

    /// Sets limits of the key that a number or a prefix names, if it names one alone; returns all that it names.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn limit_key(
        &mut self,
        named: &str,
        bytes: Option<Limit>,
        messages: Option<Limit>,
    ) -> Result<Vec<ListedKey>, StoreError> {
        key::limit(&mut self.connection, named, bytes, messages)
    }

    /// Revokes the key that a number or a prefix names, if it names one alone; returns all that it names.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn revoke_key(&mut self, named: &str, now: Timestamp) -> Result<Vec<ListedKey>, StoreError> {
        key::revoke(&mut self.connection, named, now)
    }
}

impl Store {
    /// Whether this is the key that the suppressions were hashed with.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn check_subject_key(&mut self, key: &SubjectKey) -> Result<bool, StoreError> {
        suppression::check_key(&mut self.connection, key)
    }

    /// Does what an administrator orders; returns the number of the deletion that is queued for it.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn obey(
        &mut self,
        key: &SubjectKey,
        order: &Order,
        now: Timestamp,
    ) -> Result<Option<i64>, StoreError> {
        let commit = self.begin()?;
        let deletion = suppression::obey(&commit.transaction, key, order, now)?;
        commit.finish()?;
        Ok(deletion)
    }

    /// Ends the suppression of somebody; of a cluster, of its reporters too. Returns how many there were.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn lift_suppressions(&mut self, subject: Subject) -> Result<usize, StoreError> {
        suppression::lift(&mut self.connection, subject)
    }
}

impl Store {
    /// Forgets what is remembered of single messages about somebody; returns of how many.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn forget_samples(&self, subjects: &[Subject]) -> Result<usize, StoreError> {
        outcome::forget(&self.connection, subjects)
    }

    /// Forgets what is remembered of single messages that came before a time; returns of how many.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn expire_samples(&self, before: Timestamp) -> Result<usize, StoreError> {
        outcome::expire(&self.connection, before)
    }
}

impl Commit<'_> {
    /// A number that is another one after every change of who is suppressed.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn suppression_generation(&self) -> Result<i64, StoreError> {
        suppression::generation(&self.transaction)
    }

    /// All who are suppressed.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn suppressed(&self) -> Result<HashSet<Subject>, StoreError> {
        suppression::subjects(&self.transaction)
    }

    /// Does what is asked for by who wants to be forgotten, as far as that may be.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn forget(
        &mut self,
        key: &SubjectKey,
        petition: &Petition,
        now: Timestamp,
    ) -> Result<Verdict, StoreError> {
        suppression::petition(&self.transaction, key, petition, now)
    }

    /// Notes that all of a bundle is imported.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn note_bundle(&mut self, sha256: &str, messages: u64, now: Timestamp) -> Result<(), StoreError> {
        bundle::insert(&self.transaction, sha256, messages, now)
    }

    /// Who has reported for a slot.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn claimants(&mut self, slot: &Slot) -> Result<Vec<Claimant>, StoreError> {
        report::claimants(&self.transaction, self.names, slot)
    }

    /// The reporter that first spoke for a cluster, if any has; `Some(None)` when that did not say who it is.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn bound(&mut self, cluster: &ClusterId) -> Result<Option<Option<ReporterId>>, StoreError> {
        report::bound(&self.transaction, self.names, cluster)
    }

    /// Whether the sums of a day take something more.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn day_takes_more(&mut self, to: &ClusterDay) -> Result<bool, StoreError> {
        let cluster = cluster_number(&self.transaction, self.names, to)?;
        self.days.takes_more(&self.transaction, to, cluster)
    }

    /// Adds what a message adds to its day.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn add_to_day(&mut self, share: &Share) -> Result<(), StoreError> {
        self.change_day(share, Way::Add)
    }

    /// Takes away what a message added to its day.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn take_from_day(&mut self, share: &Share) -> Result<(), StoreError> {
        self.change_day(share, Way::TakeAway)
    }

    fn change_day(&mut self, share: &Share, way: Way) -> Result<(), StoreError> {
        let cluster = cluster_number(&self.transaction, self.names, &share.to)?;
        self.days
            .apply(&self.transaction, self.terms, share, cluster, way)
    }

    /// Those of some sorted ids of messages that were taken in these hours, both included; sorted.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn find_ids(&self, ids: &[MessageKey], from: Hour, to: Hour) -> Result<Vec<MessageKey>, StoreError> {
        ids::find(&self.transaction, ids, from, to)
    }

    /// Writes what was made of a group of requests, received about `now`.
    ///
    /// # Errors
    /// When it can't be written; the whole commit is void then.
    pub fn write(&mut self, written: &Written, now: Timestamp) -> Result<(), StoreError> {
        if written.messages > 0 {
            let compressed = self.compressor.compress(&written.records)?;
            let size = written.records.len();
            let batch = batch::insert(&self.transaction, now, written.messages, size, &compressed)?;
            if !written.ids.is_empty() {
                ids::insert(&self.transaction, batch, Hour::of(now), &written.ids)?;
            }
            for (report, counts) in &written.reports {
                report::insert(&self.transaction, self.names, report, *counts, batch, now)?;
            }
        }
        for repeat in &written.repeats {
            flag::note_repeat(&self.transaction, self.names, repeat)?;
        }
        for (cluster, day) in written.doubts.iter().take(MAX_DOUBTS) {
            flag::judge(&self.transaction, self.names, cluster, *day)?;
        }
        for speaker in &written.speakers {
            report::speak(&self.transaction, self.names, speaker, now)?;
        }
        for ((key, outcome), count) in &written.outcomes {
            outcome::add(&self.transaction, now, key.id, *outcome, *count)?;
        }
        for ((key, violation), count) in &written.violations {
            outcome::add_violation(&self.transaction, now, key.id, *violation, *count)?;
        }
        for (key, used) in &written.usage {
            usage::add(&self.transaction, Day::of(now), *key, *used)?;
        }
        for (key, sample) in &written.samples {
            self.samples.insert(&self.transaction, now, *key, sample)?;
        }
        Ok(())
    }

    /// Writes a number, only to see whether writing works.
    ///
    /// # Errors
    /// When it does not.
    pub fn probe(&mut self) -> Result<(), StoreError> {
        self.transaction
            .prepare_cached("UPDATE gauge SET value = value + 1 WHERE name = 'probe'")
            .and_then(|mut statement| statement.execute(()))
            .doing("write a number")?;
        Ok(())
    }

    /// Returns when all of it is on disk.
    ///
    /// # Errors
    /// When it is not; then nothing of it is.
    pub fn finish(self) -> Result<(), StoreError> {
        let Commit {
            transaction,
            names,
            days,
            ..
        } = self;
        days.write(&transaction, |to| cluster_number(&transaction, names, to))?;
        transaction.commit().doing("commit")
    }
}

/// The number of a day's cluster, if that is known.
fn cluster_number(
    connection: &Connection,
    names: &mut report::Names,
    to: &ClusterDay,
) -> Result<Option<i64>, StoreError> {
    match &to.cluster {
        Some(cluster) => names.cluster(connection, cluster),
        None => Ok(Some(cluster_day::NO_CLUSTER)),
    }
}

/// The database, for reading: beside a running server, or without one.
pub struct Reader {
    connection: Connection,
}

impl Reader {
    /// Opens the database of a data directory.
    ///
    /// # Errors
    /// When there is none, or it can't be used.
    pub fn open(directory: &Path) -> Result<Reader, OpenError> {
        connection::reader(directory).map(|connection| Reader { connection })
    }

    /// The number of the last batch; 0 where there is none.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn last_batch(&self) -> Result<i64, StoreError> {
        batch::last(&self.connection)
    }

    /// Hands the records of the next batch behind `after` to `each`, as long as that returns no error; returns its number.
    /// Batches are numbered from 1 in the order of their receipt.
    ///
    /// # Errors
    /// When the database can't be read, or as `each` says.
    pub fn next_batch<E: From<StoreError>>(
        &self,
        after: i64,
        each: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<Option<i64>, E> {
        batch::next(&self.connection, after, each)
    }

    /// Those of some sorted ids of messages that were taken in these hours, both included; sorted.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn find_ids(&self, ids: &[MessageKey], from: Hour, to: Hour) -> Result<Vec<MessageKey>, StoreError> {
        ids::find(&self.connection, ids, from, to)
    }

    /// When a bundle was imported, if it was.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn bundle_imported(&self, sha256: &str) -> Result<Option<Timestamp>, StoreError> {
        bundle::imported(&self.connection, sha256)
    }

    /// Who is suppressed, the earliest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn suppressions(&self) -> Result<Vec<ListedSuppression>, StoreError> {
        suppression::list(&self.connection)
    }

    /// What is to be deleted, the earliest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn deletions(&self) -> Result<Vec<ListedDeletion>, StoreError> {
        deletion::list(&self.connection)
    }

    /// The receipt of a deletion; `None` within where it is not done yet, `None` where there is no such deletion.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn deletion_receipt(&self, id: i64) -> Result<Option<Option<String>>, StoreError> {
        deletion::receipt(&self.connection, id)
    }

    /// All write keys, revoked ones too.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn keys(&self) -> Result<Vec<ListedKey>, StoreError> {
        key::list(&self.connection)
    }

    /// The write keys that may be used.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn usable_keys(&self) -> Result<Vec<(KeyDigest, Key, Limits)>, StoreError> {
        key::usable(&self.connection)
    }

    /// What was kept on a day, by key.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn usage(&self, day: Day) -> Result<HashMap<KeyId, Used>, StoreError> {
        usage::of_day(&self.connection, day)
    }

    /// A number that is another one after every change of the keys.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn key_generation(&self) -> Result<i64, StoreError> {
        key::generation(&self.connection)
    }

    /// How many messages had which outcome, and how many differ in which way from the plan, by day; since a day, the latest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn outcomes(&self, since: Day) -> Result<Vec<Counted>, StoreError> {
        outcome::by_day(&self.connection, since)
    }

    /// Clusters that are flagged, since a day, the latest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn flags(&self, since: Day) -> Result<Vec<Flagged>, StoreError> {
        flag::list(&self.connection, since)
    }

    /// What is remembered of single messages, the latest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn samples(&self) -> Result<Vec<Remembered>, StoreError> {
        outcome::samples(&self.connection)
    }
}
