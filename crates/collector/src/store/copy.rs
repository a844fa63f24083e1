//! Copies of the database: made beside whoever writes, checked, and brought up to what was ordered since.

use std::collections::HashMap;
use std::path::Path;

use heliograph_wire::id::ReporterId;
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, Transaction};

use super::deletion::{self, Queued, reach_of};
use super::error::{Doing as _, StoreError};
use super::schema::{self, SchemaError};
use super::{Reader, Store, batch, connection, suppression, time};
use crate::forget::reach::Reach;
use crate::ingest::mention::{Kind, Mentions};
use crate::ingest::record::Kept;
use crate::ingest::subject::{Subject, SubjectKey};

/// What a copy says of itself, in a table that no other database has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// As of when it is.
    pub made: Timestamp,
    /// The secrets of the data directory that it was made in: names of files, and what they hold.
    pub secrets: Vec<(String, String)>,
}

/// What was taken over from the database that a copy takes the place of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TakenOver {
    /// Suppressions that the copy did not have.
    pub suppressions: usize,
    /// Deletions that it did not have.
    pub deletions: usize,
    /// Deletions that have to be done again in the copy.
    pub again: usize,
}

const COPYING: &str = "copy the database";
const SEALING: &str = "seal the copy";
const TAKING_OVER: &str = "take over what was ordered since the backup";
/// Who may do what, and who has looked at whom: as it is now, not as it was. Whoever was shut out since must not get in by a restore.
const RIGHTS: [&str; 4] = ["key", "token", "user", "look_up"];

impl Reader {
    /// Copies all there is as of now into a file that is empty. Who writes meanwhile is not held up.
    ///
    /// # Errors
    /// When it can't be read, or the copy can't be written.
    pub fn copy_into(&self, file: &str) -> Result<(), StoreError> {
        self.connection
            .execute("VACUUM INTO ?", [file])
            .doing(COPYING)
            .map(|_| ())
    }
}

/// Writes what a copy says of itself into it, and looks whether all of it can be read.
///
/// # Errors
/// When it can't be written.
pub fn seal(file: &Path, seal: &Seal) -> Result<Option<String>, StoreError> {
    let write = || -> rusqlite::Result<Connection> {
        let connection = open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // A copy that is cut off is thrown away; a journal would be a second file beside it.
        connection.pragma_update_and_check(None, "journal_mode", "OFF", |_| Ok(()))?;
        connection.execute_batch(
            "CREATE TABLE backup (made INTEGER NOT NULL) STRICT;
             CREATE TABLE backup_secret (name TEXT NOT NULL, text TEXT NOT NULL) STRICT;",
        )?;
        connection.execute("INSERT INTO backup VALUES (?)", [seal.made.as_millisecond()])?;
        for secret in &seal.secrets {
            connection.execute("INSERT INTO backup_secret VALUES (?, ?)", (&secret.0, &secret.1))?;
        }
        Ok(connection)
    };
    connection::damage(&write().doing(SEALING)?).doing("read the copy")
}

/// What a copy says of itself; `None` where it is none. Looks, too, whether this release can use it and all of it can be read.
///
/// # Errors
/// When it is damaged, or of a later release.
pub fn examine(file: &Path) -> Result<Option<Seal>, SchemaError> {
    const DOING: &str = "read the backup";
    let connection = open(file, OpenFlags::SQLITE_OPEN_READ_ONLY).doing(DOING)?;
    match schema::check(&connection) {
        // One of an earlier release is brought up to date.
        Ok(()) | Err(SchemaError::Absent) => {}
        Err(error) => return Err(error),
    }
    if let Some(what) = connection::damage(&connection).doing(DOING)? {
        return Err(StoreError::found_damaged(DOING, what).into());
    }
    let read = || -> rusqlite::Result<Option<Seal>> {
        let sealed = connection
            .prepare("SELECT 1 FROM sqlite_schema WHERE name = 'backup'")?
            .exists(())?;
        if !sealed {
            return Ok(None);
        }
        let made: i64 = connection.query_row("SELECT made FROM backup", (), |row| row.get(0))?;
        let mut statement = connection.prepare("SELECT name, text FROM backup_secret")?;
        let secrets = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Some(Seal {
            made: time(made),
            secrets: secrets.collect::<Result<_, _>>()?,
        }))
    };
    Ok(read().doing(DOING)?)
}

