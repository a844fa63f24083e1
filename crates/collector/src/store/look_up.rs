//! Who has looked at whom, in the database.

use heliograph_wire::id::Hour;
use jiff::Timestamp;
use rusqlite::Connection;

use super::error::{Doing as _, StoreError};
use super::time;
use crate::access::look_up::{LookUp, NotedLookUp};
use crate::ingest::subject::{Subject, SubjectKey};

/// Notes a look-up; of the same ones in an hour, their number and the last.
pub(super) fn note(
    connection: &Connection,
    key: &SubjectKey,
    look_up: &LookUp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (by, who) = look_up.who.parts();
    let hash = look_up.whom.hash(key).map(|subject| subject.0.to_vec());
    connection
        .prepare_cached(
            "INSERT INTO look_up (hour, by, who, what, kind, subject, hash, count, last) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)
             ON CONFLICT DO UPDATE SET count = count + 1, last = max(last, excluded.last)",
        )
        .and_then(|mut statement| {
            statement.execute((
                Hour::of(now).number(),
                by,
                who,
                &look_up.what,
                look_up.whom.kind(),
                look_up.whom.kept(),
                // Nobody in particular, as an empty hash.
                hash.unwrap_or_default(),
                now.as_millisecond(),
            ))
        })
        .doing("note who looks at whom")
        .map(|_| ())
}

/// Clears whom the run of deletions is about: 15 bytes of a hash say who that is, whatever kind they are of.
pub(super) fn forget(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE look_up SET subject = NULL, hash = NULL WHERE substr(hash, 1, 15) IN
                 (SELECT substr(hash, 1, 15) FROM deletion WHERE state = 'running' AND source IS NULL AND length(hash) = 16)",
        )?
        .execute(())
        .map(|_| ())
}

/// Look-ups behind a place in the list, the latest first; only those of somebody, where that is asked for.
pub(super) fn list(
    connection: &Connection,
    of: Option<Subject>,
    offset: u64,
    count: u64,
) -> Result<Vec<NotedLookUp>, StoreError> {
    let read = || -> rusqlite::Result<Vec<NotedLookUp>> {
        connection
            .prepare_cached(
                "SELECT by, who, what, kind, subject, hash IS NULL, count, last FROM look_up
                 WHERE ?1 IS NULL OR substr(hash, 1, 15) = substr(?1, 1, 15) ORDER BY last DESC, id DESC LIMIT ?2 OFFSET ?3",
            )?
            .query_map(
                (
                    of.map(|subject| subject.0),
                    i64::try_from(count).unwrap_or(i64::MAX),
                    i64::try_from(offset).unwrap_or(i64::MAX),
                ),
                |row| {
                    Ok(NotedLookUp {
                        by: row.get(0)?,
                        who: row.get(1)?,
                        what: row.get(2)?,
                        kind: row.get(3)?,
                        subject: row.get(4)?,
                        forgotten: row.get(5)?,
                        count: u64::try_from(row.get::<_, i64>(6)?).unwrap_or_default(),
                        last: time(row.get(7)?),
                    })
                },
            )?
            .collect()
    };
    read().doing("list who looked at whom")
}
