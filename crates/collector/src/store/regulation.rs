//! Regulations: what administrators ordered over HTTP, and how far that is.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction};

use super::error::{Doing as _, StoreError};
use super::{forward, time};
use crate::forget::order::{Action, Order, State, Withdrawn};
use crate::ingest::mention::Kind;
use crate::ingest::subject::Subject;
use crate::key::KeyId;

/// A regulation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regulation {
    /// Its number.
    pub id: i64,
    /// What is to be done.
    pub action: Action,
    /// What the subjects are.
    pub kind: Kind,
    /// The key to whose messages it is limited.
    pub source: Option<KeyId>,
    /// How far it is.
    pub state: State,
    /// The subjects' ids, as long as they are kept: until they are deleted.
    pub subjects: Vec<String>,
    /// The receipts of what is deleted, as far as it is; not in lists.
    pub receipts: Vec<String>,
    /// How many subjects there are.
    pub count: i64,
    /// When it was asked for.
    pub asked: Timestamp,
    /// When it was done.
    pub finished: Option<Timestamp>,
}

/// Some of a list, and the place behind them, where more follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub entries: Vec<T>,
    /// Where the next page begins.
    pub next: Option<Vec<u8>>,
    /// How many entries all pages have.
    pub total: i64,
}

/// Which regulations are listed.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Those of this key; otherwise those of all keys.
    pub source: Option<KeyId>,
    /// Those that are so far.
    pub state: Option<State>,
    /// Those that do one of these; all, where there is none.
    pub actions: Vec<Action>,
    /// Behind this place.
    pub after: i64,
    /// At most so many.
    pub count: usize,
}

/// One row each: how far its deletions are, and what of it is to be deleted.
const ROWS: &str = "
    SELECT id, action, kind, source, subjects, asked, finished,
           CASE WHEN deletions = done THEN 'FINISHED' WHEN deletions = queued THEN 'INITIALIZED' ELSE 'RUNNING' END AS state
    FROM (SELECT regulation.id, action, regulation.kind, regulation.source, subjects, regulation.asked,
                 max(deletion.finished) AS finished, count(deletion.id) AS deletions,
                 count(deletion.id) FILTER (WHERE deletion.state = 'done') AS done,
                 count(deletion.id) FILTER (WHERE deletion.state = 'queued') AS queued
          FROM regulation LEFT JOIN deletion ON deletion.regulation = regulation.id GROUP BY regulation.id)";

pub(super) fn insert(transaction: &Transaction<'_>, order: &Order, now: Timestamp) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO regulation (action, kind, source, subjects, asked) VALUES (?, ?, ?, ?, ?)",
        )?
        .insert((
            order.action.name(),
            order.kind.name(),
            order.source.map(|key| key.0),
            i64::try_from(order.ids.len()).unwrap_or(i64::MAX),
            now.as_millisecond(),
        ))
}

/// A regulation.
pub(super) fn get(connection: &Connection, id: i64) -> Result<Option<Regulation>, StoreError> {
    let read = || -> rusqlite::Result<Option<Regulation>> {
        let found = connection
            .prepare_cached(&format!("{ROWS} WHERE id = ?"))?
            .query_row([id], of_row)
            .optional()?;
        match found.flatten() {
            Some(regulation) => {
                let mut regulation = with_subjects(connection, regulation)?;
                regulation.receipts = receipts(connection, id)?;
                Ok(Some(regulation))
            }
            None => Ok(None),
        }
    };
    read().doing("read a regulation")
}

