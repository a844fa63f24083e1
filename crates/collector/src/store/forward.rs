//! How far forwarding is, and what it needs to know.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction};

use super::deletion::reach_of;
use super::error::{Doing as _, StoreError};
use super::{Commit, Reader, Store, batch, suppression, time};
use crate::forget::order::Action;
use crate::forget::suppressions::Suppressions;
use crate::forward::{Mark, PassedOn, Since, Withheld};
use crate::ingest::mention::Kind;
use crate::ingest::subject::Subject;

/// Messages that were refused for good, of which it is known which they are.
const REFUSED: i64 = 1000;
const DOING: &str = "note how far forwarding is";
const READING: &str = "read what is to be forwarded";

impl Store {
    /// Forwarding goes to this target from now on, or to none; returns the last batch that it has taken. `orders` says that orders to
    /// forget somebody are passed on to it.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn forward_to(
        &mut self,
        target: Option<&str>,
        since: Since,
        orders: bool,
    ) -> Result<i64, StoreError> {
        let is_any = "SELECT EXISTS (SELECT 1 FROM forward WHERE active = 1)";
        let any: bool = self
            .connection
            .query_row(is_any, (), |row| row.get(0))
            .doing(DOING)?;
        if target.is_none() && !any {
            return Ok(0);
        }
        let commit = self.begin()?;
        let note = |transaction: &Transaction<'_>| -> rusqlite::Result<i64> {
            transaction.execute("UPDATE forward SET active = 0, orders = 0", ())?;
            let Some(target) = target else {
                transaction.execute("DELETE FROM forward_order", ())?;
                return Ok(0);
            };
            let first = match since {
                Since::Now => "(SELECT coalesce(max(id), 0) FROM batch)",
                Since::Beginning => "0",
            };
            transaction.execute(
                &format!(
                    "INSERT INTO forward (target, batch, active, orders) VALUES (?1, {first}, 1, ?2)
                     ON CONFLICT DO UPDATE SET active = 1, orders = ?2"
                ),
                (target, orders),
            )?;
            // Whom they are about is not kept for a target that there is no more.
            let which = if orders { "target <> ?" } else { "?1 = ?1" };
            transaction.execute(&format!("DELETE FROM forward_order WHERE {which}"), [target])?;
            transaction.query_row("SELECT batch FROM forward WHERE target = ?", [target], |row| {
                row.get(0)
            })
        };
        let batch = note(&commit.transaction).doing(DOING)?;
        commit.finish()?;
        Ok(batch)
    }
}

impl Commit<'_> {
    /// Notes how far forwarding is.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn mark(&self, mark: &Mark) -> Result<(), StoreError> {
        let connection: &Connection = &self.transaction;
        let note = || -> rusqlite::Result<()> {
            connection
                .prepare_cached("UPDATE forward SET batch = max(batch, ?) WHERE target = ?")?
                .execute((mark.batch, &mark.target))?;
            for order in &mark.orders {
                connection.execute("DELETE FROM forward_order WHERE id = ?", [order])?;
            }
            for refused in &mark.refused {
                connection.execute(
                    "INSERT INTO forward_refused (target, batch, message_id, what, at) VALUES (?, ?, ?, ?, ?)",
                    (
                        &mark.target,
                        refused.batch,
                        &refused.message_id,
                        &refused.what,
                        refused.at.as_millisecond(),
                    ),
                )?;
            }
            if !mark.refused.is_empty() {
                connection.execute(
                    "DELETE FROM forward_refused WHERE id <= (SELECT max(id) FROM forward_refused) - ?",
                    [REFUSED],
                )?;
            }
            Ok(())
        };
        note().doing(DOING)
    }
}

