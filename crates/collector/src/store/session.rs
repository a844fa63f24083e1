//! Sessions in the database.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Params};

use super::error::{Doing as _, StoreError};
use super::time;
use crate::access::act::Acted;
use crate::access::password::PasswordHash;
use crate::access::session::{SecretDigest, Session};
use crate::access::user::UserName;

/// Sessions of one user, at most: the earliest ends.
const MOST: i64 = 32;
/// Beyond this age a session is over, whatever is configured: the longest that can be.
const OLDEST: SignedDuration = SignedDuration::from_hours(366 * 24);
const DOING: &str = "begin a session";

/// Begins a session, if the password is theirs still.
pub(super) fn begin(
    connection: &Connection,
    user: &UserName,
    checked: &PasswordHash,
    digest: SecretDigest,
    now: Timestamp,
) -> Result<Acted, StoreError> {
    let begin = || -> rusqlite::Result<bool> {
        let user: Option<i64> = connection
            .prepare_cached("SELECT id FROM user WHERE name = ? AND password = ?")?
            .query_row((user.as_str(), checked.as_str()), |row| row.get(0))
            .optional()?;
        let Some(user) = user else { return Ok(false) };
        let long_ago = now.checked_sub(OLDEST).unwrap_or(Timestamp::MIN);
        connection
            .prepare_cached("DELETE FROM session WHERE began < ?")?
            .execute([long_ago.as_millisecond()])?;
        connection
            .prepare_cached("INSERT INTO session (digest, user, began, used) VALUES (?1, ?2, ?3, ?3)")?
            .execute((digest.0, user, now.as_millisecond()))?;
        connection
            .prepare_cached(
                "DELETE FROM session WHERE digest IN
                     (SELECT digest FROM session WHERE user = ? ORDER BY began DESC, digest LIMIT -1 OFFSET ?)",
            )?
            .execute((user, MOST))?;
        Ok(true)
    };
    let begun = begin().doing(DOING)?;
    Ok(if begun { Acted::Done } else { Acted::Nobody })
}

/// Ends a session.
pub(super) fn end(connection: &Connection, digest: SecretDigest) -> Result<Acted, StoreError> {
    change(connection, "DELETE FROM session WHERE digest = ?", [digest.0])
}

/// Notes that a session is used.
pub(super) fn note(
    connection: &Connection,
    digest: SecretDigest,
    now: Timestamp,
) -> Result<Acted, StoreError> {
    change(
        connection,
        "UPDATE session SET used = ?2 WHERE digest = ?1 AND used < ?2",
        (digest.0, now.as_millisecond()),
    )
}

/// Ends all sessions of a user.
pub(super) fn end_all(connection: &Connection, user: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM session WHERE user = ?")
        .and_then(|mut statement| statement.execute([user]))
        .doing("end a user's sessions")
        .map(|_| ())
}

/// A session, if there is one. A role that this release does not know allows nothing.
pub(super) fn find(connection: &Connection, digest: SecretDigest) -> Result<Option<Session>, StoreError> {
    let found = connection
        .prepare_cached("SELECT name, role, began, used FROM session JOIN user ON user.id = session.user WHERE digest = ?")
        .and_then(|mut statement| {
            statement
                .query_row([digest.0], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?))
                })
                .optional()
        })
        .doing("look up a session")?;
    Ok(found.and_then(|(name, role, began, used)| {
        Some(Session {
            user: name.parse().ok()?,
            role: role.parse().ok()?,
            began: time(began),
            used: time(used),
        })
    }))
}

fn change(connection: &Connection, sql: &str, stated: impl Params) -> Result<Acted, StoreError> {
    let changed = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(stated))
        .doing("change a session")?;
    Ok(if changed > 0 { Acted::Done } else { Acted::Nobody })
}
