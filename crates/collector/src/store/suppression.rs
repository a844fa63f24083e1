//! Who is not kept any more, by keyed hash.

use std::collections::HashSet;

use heliograph_wire::id::ReporterId;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use super::deletion::{self, Queued};
use super::error::{Doing as _, StoreError};
use super::report::bytes_of;
use super::{forward, time};
use crate::forget::order::{Action, Order, Placed};
use crate::forget::reach::Reach;
use crate::forget::{Known, Petition, Ruling, Scope, Standing, Verdict, rule};
use crate::ingest::mention::Kind;
use crate::ingest::subject::{Subject, SubjectKey};

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

/// Whoever asks as an administrator is no reporter.
const NOBODY: &[u8] = b"";

/// A number that is another one after every change of who is suppressed.
pub(super) fn generation(connection: &Connection) -> Result<i64, StoreError> {
    connection
        .prepare_cached("SELECT value FROM gauge WHERE name = 'suppressions'")
        .and_then(|mut statement| statement.query_row((), |row| row.get(0)))
        .doing("look for suppressions")
}

/// To be called in the transaction of every change.
pub(super) fn announce(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE gauge SET value = value + 1 WHERE name = 'suppressions'")?
        .execute(())
        .map(|_| ())
}

/// All who are suppressed.
pub(super) fn subjects(connection: &Connection) -> Result<HashSet<Subject>, StoreError> {
    let read = || -> rusqlite::Result<HashSet<Subject>> {
        connection
            .prepare("SELECT subject FROM suppression")?
            .query_map((), |row| row.get(0).map(Subject))?
            .collect()
    };
    read().doing("read who is suppressed")
}

/// Does what a petition asks for, as far as it may; says, too, whether that changed anything.
pub(super) fn petition(
    transaction: &Transaction<'_>,
    key: &SubjectKey,
    petition: &Petition,
    now: Timestamp,
) -> Result<(Verdict, bool), StoreError> {
    let cluster = key.subject(Kind::Cluster, petition.cluster.as_str());
    let asker = key.reporter(petition.cluster.as_str(), &petition.reporter);
    let decide = || -> rusqlite::Result<(Verdict, bool)> {
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
            Ruling::Stands(scope, at) => return Ok((Verdict::Forgotten(scope, at), false)),
            Ruling::Refuse => return Ok((Verdict::Refused, false)),
        };
        let (kind, subject, reporter) = match scope {
            Scope::Reporter => (Kind::Reporter, asker, Some(&petition.reporter)),
            Scope::Cluster | Scope::Nothing => (Kind::Cluster, cluster, None),
        };
        suppress(
            transaction,
            subject.spoken(),
            cluster,
            asker.0.as_slice(),
            None,
            now,
        )?;
        announce(transaction)?;
        let queued = Queued {
            kind,
            id: petition.cluster.as_str(),
            reporter,
            hash: subject,
            reach: Reach::Clusters,
            regulation: None,
        };
        deletion::queue(transaction, &queued, now)?;
        let id = petition.cluster.as_str();
        forward::pass_on(transaction, Action::SuppressAndDelete, kind, id, false)?;
        Ok((Verdict::Forgotten(scope, now), true))
    };
    decide().doing("note who is to be forgotten")
}

/// Notes what an administrator orders.
pub(super) fn obey(
    transaction: &Transaction<'_>,
    key: &SubjectKey,
    order: &Order,
    regulation: Option<i64>,
    now: Timestamp,
) -> Result<Placed, StoreError> {
    let obey = || -> rusqlite::Result<Vec<i64>> {
        let mut deletions = Vec::new();
        for id in order.ids.iter().map(|id| id.trim()) {
            let hash = key.subject(order.kind, id);
            let subject = order.source.map_or(hash, |source| hash.within(source));
            forward::pass_on(transaction, order.action, order.kind, id, order.source.is_some())?;
            if order.action.suppresses() {
                suppress(transaction, subject, subject, NOBODY, regulation, now)?;
            }
            if order.action == Action::Unsuppress {
                transaction
                    .prepare_cached("DELETE FROM suppression WHERE cluster = ?")?
                    .execute([subject.0])?;
            }
            if order.action.deletes() {
                let queued = Queued {
                    kind: order.kind,
                    id,
                    reporter: None,
                    hash,
                    reach: Reach::of_order(order.source),
                    regulation,
                };
                deletions.push(deletion::queue(transaction, &queued, now)?);
            }
        }
        announce(transaction)?;
        Ok(deletions)
    };
    let deletions = obey().doing("note who is to be forgotten")?;
    Ok(Placed {
        regulation,
        deletions,
    })
}

/// Suppresses somebody; `whole` is the cluster, where that is what it belongs to. Whoever is suppressed already stays so for the
/// same reason, but not by one regulation alone, which could be taken back: whoever ordered it, too, must not lose it by that.
fn suppress(
    transaction: &Transaction<'_>,
    subject: Subject,
    whole: Subject,
    asker: &[u8],
    regulation: Option<i64>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO suppression (subject, cluster, asker, regulation, asked) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET regulation = NULL WHERE regulation IS NOT excluded.regulation",
        )?
        .execute((subject.0, whole.0, asker, regulation, now.as_millisecond()))
        .map(|_| ())
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
            .query_row((subject.spoken().0, asker.0), |row| row.get(0))
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

/// Ends the suppression of somebody; of a cluster, of its reporters too. Returns how many there were.
pub(super) fn lift(connection: &mut Connection, subject: Subject) -> Result<usize, StoreError> {
    let mut lift = || -> rusqlite::Result<usize> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let lifted = transaction.execute("DELETE FROM suppression WHERE cluster = ?", [subject.0])?;
        announce(&transaction)?;
        transaction.commit()?;
        Ok(lifted)
    };
    lift().doing("lift a suppression")
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