/// Makes a database of a copy: what it says of itself goes, and so do sessions and links, which were for that time.
///
/// # Errors
/// When it can't be written.
pub fn unseal(file: &Path) -> Result<(), StoreError> {
    let write = || -> rusqlite::Result<()> {
        let connection = open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.execute_batch("PRAGMA secure_delete = ON; DROP TABLE backup; DROP TABLE backup_secret;")
    };
    write().doing("open the backup")
}

fn open(file: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

impl Store {
    /// Logs everybody out, and makes links for a first user useless.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn end_sessions(&mut self) -> Result<(), StoreError> {
        self.connection
            .execute_batch("DELETE FROM session; DELETE FROM invitation;")
            .doing("end sessions")
    }

    /// Takes over from the database of another data directory who may do what, who is not to be kept, and who is to be deleted: what
    /// was deleted there since is queued to be deleted here. Both must have been one.
    ///
    /// # Errors
    /// When the other can't be read, or this one can't be written; nothing is changed then.
    pub fn take_over(
        &mut self,
        other: &Path,
        key: &SubjectKey,
        now: Timestamp,
    ) -> Result<TakenOver, StoreError> {
        self.connection
            .execute("ATTACH ? AS other", [other.to_string_lossy()])
            .doing(TAKING_OVER)?;
        let taken = self.take_over_attached(key, now);
        let detached = self.connection.execute_batch("DETACH other").doing(TAKING_OVER);
        let taken = taken?;
        detached.map(|()| taken)
    }

    fn take_over_attached(&mut self, key: &SubjectKey, now: Timestamp) -> Result<TakenOver, StoreError> {
        let commit = self.begin()?;
        let transaction = &commit.transaction;
        let copy = || -> rusqlite::Result<TakenOver> {
            for table in RIGHTS {
                transaction.execute_batch(&format!(
                    "DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM other.{table};"
                ))?;
            }
            transaction.execute_batch(
                "INSERT OR IGNORE INTO main.regulation SELECT * FROM other.regulation;
                 UPDATE gauge SET value = value + 1 WHERE name = 'keys';",
            )?;
            let suppressions = transaction.execute(
                "INSERT OR IGNORE INTO main.suppression SELECT * FROM other.suppression",
                (),
            )?;
            // What was lifted since stays lifted.
            transaction.execute(
                "DELETE FROM main.suppression WHERE subject NOT IN (SELECT subject FROM other.suppression)",
                (),
            )?;
            suppression::announce(transaction)?;
            Ok(TakenOver {
                suppressions,
                ..TakenOver::default()
            })
        };
        let mut taken = copy().doing(TAKING_OVER)?;
        let missing = missing(transaction).doing(TAKING_OVER)?;
        taken.deletions = missing.len();
        taken.again = redo(transaction, key, missing, now)?;
        commit.finish()?;
        Ok(taken)
    }
}

/// A deletion that the other database has and this one has not, or has not done.
struct Missing {
    id: i64,
    kind: Kind,
    hash: Subject,
    reach: Reach,
    /// Whom, where that is still known.
    whom: Vec<Whom>,
}

/// The id of somebody, and their reporter's.
type Whom = (String, Option<ReporterId>);

