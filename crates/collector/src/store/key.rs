//! Write keys in the database.

use heliograph_wire::id::hex;
use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::error::{Doing as _, StoreError};
use super::time;
use crate::import::origin::KeyOrigin;
use crate::key::{Fingerprint, Key, KeyDigest, KeyId, KeyKind, PREFIX, WriteKey};
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
    /// What it is told by outside.
    pub fingerprint: Fingerprint,
    /// Whether it stands for one of another collector, whose messages were imported.
    pub imported: bool,
    /// Since when it may not be used any more.
    pub revoked: Option<Timestamp>,
}

impl ListedKey {
    /// Whether a text names it, by its number or its prefix.
    pub fn is_named(&self, named: &str) -> bool {
        self.id.0.to_string() == named || self.prefix == named
    }
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
    let id = insert(&transaction, key, kind, name, limits, now)?;
    transaction.commit().doing(DOING)?;
    Ok(id)
}

/// Adds a key within a transaction.
pub(super) fn insert(
    connection: &Connection,
    key: &WriteKey,
    kind: KeyKind,
    name: &str,
    limits: Limits,
    now: Timestamp,
) -> Result<KeyId, StoreError> {
    connection
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
        .doing("add a key")?;
    let id = KeyId(connection.last_insert_rowid());
    announce(connection)?;
    Ok(id)
}

/// The key that messages were sent with to the collector that exported them: our own, where it was us; otherwise one that stands for
/// it, and that nothing can be sent with.
pub(super) fn adopt(
    connection: &mut Connection,
    origin: &KeyOrigin,
    kind: KeyKind,
    now: Timestamp,
) -> Result<Key, StoreError> {
    const DOING: &str = "add a key that stands for another collector's";
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .doing(DOING)?;
    let known = list(&transaction)?;
    let known = known.iter().find(|key| key.fingerprint == origin.fingerprint);
    if let Some(known) = known {
        let kind = known.kind.parse().unwrap_or(kind);
        return Ok(Key { id: known.id, kind });
    }
    let fingerprint = origin.fingerprint.0;
    let digits = hex(&fingerprint);
    transaction
        .execute(
            "INSERT INTO key (kind, name, prefix, digest, origin, created, revoked) VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?5)",
            (
                kind.name(),
                format!("{} (imported)", origin.name),
                digits.get(..PREFIX),
                fingerprint,
                now.as_millisecond(),
            ),
        )
        .doing(DOING)?;
    let id = KeyId(transaction.last_insert_rowid());
    transaction.commit().doing(DOING)?;
    Ok(Key { id, kind })
}

/// Revokes the key that the text names, by number or by prefix, if it names one alone; returns all that it names, as they were.
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
        revoke_one(&transaction, key.id.0, now)?;
        transaction.commit().doing(DOING)?;
    }
    Ok(matching)
}

/// Revokes the key with a number within a transaction; says whether there is one that was in use.
pub(super) fn revoke_one(connection: &Connection, id: i64, now: Timestamp) -> Result<bool, StoreError> {
    let revoked = connection
        .execute(
            "UPDATE key SET revoked = ? WHERE id = ? AND revoked IS NULL",
            (now.as_millisecond(), id),
        )
        .doing("revoke a key")?;
    announce(connection)?;
    Ok(revoked > 0)
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
    keys.retain(|key| key.is_named(named));
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
    let mut statement = connection
        .prepare("SELECT id, kind, name, prefix, created, revoked, bytes_per_day, messages_per_day, digest, origin FROM key ORDER BY id")
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
            fingerprint: match row.get::<_, Option<[u8; 32]>>(9)? {
                Some(origin) => Fingerprint(origin),
                None => KeyDigest(row.get(8)?).fingerprint(),
            },
            imported: row.get_ref(9)? != ValueRef::Null,
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
