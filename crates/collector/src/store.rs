//! The store: one SQLite database in write-ahead mode. All SQL of the collector is under this module.
//!
//! Promise: what a [`Commit`] was given is on disk and synced when [`Commit::finish`] returns, all of it; or nothing of it is.
//!
//! | table | what |
//! |---|---|
//! | `batch` | the records of a commit, compressed together (`batch`) |
//! | `fresh_ids`, `id_block` | the ids of messages, sorted, by hour of receipt (`ids`) |
//! | `time_line` | which reports came for which slot, from whom (`time_line`, `shelf`) |
//! | `cluster`, `event` | the clusters, and who speaks for each; the events of reports (`report`) |
//! | `cluster_day`, `term`, `edition` | what a cluster's messages add up to, by day (`cluster_day`) |
//! | `sheet`, `sheet_column`, `day_change` | the same by coordinate instead of by cluster, for questions (`sheet`) |
//! | `judgement` | what was judged of versions, for release health (`judgement`) |
//! | `verdict`, `verdict_change`, `verdict_judge` | what was said of units, and what changed in that (`verdict_change`) |
//! | `webhook_outbox`, `webhook_gone` | what the webhook is to be told (`webhook`) |
//! | `outcome`, `violation`, `outcome_sample` | outcomes and violations of the plan, counted, and the last of each (`outcome`) |
//! | `drift` | how far senders' clocks are off (`drift`) |
//! | `key`, `key_usage` | write keys, hashed (`key`), and what was kept of what came with them (`usage`) |
//! | `cluster_reporter`, `suppression` | who has spoken, who is not kept (`suppression`) |
//! | `deletion` | what is deleted (`deletion`) |
//! | `cluster_flag`, `report_repeat` | clusters that may be two, and what tells (`flag`) |
//! | `token` | tokens, hashed (`token`) |
//! | `user`, `session`, `invitation` | who may log in, who has (`user`, `session`) |
//! | `look_up` | who has looked at whom (`look_up`) |
//! | `regulation` | what administrators ordered (`regulation`) |
//! | `forward`, `forward_order`, `forward_refused` | how far forwarding is, and what goes with it (`forward`) |
//! | `bundle` | the bundles that were imported (`bundle`) |

mod act;
mod batch;
mod bundle;
mod cluster_day;
mod commit;
mod connection;
mod copy;
mod deletion;
mod drift;
mod error;
mod flag;
mod forward;
mod ids;
mod interned;
mod judgement;
mod keep;
mod key;
mod look_up;
mod memory;
mod outcome;
mod reader;
mod rebuild;
mod recent;
mod regulation;
mod report;
mod retention;
mod schema;
mod session;
mod sheet;
mod shelf;
mod suppression;
mod sweep;
mod time_line;
mod token;
mod unused;
mod usage;
mod user;
mod verdict_change;
mod webhook;

use std::path::Path;

use heliograph_wire::id::Hour;
use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};

pub use self::commit::Commit;
use self::commit::cluster_number;
pub use self::connection::{FILE, OpenError, look_for_damage, sizes};
pub use self::copy::{Seal, TakenOver, examine, seal, unseal};
pub use self::deletion::{ListedDeletion, Slice};
use self::error::Doing as _;
pub use self::error::{Fault, StoreError};
pub use self::flag::Flagged;
pub use self::ids::{LookUp, Stretch};
pub use self::judgement::Judgement;
pub use self::keep::{Kept, Part, Ready};
pub use self::key::ListedKey;
pub use self::outcome::{Counted, Remembered};
pub use self::reader::Reader;
pub use self::rebuild::{Rebuilt, RemakeError};
pub use self::regulation::{Listing, Page, Regulation};
pub use self::report::Claimant;
pub use self::schema::SchemaError;
pub use self::sheet::{EditionName, Snapshot};
pub use self::shelf::{Place, Reported, decode as decode_shelf};
pub use self::suppression::ListedSuppression;
pub use self::token::ListedToken;
pub use self::user::ListedUser;
pub use self::verdict_change::{Changes, Said, VerdictChange};
pub use self::webhook::{Backlog, Posted, Waiting};
use crate::forget::order::{Order, Placed};
use crate::import::origin::KeyOrigin;
use crate::ingest::message::MessageKey;
use crate::ingest::subject::{Subject, SubjectKey};
use crate::key::{Key, KeyId, KeyKind, WriteKey};
use crate::quota::{Limit, Limits};
use crate::retention::Cutoffs;
use crate::token::{Scope, Token};

