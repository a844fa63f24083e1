//! Tokens in the database.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::error::{Doing as _, StoreError};
use super::time;
use crate::token::{Scope, Token, TokenDigest};

/// A token as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedToken {
    /// Its number.
    pub id: i64,
    /// What may be done with it: [`Scope::name`].
    pub scope: String,
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
    connection: &Connection,
    token: &Token,
    scope: Scope,
    name: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection
        .execute(
            "INSERT INTO token (scope, name, prefix, digest, created) VALUES (?, ?, ?, ?, ?)",
            (
                scope.name(),
                name,
                token.prefix(),
                token.digest().0,
                now.as_millisecond(),
            ),
        )
        .doing("add a token")
        .map(|_| ())
}

/// Revokes the token that the text names, by number or by prefix, if it names one alone; returns all that it names.
pub(super) fn revoke(
    connection: &mut Connection,
    named: &str,
    now: Timestamp,
) -> Result<Vec<ListedToken>, StoreError> {
    const DOING: &str = "revoke a token";
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .doing(DOING)?;
    let matching: Vec<ListedToken> = list(&transaction)?
        .into_iter()
        .filter(|token| token.id.to_string() == named || token.prefix == named)
        .collect();
    if let [token] = matching.as_slice() {
        revoke_one(&transaction, token.id, now)?;
        transaction.commit().doing(DOING)?;
    }
    Ok(matching)
}

pub(super) fn list(connection: &Connection) -> Result<Vec<ListedToken>, StoreError> {
    let read = || -> rusqlite::Result<Vec<ListedToken>> {
        connection
            .prepare("SELECT id, scope, name, prefix, created, revoked FROM token ORDER BY id")?
            .query_map((), |row| {
                Ok(ListedToken {
                    id: row.get(0)?,
                    scope: row.get(1)?,
                    name: row.get(2)?,
                    prefix: row.get(3)?,
                    created: time(row.get(4)?),
                    revoked: row.get::<_, Option<i64>>(5)?.map(time),
                })
            })?
            .collect()
    };
    read().doing("list tokens")
}

/// Revokes the token with a number; says whether there is one that was in use.
pub(super) fn revoke_one(connection: &Connection, id: i64, now: Timestamp) -> Result<bool, StoreError> {
    connection
        .execute(
            "UPDATE token SET revoked = ? WHERE id = ? AND revoked IS NULL",
            (now.as_millisecond(), id),
        )
        .map(|revoked| revoked > 0)
        .doing("revoke a token")
}

/// What may be done with a token, if it may be used, and its prefix. A scope that this release does not know allows nothing.
pub(super) fn scope(
    connection: &Connection,
    digest: TokenDigest,
) -> Result<Option<(Scope, String)>, StoreError> {
    let found: Option<(String, String)> = connection
        .prepare_cached("SELECT scope, prefix FROM token WHERE digest = ? AND revoked IS NULL")
        .and_then(|mut statement| statement.query_row([digest.0], |row| row.try_into()).optional())
        .doing("look up a token")?;
    Ok(found.and_then(|(scope, prefix)| Some((scope.parse().ok()?, prefix))))
}
