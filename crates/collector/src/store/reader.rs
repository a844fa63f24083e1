//! The database for reading: beside a running server, or without one.

use std::collections::HashMap;
use std::path::Path;

use heliograph_wire::id::Hour;
use jiff::Timestamp;
use rusqlite::Connection;

use super::connection::{self, OpenError};
use super::error::StoreError;
use super::flag::{self, Flagged};
use super::ids::LookUp;
use super::key::{self, ListedKey};
use super::outcome::{self, Counted, Remembered};
use super::regulation::{self, Listing, Page, Regulation};
use super::sheet::Snapshot;
use super::shelf::Reported;
use super::suppression::{self, ListedSuppression};
use super::token::{self, ListedToken};
use super::user::{self, ListedUser};
use super::verdict_change::{self, Changes};
use super::webhook::{self, Backlog, Waiting};
use super::{ListedDeletion, batch, bundle, deletion, look_up, session, time_line, usage};
use crate::access::look_up::NotedLookUp;
use crate::access::password::PasswordHash;
use crate::access::session::{SecretDigest, Session};
use crate::access::user::UserName;
use crate::delta::Day;
use crate::ingest::subject::Subject;
use crate::key::{Key, KeyDigest, KeyId};
use crate::quota::{Limits, Used};
use crate::token::{Scope, TokenDigest};

/// The database, for reading.
pub struct Reader {
    pub(super) connection: Connection,
}

impl Reader {
    /// Opens the database of a data directory.
    ///
    /// # Errors
    /// When there is none, or it can't be used.
    pub fn open(directory: &Path) -> Result<Reader, OpenError> {
        connection::reader(directory).map(|connection| Reader { connection })
    }

    /// The sums as they are now, to ask questions of.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn snapshot(&self) -> Result<Snapshot<'_>, StoreError> {
        Snapshot::begin(&self.connection)
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

    /// What a cluster, by its number, reported of an hour: which batches have it.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn reported(&self, cluster: i64, hour: Hour) -> Result<Vec<Reported>, StoreError> {
        time_line::of_hour(&self.connection, (hour.number(), cluster))
    }

    /// Goes on looking ids up, as long as `more` says so; says whether that is done.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn look_up(&self, ids: &mut LookUp, more: impl FnMut() -> bool) -> Result<bool, StoreError> {
        ids.go_on(&self.connection, more)
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
        outcome::by_day(&self.connection, since, Day(i64::MAX))
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

    /// All tokens, revoked ones too.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn tokens(&self) -> Result<Vec<ListedToken>, StoreError> {
        token::list(&self.connection)
    }

    /// What may be done with a token, if it may be used, and its prefix.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn token_scope(&self, digest: TokenDigest) -> Result<Option<(Scope, String)>, StoreError> {
        token::scope(&self.connection, digest)
    }

    /// All users, by name.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn users(&self) -> Result<Vec<ListedUser>, StoreError> {
        user::list(&self.connection)
    }

    /// Whether there is any user.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn has_users(&self) -> Result<bool, StoreError> {
        user::any(&self.connection)
    }

    /// The hash of a user's password.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn user_password(&self, name: &UserName) -> Result<Option<PasswordHash>, StoreError> {
        user::password(&self.connection, name)
    }

    /// Whether a link for the first user is good.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn is_invited(&self, digest: SecretDigest, now: Timestamp) -> Result<bool, StoreError> {
        user::is_invited(&self.connection, digest, now)
    }

    /// A session, if it was begun and not ended; it may be too old.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn session(&self, digest: SecretDigest) -> Result<Option<Session>, StoreError> {
        session::find(&self.connection, digest)
    }

    /// Who has looked at whom behind a place in the list, the latest first; only those who looked at somebody, where that is asked for.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn look_ups(
        &self,
        of: Option<Subject>,
        offset: u64,
        count: u64,
    ) -> Result<Vec<NotedLookUp>, StoreError> {
        look_up::list(&self.connection, of, offset, count)
    }

    /// The latest changes of what is said of versions.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn verdict_changes(&self, count: u32) -> Result<Changes, StoreError> {
        verdict_change::latest(&self.connection, count)
    }

    /// The first change that the webhook has not taken.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn webhook_first(&self) -> Result<Option<Waiting>, StoreError> {
        webhook::first(&self.connection)
    }

    /// What the webhook has not taken.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn webhook_backlog(&self) -> Result<Backlog, StoreError> {
        webhook::backlog(&self.connection)
    }

    /// Whether the URL of this SHA-256 said that it is gone.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn webhook_is_gone(&self, url: &[u8; 32]) -> Result<bool, StoreError> {
        webhook::is_gone(&self.connection, url)
    }

    /// A regulation.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn regulation(&self, id: i64) -> Result<Option<Regulation>, StoreError> {
        regulation::get(&self.connection, id)
    }

    /// Regulations, the latest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn regulations(&self, listing: &Listing) -> Result<Page<Regulation>, StoreError> {
        regulation::list(&self.connection, listing)
    }

    /// Who is suppressed, by hash, behind a place in the list.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn suppressed(&self, after: &[u8], count: usize) -> Result<Page<(Subject, Timestamp)>, StoreError> {
        regulation::suppressed(&self.connection, after, count)
    }
}