fn missing(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<Missing>> {
    let mut statement = transaction.prepare(
        "SELECT id, kind, subject, reporter, hash, source, petition FROM other.deletion AS theirs
         WHERE length(hash) = 16 AND NOT EXISTS (
             SELECT 1 FROM main.deletion AS ours
             WHERE ours.id = theirs.id AND ours.hash = theirs.hash AND ours.asked = theirs.asked AND ours.state = 'done')",
    )?;
    let mut rows = statement.query(())?;
    let mut missing = Vec::new();
    while let Some(row) = rows.next()? {
        let (kind, subject, reporter): (String, Option<String>, Option<String>) =
            (row.get(1)?, row.get(2)?, row.get(3)?);
        let Some(kind) = Kind::of(&kind) else { continue };
        let reporter = reporter.and_then(|reporter| reporter.parse().ok());
        missing.push(Missing {
            id: row.get(0)?,
            kind,
            hash: Subject(row.get(4)?),
            reach: reach_of(row)?,
            whom: subject.map(|subject| (subject, reporter)).into_iter().collect(),
        });
    }
    Ok(missing)
}

/// Notes what the other database has deleted, with the receipts, and queues all of it that is found here.
fn redo(
    transaction: &Transaction<'_>,
    key: &SubjectKey,
    mut missing: Vec<Missing>,
    now: Timestamp,
) -> Result<usize, StoreError> {
    find(transaction, key, &mut missing)?;
    let note = || -> rusqlite::Result<usize> {
        let mut again = 0;
        for one in &missing {
            // A run that was under way is begun anew, of which nothing is done.
            transaction.execute("DELETE FROM main.deletion WHERE id = ?", [one.id])?;
            transaction.execute(
                "INSERT INTO main.deletion SELECT * FROM other.deletion WHERE id = ?",
                [one.id],
            )?;
        }
        transaction.execute_batch(
            "UPDATE main.deletion SET state = 'queued', through = (SELECT coalesce(max(id), 0) FROM main.batch)
             WHERE state <> 'done';
             DELETE FROM deletion_run; DELETE FROM deletion_recount; DELETE FROM deletion_trace;",
        )?;
        for one in missing {
            let done: bool = transaction.query_row(
                "SELECT state = 'done' FROM main.deletion WHERE id = ?",
                [one.id],
                |row| row.get(0),
            )?;
            if !done {
                again += 1;
                continue;
            }
            // Its receipt stays; what it deleted is deleted under another number.
            for (id, reporter) in &one.whom {
                let queued = Queued {
                    kind: one.kind,
                    id,
                    reporter: reporter.as_ref(),
                    hash: one.hash,
                    reach: one.reach,
                    regulation: None,
                };
                deletion::queue(transaction, &queued, now)?;
                again += 1;
            }
        }
        Ok(again)
    };
    note().doing(TAKING_OVER)
}

/// Looks for the ids of those of whom only a hash is kept, among all messages and clusters: one batch is in memory at a time.
fn find(transaction: &Transaction<'_>, key: &SubjectKey, missing: &mut [Missing]) -> Result<(), StoreError> {
    let mut unknown: HashMap<Subject, Option<Whom>> = missing
        .iter()
        .filter(|one| one.whom.is_empty())
        .map(|one| (one.hash, None))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let mut learn = |hash: Subject, id: &str, reporter: Option<&ReporterId>| {
        if let Some(whom) = unknown.get_mut(&hash)
            && whom.is_none()
        {
            *whom = Some((id.trim().to_owned(), reporter.cloned()));
        }
    };
    let mut statement = transaction
        .prepare("SELECT name FROM main.cluster")
        .doing(TAKING_OVER)?;
    let names = statement
        .query_map((), |row| row.get::<_, String>(0))
        .doing(TAKING_OVER)?;
    for name in names {
        let name = name.doing(TAKING_OVER)?;
        learn(key.subject(Kind::Cluster, &name), &name, None);
        learn(key.subject(Kind::Anonymous, &name), &name, None);
    }
    let mut after = 0;
    while let Some(id) = batch::next(transaction, after, |line| {
        let mentions = Kept::of(line).and_then(|kept| Mentions::of(kept.message));
        if let Some(mentions) = mentions {
            mentions.each(|kind, id| learn(key.subject(kind, id), id, None));
            for (cluster, reporter) in mentions.reporters() {
                learn(key.reporter(cluster, reporter), cluster, Some(reporter));
            }
        }
        Ok::<_, StoreError>(())
    })? {
        after = id;
    }
    for one in missing.iter_mut().filter(|one| one.whom.is_empty()) {
        one.whom.extend(unknown.get(&one.hash).cloned().flatten());
    }
    Ok(())
}
