//! What was judged of versions: kept while the days that it is about are as they were, so that it is not judged anew for whoever looks.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction};
use xxhash_rust::xxh3::Xxh3;

use super::error::{Doing as _, StoreError};
use super::keep::Kept;
use super::sheet::Snapshot;
use super::verdict_change::{self, Said};
use crate::delta::Day;

/// Judgements that are kept, those of the latest days: pages look at the last.
const MOST: i64 = 8;
const DOING: &str = "keep what was judged";
const READ: &str = "read what was judged";

/// What was judged of all days up to one, ready to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The first day, and the last.
    pub days: (Day, Day),
    /// [`Snapshot::state`] of these days when it was judged.
    pub state: i64,
    /// The judge's: [`crate::verdict::REVISION`].
    pub revision: i64,
    /// Installations that were seen.
    pub installations: u64,
    /// What was said, as CSV.
    pub rows: Vec<u8>,
    /// The same, one by one: what differs from what was said before is a change.
    pub said: Vec<Said>,
    /// Whether there is a webhook to be told of changes.
    pub deliver: bool,
}

impl Snapshot<'_> {
    /// A number that is another one when anything about these days has changed.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn state(&self, days: (Day, Day)) -> Result<i64, StoreError> {
        state(self.connection(), days).doing(READ)
    }

    /// What was judged of these days by the judge of a revision, where they are as they were: installations, and rows as CSV.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn judged(&self, days: (Day, Day), revision: i64) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        let find = || -> rusqlite::Result<Option<(i64, Vec<u8>)>> {
            let state = state(self.connection(), days)?;
            self.connection()
                .prepare_cached(
                    "SELECT installations, rows FROM judgement WHERE last = ? AND first = ? AND revision = ? AND state = ?",
                )?
                .query_row((days.1.0, days.0.0, revision, state), |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()
        };
        let found = find().doing(READ)?;
        Ok(found.map(|(installations, rows)| (installations.unsigned_abs(), rows)))
    }
}

/// Keeps it, unless any of its days has changed since; notes what differs from what was said before.
pub(super) fn keep(
    transaction: &Transaction<'_>,
    judgement: &Judgement,
    now: Timestamp,
) -> Result<Kept, StoreError> {
    let Judgement {
        days,
        state: was,
        revision,
        installations,
        rows,
        ..
    } = judgement;
    let keep = || -> rusqlite::Result<Kept> {
        if state(transaction, *days)? != *was {
            return Ok(Kept::Changed);
        }
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO judgement (last, first, state, revision, installations, rows) VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute((days.1.0, days.0.0, was, revision, installations.cast_signed(), rows))?;
        transaction
            .prepare_cached(
                "DELETE FROM judgement WHERE last NOT IN (SELECT last FROM judgement ORDER BY last DESC LIMIT ?)",
            )?
            .execute([MOST])?;
        verdict_change::note(transaction, judgement, now)?;
        Ok(Kept::Yes)
    };
    keep().doing(DOING)
}

/// Drops what was made of a day.
pub(super) fn drop_of(connection: &Connection, day: Day) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM judgement WHERE ? BETWEEN first AND last")?
        .execute([day.0])?;
    Ok(())
}

fn state(connection: &Connection, (first, last): (Day, Day)) -> rusqlite::Result<i64> {
    let mut statement = connection
        .prepare_cached("SELECT day, change FROM day_change WHERE day BETWEEN ? AND ? ORDER BY day")?;
    let mut rows = statement.query((first.0, last.0))?;
    let mut hash = Xxh3::new();
    while let Some(row) = rows.next()? {
        for column in 0..2 {
            let number: i64 = row.get(column)?;
            hash.update(&number.to_le_bytes());
        }
    }
    Ok(hash.digest().cast_signed())
}
