//! Users in the database.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::error::{Doing as _, StoreError};
use super::session;
use super::time;
use crate::access::act::{Acted, LastToo, NewUser};
use crate::access::invitation::Invitation;
use crate::access::password::PasswordHash;
use crate::access::session::SecretDigest;
use crate::access::user::{Role, UserName};

/// A user as they are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedUser {
    /// Name.
    pub name: String,
    /// [`Role::name`]
    pub role: String,
    /// When they were added.
    pub created: Timestamp,
    /// When their role or password was changed last.
    pub changed: Timestamp,
    /// When a session of theirs was last used, of those that are kept.
    pub seen: Option<Timestamp>,
}

pub(super) fn add(connection: &Connection, user: &NewUser, now: Timestamp) -> Result<Acted, StoreError> {
    let added = connection
        .prepare_cached(
            "INSERT INTO user (name, role, password, created, changed) VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT DO NOTHING",
        )
        .and_then(|mut statement| {
            statement.execute((
                user.name.as_str(),
                user.role.name(),
                user.password.as_str(),
                now.as_millisecond(),
            ))
        })
        .doing("add a user")?;
    Ok(if added == 1 { Acted::Done } else { Acted::Taken })
}

/// Lets a link make the first user; no earlier one does any more.
pub(super) fn invite(connection: &Connection, invitation: &Invitation) -> Result<Acted, StoreError> {
    if any(connection)? {
        return Ok(Acted::NotFirst);
    }
    connection
        .prepare_cached("INSERT OR REPLACE INTO invitation (id, digest, until) VALUES (1, ?, ?)")
        .and_then(|mut statement| statement.execute((invitation.digest.0, invitation.until.as_millisecond())))
        .doing("make a link for the first user")?;
    Ok(Acted::Done)
}

/// Makes the first user by a link, which is good once.
pub(super) fn accept(
    connection: &Connection,
    digest: SecretDigest,
    user: &NewUser,
    now: Timestamp,
) -> Result<Acted, StoreError> {
    if any(connection)? {
        return Ok(Acted::NotFirst);
    }
    let used = connection
        .execute(
            "DELETE FROM invitation WHERE digest = ? AND until > ?",
            (digest.0, now.as_millisecond()),
        )
        .doing("use the link for the first user")?;
    if used == 1 {
        add(connection, user, now)
    } else {
        Ok(Acted::Nobody)
    }
}

/// Whether a link is good.
pub(super) fn is_invited(
    connection: &Connection,
    digest: SecretDigest,
    now: Timestamp,
) -> Result<bool, StoreError> {
    connection
        .prepare_cached(
            "SELECT 1 FROM invitation WHERE digest = ? AND until > ? AND NOT EXISTS (SELECT 1 FROM user)",
        )
        .and_then(|mut statement| statement.exists((digest.0, now.as_millisecond())))
        .doing("look for the link for the first user")
}

pub(super) fn any(connection: &Connection) -> Result<bool, StoreError> {
    connection
        .prepare_cached("SELECT 1 FROM user LIMIT 1")
        .and_then(|mut statement| statement.exists(()))
        .doing("look for users")
}

/// Removes a user, with their sessions.
pub(super) fn remove(
    connection: &Connection,
    name: &UserName,
    last_too: LastToo,
) -> Result<Acted, StoreError> {
    let Some(id) = number(connection, name)? else {
        return Ok(Acted::Nobody);
    };
    if last_too == LastToo::No && !other_admins(connection, id)? {
        return Ok(Acted::LastAdmin);
    }
    session::end_all(connection, id)?;
    connection
        .execute("DELETE FROM user WHERE id = ?", [id])
        .doing("remove a user")?;
    Ok(Acted::Done)
}

/// Gives a user another role, and ends their sessions.
pub(super) fn set_role(
    connection: &Connection,
    name: &UserName,
    role: Role,
    last_too: LastToo,
    now: Timestamp,
) -> Result<Acted, StoreError> {
    let Some(id) = number(connection, name)? else {
        return Ok(Acted::Nobody);
    };
    if last_too == LastToo::No && role != Role::Admin && !other_admins(connection, id)? {
        return Ok(Acted::LastAdmin);
    }
    session::end_all(connection, id)?;
    connection
        .execute(
            "UPDATE user SET role = ?, changed = ? WHERE id = ?",
            (role.name(), now.as_millisecond(), id),
        )
        .doing("change a user's role")?;
    Ok(Acted::Done)
}

/// Gives a user another password, and ends their sessions.
pub(super) fn set_password(
    connection: &Connection,
    name: &UserName,
    password: &PasswordHash,
    now: Timestamp,
) -> Result<Acted, StoreError> {
    let Some(id) = number(connection, name)? else {
        return Ok(Acted::Nobody);
    };
    session::end_all(connection, id)?;
    connection
        .execute(
            "UPDATE user SET password = ?, changed = ? WHERE id = ?",
            (password.as_str(), now.as_millisecond(), id),
        )
        .doing("change a user's password")?;
    Ok(Acted::Done)
}

/// The hash of a user's password.
pub(super) fn password(connection: &Connection, name: &UserName) -> Result<Option<PasswordHash>, StoreError> {
    let password = connection
        .prepare_cached("SELECT password FROM user WHERE name = ?")
        .and_then(|mut statement| statement.query_row([name.as_str()], |row| row.get(0)).optional())
        .doing("look up a user")?;
    Ok(password.map(PasswordHash::kept))
}

pub(super) fn list(connection: &Connection) -> Result<Vec<ListedUser>, StoreError> {
    let read = || -> rusqlite::Result<Vec<ListedUser>> {
        connection
            .prepare(
                "SELECT name, role, created, changed, (SELECT max(used) FROM session WHERE user = user.id)
                 FROM user ORDER BY name",
            )?
            .query_map((), |row| {
                Ok(ListedUser {
                    name: row.get(0)?,
                    role: row.get(1)?,
                    created: time(row.get(2)?),
                    changed: time(row.get(3)?),
                    seen: row.get::<_, Option<i64>>(4)?.map(time),
                })
            })?
            .collect()
    };
    read().doing("list users")
}

/// The number of a user.
fn number(connection: &Connection, name: &UserName) -> Result<Option<i64>, StoreError> {
    connection
        .prepare_cached("SELECT id FROM user WHERE name = ?")
        .and_then(|mut statement| statement.query_row([name.as_str()], |row| row.get(0)).optional())
        .doing("look up a user")
}

/// Whether there is an administrator beside somebody.
fn other_admins(connection: &Connection, user: i64) -> Result<bool, StoreError> {
    connection
        .prepare_cached("SELECT 1 FROM user WHERE role = ? AND id <> ? LIMIT 1")
        .and_then(|mut statement| statement.exists((Role::Admin.name(), user)))
        .doing("look for administrators")
}