/// The database, for writing.
pub struct Store {
    connection: Connection,
    names: report::Names,
    terms: cluster_day::Terms,
    samples: outcome::Places,
    compressor: batch::Compressor,
    doubts: flag::Doubts,
    run: Option<deletion::Run>,
    sweep: Option<sweep::Sweep>,
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
            doubts: flag::Doubts::default(),
            run: None,
            sweep: None,
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
            line: time_line::Pending::default(),
            samples: &mut self.samples,
            compressor: &mut self.compressor,
            doubts: &mut self.doubts,
            judged: 0,
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

    /// The key that messages were sent with to the collector that exported them; added as one that nothing can be sent with, unless it
    /// is our own, or was added before.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn adopt_key(
        &mut self,
        origin: &KeyOrigin,
        kind: KeyKind,
        now: Timestamp,
    ) -> Result<Key, StoreError> {
        key::adopt(&mut self.connection, origin, kind, now)
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

    /// Adds a token.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn add_token(
        &mut self,
        token: &Token,
        scope: Scope,
        name: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        token::add(&self.connection, token, scope, name, now)
    }

    /// Revokes the token that a number or a prefix names, if it names one alone; returns all that it names.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn revoke_token(&mut self, named: &str, now: Timestamp) -> Result<Vec<ListedToken>, StoreError> {
        token::revoke(&mut self.connection, named, now)
    }

    /// Notes what an administrator orders.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn obey(&mut self, key: &SubjectKey, order: &Order, now: Timestamp) -> Result<Placed, StoreError> {
        let commit = self.begin()?;
        let placed = suppression::obey(&commit.transaction, key, order, None, now)?;
        commit.finish()?;
        Ok(placed)
    }

    /// Ends the suppression of somebody; of a cluster, of its reporters too. Returns how many there were.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn lift_suppressions(&mut self, subject: Subject) -> Result<usize, StoreError> {
        suppression::lift(&mut self.connection, subject)
    }

    /// Keeps a part of the sheet of a day, unless the rows have changed since it was made.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn keep_part(&mut self, part: &Part) -> Result<Kept, StoreError> {
        let mut commit = self.begin()?;
        let kept = commit.keep_part(part)?;
        commit.finish()?;
        Ok(kept)
    }

    /// Notes what became of an attempt to tell the webhook.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn note_posted(&mut self, posted: &Posted) -> Result<(), StoreError> {
        let mut commit = self.begin()?;
        commit.note_posted(posted)?;
        commit.finish()
    }

    /// Looks whether some of the clusters are one of which there is doubt; says whether there were any. Takes a few milliseconds.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn judge_some(&mut self) -> Result<bool, StoreError> {
        if self.doubts.is_empty() {
            return Ok(false);
        }
        let mut commit = self.begin()?;
        commit.judge_some()?;
        commit.finish()?;
        Ok(true)
    }

    /// When the newest message was received, if there is any.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn newest(&self) -> Result<Option<Timestamp>, StoreError> {
        batch::newest(&self.connection)
    }

    /// Drops some of what is too old; says whether there was anything. Takes a few milliseconds.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn drop_old(&mut self, cutoffs: Cutoffs) -> Result<bool, StoreError> {
        retention::slice(&mut self.connection, cutoffs)
    }
}

/// A time as it is kept: milliseconds of Unix time.
fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default()
}
