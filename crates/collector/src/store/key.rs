//! Write keys in the database.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::error::{Doing as _, StoreError};
use crate::key::{Key, KeyDigest, KeyId, KeyKind, WriteKey};
use crate::quota::{Limit, Limits};

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
    /// How much may be sent with it.
    pub limits: Limits,
    /// Since when it may not be used any more.
    pub revoked: Option<Timestamp>,
}

pub(super) fn add(
    connection: &mut Connection,
    key: &WriteKey,
    kind: KeyKind,
    name: &str,
    limits: Limits,
    now: Timestamp,
) -> Result<KeyId, StoreError> {
    const DOING: &str = "add a key";
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .doing(DOING)?;
    transaction
        .execute(
            "INSERT INTO key (kind, name, prefix, digest, created, bytes_per_day, messages_per_day)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                kind.name(),
                name,
                key.prefix(),
                key.digest().0,
                now.as_millisecond(),
                number_of(limits.bytes),
                number_of(limits.messages),
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
    let matching = named_by(&transaction, named)?;
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

/// Sets limits of the key that the text names, by number or by prefix, if it names one alone; returns all that it names.
pub(super) fn limit(
    connection: &mut Connection,
    named: &str,
    bytes: Option<Limit>,
    messages: Option<Limit>,
) -> Result<Vec<ListedKey>, StoreError> {
    const DOING: &str = "set a key's limits";
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .doing(DOING)?;
    let mut matching = named_by(&transaction, named)?;
    if let [key] = matching.as_mut_slice() {
        key.limits.bytes = bytes.unwrap_or(key.limits.bytes);
        key.limits.messages = messages.unwrap_or(key.limits.messages);
        transaction
            .execute(
                "UPDATE key SET bytes_per_day = ?, messages_per_day = ? WHERE id = ?",
                (
                    number_of(key.limits.bytes),
                    number_of(key.limits.messages),
                    key.id.0,
                ),
            )
            .doing(DOING)?;
        announce(&transaction)?;
        transaction.commit().doing(DOING)?;
    }
    Ok(matching)
}

fn named_by(connection: &Connection, named: &str) -> Result<Vec<ListedKey>, StoreError> {
    let mut keys = list(connection)?;
    keys.retain(|key| key.id.0.to_string() == named || key.prefix == named);
    Ok(keys)
}

/// NULL stands for what is configured, -1 for no limit.
fn number_of(limit: Limit) -> Option<i64> {
    match limit {
        Limit::Default => None,
        Limit::Unlimited => Some(-1),
        Limit::Most(most) => Some(i64::try_from(most).unwrap_or(i64::MAX)),
    }
}

fn limit_of(number: Option<i64>) -> Limit {
    number.map_or(Limit::Default, |number| {
        u64::try_from(number).map_or(Limit::Unlimited, Limit::Most)
    })
}

pub(super) fn list(connection: &Connection) -> Result<Vec<ListedKey>, StoreError> {
    let time = |milliseconds| Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    let mut statement = connection
        .prepare("SELECT id, kind, name, prefix, created, revoked, bytes_per_day, messages_per_day FROM key ORDER BY id")
        .doing("list keys")?;
    let rows = statement.query_map((), |row| {
        Ok(ListedKey {
            id: KeyId(row.get(0)?),
            kind: row.get(1)?,
            name: row.get(2)?,
            prefix: row.get(3)?,
            created: time(row.get(4)?),
            revoked: row.get::<_, Option<i64>>(5)?.map(time),
            limits: Limits {
                bytes: limit_of(row.get(6)?),
                messages: limit_of(row.get(7)?),
            },
        })
    });
    rows.and_then(Iterator::collect).doing("list keys")
}

/// The keys that may be used. A kind that this release does not know may do nothing.
pub(super) fn usable(connection: &Connection) -> Result<Vec<(KeyDigest, Key, Limits)>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT id, kind, digest, bytes_per_day, messages_per_day FROM key WHERE revoked IS NULL",
        )
        .doing("read the keys")?;
    let rows = statement.query_map((), |row| {
        let key = (KeyId(row.get(0)?), row.get::<_, String>(1)?);
        let limits = Limits {
            bytes: limit_of(row.get(3)?),
            messages: limit_of(row.get(4)?),
        };
        Ok((KeyDigest(row.get(2)?), key, limits))
    });
    let rows: Vec<_> = rows.and_then(Iterator::collect).doing("read the keys")?;
    let known = rows.into_iter().filter_map(|(digest, (id, kind), limits)| {
        let kind = kind.parse().ok()?;
        Some((digest, Key { id, kind }, limits))
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