impl Reader {
    /// Whose messages must not leave any more; `None` where that is as `known`.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn withheld(&self, known: i64) -> Result<Option<Withheld>, StoreError> {
        let connection = &self.connection;
        let generation = suppression::generation(connection)?;
        if generation == known {
            return Ok(None);
        }
        let deletions = || -> rusqlite::Result<Vec<_>> {
            connection
                .prepare("SELECT hash, through, source, petition FROM deletion WHERE state <> 'done' AND length(hash) = 16")?
                .query_map((), |row| Ok((Subject(row.get(0)?), reach_of(row)?, row.get("through")?)))?
                .collect()
        };
        Ok(Some(Withheld {
            generation,
            suppressed: Suppressions::of(suppression::subjects(connection)?),
            deletions: deletions().doing(READING)?,
        }))
    }

    /// Orders that are to be passed on, the earliest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn orders_to_pass_on(&self, target: &str) -> Result<Vec<PassedOn>, StoreError> {
        let read = || -> rusqlite::Result<Vec<_>> {
            self.connection
                .prepare_cached(
                    "SELECT id, action, kind, subject, limited FROM forward_order WHERE target = ? ORDER BY id LIMIT 100",
                )?
                .query_map([target], |row| {
                    Ok(PassedOn {
                        id: row.get(0)?,
                        action: row.get(1)?,
                        kind: row.get(2)?,
                        subject: row.get(3)?,
                        limited: row.get(4)?,
                    })
                })?
                .collect()
        };
        read().doing(READING)
    }

    /// How far behind forwarding is that has taken a batch: batches, and when the first of them was received.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn behind(&self, taken: i64) -> Result<(i64, Option<Timestamp>), StoreError> {
        let first: Option<i64> = self
            .connection
            .prepare_cached("SELECT received FROM batch WHERE id > ? ORDER BY id LIMIT 1")
            .and_then(|mut statement| statement.query_row([taken], |row| row.get(0)).optional())
            .doing(READING)?;
        let pending = match first {
            Some(_) => batch::last(&self.connection)? - taken,
            None => 0,
        };
        Ok((pending, first.map(time)))
    }

    /// Messages that were dropped by age before the target took them.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn lost_by_forwarding(&self, target: &str) -> Result<u64, StoreError> {
        let lost: Option<i64> = self
            .connection
            .prepare_cached("SELECT lost FROM forward WHERE target = ?")
            .and_then(|mut statement| statement.query_row([target], |row| row.get(0)).optional())
            .doing(READING)?;
        Ok(lost.unwrap_or_default().unsigned_abs())
    }
}

/// Notes that an order is to be passed on, where that is configured.
pub(super) fn pass_on(
    transaction: &Transaction<'_>,
    action: Action,
    kind: Kind,
    id: &str,
    limited: bool,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO forward_order (target, action, kind, subject, limited)
             SELECT target, ?, ?, ?, ? FROM forward WHERE orders = 1",
        )?
        .execute((action.name(), kind.name(), id, limited))
        .map(|_| ())
}

/// Drops what a regulation that is taken back has yet to pass on, before its deletions are dropped. An order isn't kept with its
/// regulation; but each deletion has one, and as long as a regulation may be taken back, what was ordered since waits, too: a deletion
/// and its order have as many after them that are about the same. So what others order stays, also where the target has the
/// regulation's own already.
pub(super) fn take_back(transaction: &Transaction<'_>, regulation: i64) -> rusqlite::Result<()> {
    let deleting = Action::ALL.into_iter().filter(|action| action.deletes());
    let deleting: Vec<String> = deleting.map(|action| format!("'{}'", action.name())).collect();
    let deleting = deleting.join(", ");
    let sql = format!(
        "DELETE FROM forward_order WHERE id IN (
             SELECT own.id
             FROM deletion JOIN forward_order AS own
                  ON own.kind = deletion.kind AND own.subject = deletion.subject
                  AND own.limited = (deletion.source IS NOT NULL) AND own.action IN ({deleting})
             WHERE deletion.regulation = ? AND (
                 SELECT count(*) FROM forward_order AS later
                 WHERE later.id > own.id AND later.target = own.target AND later.kind = own.kind
                       AND later.subject = own.subject AND later.limited = own.limited AND later.action IN ({deleting})
             ) = (
                 SELECT count(*) FROM deletion AS later
                 WHERE later.id > deletion.id AND later.kind = deletion.kind AND later.subject = deletion.subject
                       AND (later.source IS NOT NULL) = own.limited
             )
         )"
    );
    transaction.execute(&sql, [regulation]).map(|_| ())
}