/// The latest first.
pub(super) fn list(connection: &Connection, listing: &Listing) -> Result<Page<Regulation>, StoreError> {
    let read = || -> rusqlite::Result<Page<Regulation>> {
        let source = listing.source.map(|key| key.0);
        let mut statement = connection.prepare_cached(&format!(
            "SELECT * FROM ({ROWS}) WHERE source IS ?1 ORDER BY id DESC"
        ))?;
        let mut rows = statement.query([source])?;
        let mut page = Page {
            entries: Vec::new(),
            next: None,
            total: 0,
        };
        while let Some(row) = rows.next()? {
            let Some(regulation) = of_row(row)? else { continue };
            let of_state = listing.state.is_none_or(|state| state == regulation.state);
            if !of_state || !(listing.actions.is_empty() || listing.actions.contains(&regulation.action)) {
                continue;
            }
            page.total += 1;
            if listing.after > 0 && regulation.id >= listing.after {
                continue;
            }
            if page.entries.len() < listing.count {
                page.entries.push(regulation);
            } else {
                let last = page.entries.last().map(|last: &Regulation| last.id.to_string());
                page.next = last.map(String::into_bytes);
            }
        }
        let entries = std::mem::take(&mut page.entries).into_iter();
        page.entries = entries
            .map(|regulation| with_subjects(connection, regulation))
            .collect::<rusqlite::Result<_>>()?;
        Ok(page)
    };
    read().doing("list regulations")
}

/// Who is suppressed in all sources, or in one, by hash.
pub(super) fn suppressed(
    connection: &Connection,
    after: &[u8],
    count: usize,
) -> Result<Page<(Subject, Timestamp)>, StoreError> {
    let read = || -> rusqlite::Result<Page<(Subject, Timestamp)>> {
        let total = connection.query_row("SELECT count(*) FROM suppression", (), |row| row.get(0))?;
        let entries: Vec<(Subject, Timestamp)> = connection
            .prepare_cached(
                "SELECT subject, asked FROM suppression WHERE subject > ? ORDER BY subject LIMIT ?",
            )?
            .query_map((after, i64::try_from(count).unwrap_or(i64::MAX)), |row| {
                Ok((Subject(row.get(0)?), time(row.get(1)?)))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let last = entries.last().filter(|_| entries.len() == count);
        let next = last.map(|(subject, _)| subject.0.to_vec());
        Ok(Page { entries, next, total })
    };
    read().doing("list suppressions")
}

/// Takes a regulation back of which nothing has been deleted yet.
pub(super) fn withdraw(transaction: &Transaction<'_>, id: i64) -> Result<Withdrawn, StoreError> {
    const DOING: &str = "take a regulation back";
    let state = match get(transaction, id)? {
        None => return Ok(Withdrawn::Unknown),
        Some(regulation) => regulation.state,
    };
    if state != State::Initialized {
        return Ok(Withdrawn::Begun);
    }
    forward::take_back(transaction, id).doing(DOING)?;
    for sql in [
        "DELETE FROM deletion WHERE regulation = ?",
        "DELETE FROM suppression WHERE regulation = ?",
        "DELETE FROM regulation WHERE id = ?",
    ] {
        transaction.execute(sql, [id]).doing(DOING)?;
    }
    super::suppression::announce(transaction).doing(DOING)?;
    Ok(Withdrawn::Done)
}

/// `None` where a later release wrote it.
fn of_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Regulation>> {
    let (action, kind, state): (String, String, String) =
        (row.get("action")?, row.get("kind")?, row.get("state")?);
    let known = (Action::of(&action), Kind::of(&kind), State::of(&state));
    let (Some(action), Some(kind), Some(state)) = known else {
        return Ok(None);
    };
    let asked = time(row.get("asked")?);
    let finished = row.get::<_, Option<i64>>("finished")?.map_or(asked, time);
    Ok(Some(Regulation {
        id: row.get("id")?,
        action,
        kind,
        source: row.get::<_, Option<i64>>("source")?.map(KeyId),
        state,
        subjects: Vec::new(),
        receipts: Vec::new(),
        count: row.get("subjects")?,
        asked,
        finished: (state == State::Finished).then_some(finished),
    }))
}

fn with_subjects(connection: &Connection, mut regulation: Regulation) -> rusqlite::Result<Regulation> {
    regulation.subjects = connection
        .prepare_cached(
            "SELECT subject FROM deletion WHERE regulation = ? AND subject IS NOT NULL ORDER BY id",
        )?
        .query_map([regulation.id], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(regulation)
}

fn receipts(connection: &Connection, regulation: i64) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare_cached(
            "SELECT receipt FROM deletion WHERE regulation = ? AND receipt IS NOT NULL ORDER BY id",
        )?
        .query_map([regulation], |row| row.get(0))?
        .collect()
}
