//! What the webhook has not taken yet: it survives the process, and goes out in the order in which it was noticed.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction};

use super::error::{Doing as _, StoreError};
use super::time;
use super::verdict_change::{self, VerdictChange};

const READ: &str = "read what the webhook is to be told";
const WRITE: &str = "note what the webhook was told";

/// The first that it has not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The change.
    pub change: VerdictChange,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried the next time.
    pub due: Timestamp,
}

/// What waits, and for how long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many.
    pub count: i64,
    /// When the earliest of them was noticed.
    pub oldest: Option<Timestamp>,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// The change needs to be told no more: it was taken, or given up.
    Done(i64),
    /// It is tried again.
    Later {
        /// The change.
        change: i64,
        /// How often it was tried.
        tries: u32,
        /// When it is tried the next time.
        due: Timestamp,
    },
    /// There is nobody at a URL any more, of which this is the SHA-256: nothing that waits is sent.
    Gone([u8; 32]),
    /// There is somebody again.
    Back,
}

/// The first that waits.
pub(super) fn first(connection: &Connection) -> Result<Option<Waiting>, StoreError> {
    let sql = format!(
        "SELECT * FROM ({}) AS told JOIN webhook_outbox ON change = told.id ORDER BY change LIMIT 1",
        verdict_change::SELECT
    );
    connection
        .prepare_cached(&sql)
        .and_then(|mut statement| {
            let read = |row: &rusqlite::Row<'_>| {
                Ok(Waiting {
                    change: verdict_change::read(row)?,
                    tries: row.get("tries")?,
                    due: time(row.get("due")?),
                })
            };
            statement.query_row((), read).optional()
        })
        .doing(READ)
}

pub(super) fn backlog(connection: &Connection) -> Result<Backlog, StoreError> {
    connection
        .query_row(
            "SELECT count(*), min(noticed) FROM webhook_outbox JOIN verdict_change ON change = id",
            (),
            |row| {
                Ok(Backlog {
                    count: row.get(0)?,
                    oldest: row.get::<_, Option<i64>>(1)?.map(time),
                })
            },
        )
        .doing(READ)
}

/// Whether the URL of this SHA-256 said that it is gone.
pub(super) fn is_gone(connection: &Connection, url: &[u8; 32]) -> Result<bool, StoreError> {
    connection
        .prepare_cached("SELECT 1 FROM webhook_gone WHERE url = ?")
        .and_then(|mut statement| statement.exists([url]))
        .doing(READ)
}

pub(super) fn note(transaction: &Transaction<'_>, posted: &Posted) -> Result<(), StoreError> {
    let note = || match posted {
        Posted::Done(change) => transaction.execute("DELETE FROM webhook_outbox WHERE change = ?", [change]),
        Posted::Later { change, tries, due } => transaction.execute(
            "UPDATE webhook_outbox SET tries = ?, due = ? WHERE change = ?",
            (tries, due.as_millisecond(), change),
        ),
        Posted::Gone(url) => {
            transaction.execute("DELETE FROM webhook_outbox", ())?;
            transaction.execute(
                "INSERT OR REPLACE INTO webhook_gone (id, url) VALUES (1, ?)",
                [url],
            )
        }
        Posted::Back => transaction.execute("DELETE FROM webhook_gone", ()),
    };
    note().map(|_| ()).doing(WRITE)
}
