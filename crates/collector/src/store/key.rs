//! Write keys in the database.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::error::{Doing as _, StoreError};
use crate::key::{Key, KeyDigest, KeyId, KeyKind, WriteKey};

/// A key as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedKey {
    /// Its number.
    pub id: KeyId,
    /// What may be sent with it.
    pub kind: String,
    /// What somebody called it.
    pub name: String,
    /// Its first characters.
    pub prefix: String,
    /// When it was added.
    pub created: Timestamp,
    /// Since when it may not be used any more.
    pub revoked: Option<Timestamp>,
}

pub(super) fn add(
    connection: &mut Connection,
    key: &WriteKey,
    kind: KeyKind,
    name: &str,
    now: Timestamp,
) -> Result<KeyId, StoreError> {
    const DOING: &str = "add a key";
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .doing(DOING)?;
    transaction
        .execute(
            "INSERT INTO key (kind, name, prefix, digest, created) VALUES (?, ?, ?, ?, ?)",
            (
                kind.name(),
                name,
                key.prefix(),
                key.digest().0,
                now.as_millisecond(),
            ),
        )
        .doing(DOING)?;
    let id = KeyId(transaction.last_insert_rowid());
    announce(&transaction)?;
    transaction.commit().doing(DOING)?;
    Ok(id)
}

/// Revokes the keys that the text names, by number or by prefix; returns those that it names, whether they were in use or not.
pub(super) fn revoke(
    connection: &mut Connection,
    named: &str,
    now: Timestamp,
) -> Result<Vec<ListedKey>, StoreError> {
    const DOING: &str = "revoke a key";
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .doing(DOING)?;
    let matching: Vec<ListedKey> = list(&transaction)?
        .into_iter()
        .filter(|key| key.id.0.to_string() == named || key.prefix == named)
        .collect();
    if let [key] = matching.as_slice() {
        transaction
            .execute(
                "UPDATE key SET revoked = ? WHERE id = ? AND revoked IS NULL",
                (now.as_millisecond(), key.id.0),
            )
            .doing(DOING)?;
        announce(&transaction)?;
        transaction.commit().doing(DOING)?;
    }
    Ok(matching)
}

pub(super) fn list(connection: &Connection) -> Result<Vec<ListedKey>, StoreError> {
    let time = |milliseconds| Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    let mut statement = connection
        .prepare("SELECT id, kind, name, prefix, created, revoked FROM key ORDER BY id")
        .doing("list keys")?;
    let rows = statement.query_map((), |row| {
        Ok(ListedKey {
            id: KeyId(row.get(0)?),
            kind: row.get(1)?,
            name: row.get(2)?,
            prefix: row.get(3)?,
            created: time(row.get(4)?),
            revoked: row.get::<_, Option<i64>>(5)?.map(time),
        })
    });
    rows.and_then(Iterator::collect).doing("list keys")
}

/// The keys that may be used. A kind that this release does not know may do nothing.
pub(super) fn usable(connection: &Connection) -> Result<Vec<(KeyDigest, Key)>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT id, kind, digest FROM key WHERE revoked IS NULL")
        .doing("read the keys")?;
    let rows: rusqlite::Result<Vec<(i64, String, [u8; 32])>> = statement
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .and_then(Iterator::collect);
    let known = rows
        .doing("read the keys")?
        .into_iter()
        .filter_map(|(id, kind, digest)| {
            let id = KeyId(id);
            let kind = kind.parse().ok()?;
            Some((KeyDigest(digest), Key { id, kind }))
        });
    Ok(known.collect())
}

/// A number that is another one after every change of the keys.
pub(super) fn generation(connection: &Connection) -> Result<i64, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT value FROM gauge WHERE name = 'keys'")
        .doing("look for new keys")?;
    let generation = statement.query_row((), |row| row.get(0)).optional();
    Ok(generation.doing("look for new keys")?.unwrap_or_default())
}

fn announce(connection: &Connection) -> Result<(), StoreError> {
    connection
        .execute("UPDATE gauge SET value = value + 1 WHERE name = 'keys'", ())
        .doing("announce a change of the keys")?;
    Ok(())
}
