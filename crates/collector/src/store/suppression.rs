//! Who is not kept any more, by keyed hash; and what of them is to be deleted.

use heliograph_wire::id::ReporterId;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use super::error::{Doing as _, StoreError};
use super::report::bytes_of;
use crate::forget::{Known, Petition, Ruling, Scope, Standing, Verdict, rule};
use crate::ingest::subject::{Subject, SubjectKey, Subjects};

/// A suppression as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSuppression {
    /// Whose, as a hash.
    pub subject: Subject,
    /// Of which cluster, as a hash: itself, where all of it is suppressed.
    pub cluster: Subject,
    /// When it was asked for.
    pub asked: Timestamp,
}

/// A deletion as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedDeletion {
    /// Its number.
    pub id: i64,
    /// The cluster's id, as long as it is kept.
    pub cluster: Option<String>,
    /// What is deleted.
    pub scope: Scope,
    /// `queued`
    pub state: String,
    /// When it was asked for.
    pub asked: Timestamp,
}

/// Whether anybody is suppressed.
pub(super) fn any(connection: &Connection) -> Result<bool, StoreError> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM suppression)")
        .and_then(|mut statement| statement.query_row((), |row| row.get(0)))
        .doing("look for suppressions")
}

/// Whether a message is about somebody who is suppressed.
pub(super) fn covers(connection: &Connection, subjects: &Subjects) -> Result<bool, StoreError> {
    let [a, b, c] = subjects.0.map(|subject| subject.map(|subject| subject.0));
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM suppression WHERE subject IN (?, ?, ?))")
        .and_then(|mut statement| statement.query_row((a, b, c), |row| row.get(0)))
        .doing("look for a suppression")
}

/// Does what a petition asks for, as far as it may.
pub(super) fn petition(
    transaction: &Transaction<'_>,
    key: &SubjectKey,
    petition: &Petition,
    now: Timestamp,
) -> Result<Verdict, StoreError> {
    let cluster = key.cluster(petition.cluster.as_str());
    let asker = key.reporter(petition.cluster.as_str(), &petition.reporter);
    let decide = || -> rusqlite::Result<Verdict> {
        let held: Option<(i64, Vec<u8>)> = transaction
            .prepare_cached("SELECT id, reporter FROM cluster WHERE name = ?")?
            .query_row([petition.cluster.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let known = Known {
            before: before(transaction, cluster, asker)?,
            standing: standing(transaction, held.as_ref(), &petition.reporter)?,
        };
        let scope = match rule(known, now) {
            Ruling::Forget(scope) => scope,
            Ruling::Stands(scope, at) => return Ok(Verdict::Forgotten(scope, at)),
            Ruling::Refuse => return Ok(Verdict::Refused),
        };
        let Some((number, _)) = held else {
            return Ok(Verdict::Forgotten(Scope::Nothing, now));
        };
        let (subject, reporter) = match scope {
            Scope::Reporter => (asker, Some(bytes_of(Some(&petition.reporter)))),
            Scope::Cluster | Scope::Nothing => (cluster, None),
        };
        transaction
            .prepare_cached("INSERT INTO suppression (subject, cluster, asker, asked) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")?
            .execute((subject.0, cluster.0, asker.0, now.as_millisecond()))?;
        transaction
            .prepare_cached(
                "INSERT INTO deletion (cluster, reporter, through, asked, state)
                 VALUES (?, ?, (SELECT coalesce(max(id), 0) FROM batch), ?, 'queued')",
            )?
            .execute((number, reporter, now.as_millisecond()))?;
        Ok(Verdict::Forgotten(scope, now))
    };
    decide().doing("note who is to be forgotten")
}

/// What the same reporter had forgotten before.
fn before(
    connection: &Connection,
    cluster: Subject,
    asker: Subject,
) -> rusqlite::Result<Option<(Scope, Timestamp)>> {
    let asked = |subject: Subject| -> rusqlite::Result<Option<i64>> {
        connection
            .prepare_cached("SELECT asked FROM suppression WHERE subject = ? AND asker = ?")?
            .query_row((subject.0, asker.0), |row| row.get(0))
            .optional()
    };
    Ok(match asked(cluster)? {
        Some(asked) => Some((Scope::Cluster, time(asked))),
        None => asked(asker)?.map(|asked| (Scope::Reporter, time(asked))),
    })
}

fn standing(
    connection: &Connection,
    held: Option<&(i64, Vec<u8>)>,
    reporter: &ReporterId,
) -> rusqlite::Result<Standing> {
    let Some((cluster, first)) = held else {
        return Ok(Standing::NoCluster);
    };
    let reporter = bytes_of(Some(reporter));
    if reporter == *first {
        return Ok(Standing::First);
    }
    let known: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM cluster_reporter WHERE cluster = ? AND reporter = ?)")?
        .query_row((cluster, reporter), |row| row.get(0))?;
    Ok(if known {
        Standing::Other
    } else {
        Standing::Stranger
    })
}

/// Whether this is the key that the suppressions were hashed with; the first key is remembered.
pub(super) fn check_key(connection: &mut Connection, key: &SubjectKey) -> Result<bool, StoreError> {
    let digest = key.digest();
    let mut check = || -> rusqlite::Result<bool> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let known: Option<[u8; 32]> = transaction
            .query_row("SELECT digest FROM suppression_key", (), |row| row.get(0))
            .optional()?;
        match known {
            Some(known) if known == digest => return Ok(true),
            Some(_) if any_row(&transaction)? => return Ok(false),
            _ => {}
        }
        // With nothing hashed any key will do.
        transaction.execute(
            "INSERT INTO suppression_key (id, digest) VALUES (1, ?) ON CONFLICT DO UPDATE SET digest = excluded.digest",
            [digest],
        )?;
        transaction.commit()?;
        Ok(true)
    };
    check().doing("check the key of the suppressions")
}

fn any_row(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM suppression)", (), |row| row.get(0))
}

/// Ends all suppressions of a cluster and of its reporters; returns how many there were.
pub(super) fn lift(connection: &Connection, cluster: Subject) -> Result<usize, StoreError> {
    connection
        .execute("DELETE FROM suppression WHERE cluster = ?", [cluster.0])
        .doing("lift a suppression")
}

pub(super) fn list(connection: &Connection) -> Result<Vec<ListedSuppression>, StoreError> {
    let read = || -> rusqlite::Result<Vec<_>> {
        connection
            .prepare("SELECT subject, cluster, asked FROM suppression ORDER BY asked, subject")?
            .query_map((), |row| {
                Ok(ListedSuppression {
                    subject: Subject(row.get(0)?),
                    cluster: Subject(row.get(1)?),
                    asked: time(row.get(2)?),
                })
            })?
            .collect()
    };
    read().doing("list suppressions")
}

pub(super) fn deletions(connection: &Connection) -> Result<Vec<ListedDeletion>, StoreError> {
    let read = || -> rusqlite::Result<Vec<_>> {
        connection
            .prepare(
                "SELECT deletion.id, name, deletion.reporter IS NULL, state, asked
                 FROM deletion LEFT JOIN cluster ON cluster.id = deletion.cluster ORDER BY deletion.id",
            )?
            .query_map((), |row| {
                let whole: bool = row.get(2)?;
                Ok(ListedDeletion {
                    id: row.get(0)?,
                    cluster: row.get(1)?,
                    scope: if whole { Scope::Cluster } else { Scope::Reporter },
                    state: row.get(3)?,
                    asked: time(row.get(4)?),
                })
            })?
            .collect()
    };
    read().doing("list deletions")
}

fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default()
}
