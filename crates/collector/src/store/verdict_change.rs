//! What changed in what is said of versions, in the order in which it was noticed.
//!
//! A change is noted in the transaction that keeps the judgement in which it is seen, and what was said then is compared with the next
//! one: so it is noted once, whatever is judged again. Verdicts that say something are what counts; that there is enough data by now to
//! say nothing is no news. The first judgement, and the first of another judge, only say how things are.

use std::collections::BTreeSet;

use heliograph_wire::time::rfc3339;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};
use uuid::{Builder, Uuid};

use super::error::{Doing as _, StoreError};
use super::judgement::Judgement;
use super::time;
use crate::delta::Day;
use crate::question::release_health::NOT_ENOUGH;

/// Changes that are kept, the latest.
const MOST: i64 = 1000;
const READ: &str = "read what changed";

/// What is said of a unit in a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The version.
    pub version: String,
    /// The unit.
    pub unit: String,
    /// What is said.
    pub verdict: String,
    /// Whether that is a difference.
    pub tells: bool,
    /// The numbers beside it, as JSON.
    pub numbers: String,
}

/// A change of what is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictChange {
    /// Its number: the later, the larger.
    pub id: i64,
    /// What it is known by elsewhere.
    pub uuid: Uuid,
    /// When it was noticed.
    pub noticed: Timestamp,
    /// The last day that was judged.
    pub day: Day,
    /// The version.
    pub version: String,
    /// The unit.
    pub unit: String,
    /// What was said before.
    pub before: String,
    /// What is said.
    pub after: String,
    /// The numbers beside it, as JSON; `null` where nothing is known of the unit any more.
    pub numbers: String,
}

/// All changes together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// What they are known by.
    pub uuid: Uuid,
    /// Since when there may be any.
    pub began: Timestamp,
    /// The latest first.
    pub latest: Vec<VerdictChange>,
}

/// Notes what differs from what was said before.
pub(super) fn note(
    transaction: &Transaction<'_>,
    judgement: &Judgement,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let known: Option<i64> =
        transaction.query_row("SELECT revision FROM verdict_judge", (), |row| row.get(0))?;
    let quiet = known != Some(judgement.revision);
    let mut gone = said_before(transaction)?;
    let judged: BTreeSet<&str> = judgement.said.iter().map(|said| said.version.as_str()).collect();
    gone.retain(|(version, _)| judged.contains(version.as_str()));
    for said in &judgement.said {
        gone.remove(&(said.version.clone(), said.unit.clone()));
        say(transaction, judgement, said, quiet, now)?;
    }
    for (version, unit) in gone {
        let said = Said {
            version,
            unit,
            verdict: NOT_ENOUGH.to_owned(),
            tells: false,
            numbers: "null".to_owned(),
        };
        say(transaction, judgement, &said, quiet, now)?;
    }
    if quiet {
        transaction.execute("UPDATE verdict_judge SET revision = ?", [judgement.revision])?;
    }
    transaction.execute(
        "DELETE FROM verdict WHERE version NOT IN (SELECT version FROM edition)",
        (),
    )?;
    transaction.execute(
        "DELETE FROM verdict_change WHERE id <= (SELECT max(id) FROM verdict_change) - ?
         AND id NOT IN (SELECT change FROM webhook_outbox)",
        [MOST],
    )?;
    Ok(())
}

/// The latest changes.
pub(super) fn latest(connection: &Connection, count: u32) -> Result<Changes, StoreError> {
    let read = || -> rusqlite::Result<Changes> {
        let (uuid, began) = connection.query_row("SELECT feed, began FROM verdict_judge", (), |row| {
            Ok((uuid_of(row.get(0)?), time(row.get(1)?)))
        })?;
        let latest = connection
            .prepare_cached(&format!("{SELECT} ORDER BY id DESC LIMIT ?"))?
            .query_map([count], read)?
            .collect::<Result<_, _>>()?;
        Ok(Changes { uuid, began, latest })
    };
    read().doing(READ)
}

/// How changes are selected that [`read`] is to read.
pub(super) const SELECT: &str =
    "SELECT id, uuid, noticed, day, version, unit, before, after, numbers FROM verdict_change";

/// One, as it was selected.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<VerdictChange> {
    Ok(VerdictChange {
        id: row.get(0)?,
        uuid: uuid_of(row.get(1)?),
        noticed: time(row.get(2)?),
        day: Day(row.get(3)?),
        version: row.get(4)?,
        unit: row.get(5)?,
        before: row.get(6)?,
        after: row.get(7)?,
        numbers: row.get(8)?,
    })
}

impl VerdictChange {
    /// When it was noticed, in RFC 3339.
    pub fn at(&self) -> String {
        rfc3339(self.noticed)
    }
}

fn said_before(transaction: &Transaction<'_>) -> rusqlite::Result<BTreeSet<(String, String)>> {
    transaction
        .prepare_cached("SELECT version, unit FROM verdict")?
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn say(
    transaction: &Transaction<'_>,
    judgement: &Judgement,
    said: &Said,
    quiet: bool,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let (version, unit, verdict) = (&said.version, &said.unit, &said.verdict);
    let known: Option<(String, bool)> = transaction
        .prepare_cached("SELECT verdict, verdict IN ('regressed', 'improved') FROM verdict WHERE version = ? AND unit = ?")?
        .query_row((version, unit), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (before, told) = known.unwrap_or_else(|| (NOT_ENOUGH.to_owned(), false));
    if before == *verdict {
        return Ok(());
    }
    if verdict == NOT_ENOUGH {
        // Of this, nothing is kept: the name may be of few who are forgotten.
        transaction
            .prepare_cached("DELETE FROM verdict WHERE version = ? AND unit = ?")?
            .execute((version, unit))?;
    } else {
        transaction
            .prepare_cached("INSERT OR REPLACE INTO verdict (version, unit, verdict) VALUES (?, ?, ?)")?
            .execute((version, unit, verdict))?;
    }
    if quiet || !(said.tells || told) {
        return Ok(());
    }
    let change = transaction
        .prepare_cached(
            "INSERT INTO verdict_change (uuid, noticed, day, version, unit, before, after, numbers)
             VALUES (randomblob(16), ?, ?, ?, ?, ?, ?, ?)",
        )?
        .insert((
            now.as_millisecond(),
            judgement.days.1.0,
            version,
            unit,
            before,
            verdict,
            &said.numbers,
        ))?;
    if judgement.deliver {
        transaction
            .prepare_cached("INSERT INTO webhook_outbox (change, tries, due) VALUES (?, 0, 0)")?
            .execute([change])?;
    }
    Ok(())
}

fn uuid_of(bytes: [u8; 16]) -> Uuid {
    Builder::from_random_bytes(bytes).into_uuid()
}
