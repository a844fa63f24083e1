//! The days, made again from the raw batches that are kept.
//!
//! What messages add up to is summed in tables of this connection alone. They have the names of the real ones and hide them, so that
//! the code which adds to days when messages come adds to these as it does then. SQLite keeps them in a file without a name, which is
//! gone however the process ends. Then, in the same transaction, rows that differ are replaced, and what was made of rows goes: the
//! database is as it was, or it is mended.
//!
//! A day of which messages were dropped by age can't be made again, and one that is too old itself is dropped soon: they stay.

use rusqlite::Connection;

use super::deletion::Keys;
use super::error::{Doing as _, StoreError};
use super::{Commit, Store, batch, cluster_day, cluster_number, connection, retention, sweep};
use crate::delta::{Day, Share};
use crate::ingest::record::Kept;

const DOING: &str = "make the sums of days again";
/// Page cache of the tables aside, in KiB (SQLite takes a negative number for that).
const CACHE: i64 = -64 * 1024;
const TABLES_ASIDE: &str = "
    CREATE TEMP TABLE cluster_day (
        day     INTEGER NOT NULL,
        cluster INTEGER NOT NULL,
        sums    BLOB NOT NULL,
        PRIMARY KEY (day, cluster)
    ) STRICT, WITHOUT ROWID;
    CREATE TEMP TABLE day_change (
        day    INTEGER PRIMARY KEY,
        change INTEGER NOT NULL
    ) STRICT;";

/// What was made again, and how it differs from what was stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Messages that were added up.
    pub messages: u64,
    /// Days that they make.
    pub days: u64,
    /// Rows that they make: a cluster's day each.
    pub rows: u64,
    /// Days that can't be made again, and stay.
    pub stay: u64,
    /// Rows that were others.
    pub altered: u64,
    /// Rows that were not there.
    pub missing: u64,
    /// Rows that were there for no message.
    pub surplus: u64,
    /// Days with rows that questions did not know of.
    pub unlisted: u64,
}

/// Why days can't be made again. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum RemakeError {
    /// The database can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Messages can't be read.
    #[error("the first batch of messages behind number {0} can't be read; nothing was changed")]
    Unreadable(i64, #[source] StoreError),
    /// Something lies among them that is none.
    #[error("something in the first batch behind number {0} is no message; nothing was changed")]
    NoMessage(i64),
    /// Messages have no row to be added to.
    #[error(
        "the first batch behind number {0} has messages of a cluster that the database does not know; nothing was changed"
    )]
    NoCluster(i64),
}

/// Why the lines of a batch are not gone on with.
enum Stop {
    Unreadable(StoreError),
    Write(StoreError),
    NoMessage,
    NoCluster,
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Stop {
        Stop::Unreadable(error)
    }
}

impl Rebuilt {
    /// Whether anything differs.
    pub fn differs(&self) -> bool {
        self.altered + self.missing + self.surplus + self.unlisted > 0
    }
}

impl Store {
    /// Makes the days from `from` on again, or, to `check`, only compares them with what is stored; `show` is told how many batches of
    /// all are added up. Holds the database for as long as it takes.
    ///
    /// # Errors
    /// When that can't be done; then nothing was changed.
    pub fn rebuild(
        &mut self,
        from: Option<Day>,
        check: bool,
        show: impl FnMut(u64, u64),
    ) -> Result<Rebuilt, RemakeError> {
        let rebuilt = set_up_aside(&self.connection)
            .map_err(RemakeError::from)
            .and_then(|()| self.rebuild_aside(from, check, show));
        // Numbers may have been given to names, and taken back.
        self.forget_names();
        let cleared = clear_aside(&self.connection);
        let rebuilt = rebuilt?;
        cleared?;
        Ok(rebuilt)
    }

    fn rebuild_aside(
        &mut self,
        from: Option<Day>,
        check: bool,
        show: impl FnMut(u64, u64),
    ) -> Result<Rebuilt, RemakeError> {
        let mut commit = self.begin()?;
        let incomplete = retention::incomplete_through(&commit.transaction).doing(DOING)?;
        let complete = incomplete.map(|Day(last)| Day(last.saturating_add(1)));
        let from = from.max(complete).unwrap_or(Day(i64::MIN));
        let messages = add_up(&mut commit, from, show)?;
        let rebuilt = Rebuilt {
            messages,
            ..compare(&commit.transaction, from).doing(DOING)?
        };
        if !check {
            replace(&commit.transaction, from, rebuilt.differs()).doing(DOING)?;
            commit.finish()?;
        }
        Ok(rebuilt)
    }
}

/// Sets up the tables aside, on a disk: they may be as large as the real ones.
fn set_up_aside(connection: &Connection) -> Result<(), StoreError> {
    // Of names that were there by mistake nothing is to stay.
    connection::erase_thoroughly(connection, true)?;
    connection.flush_prepared_statement_cache();
    let set_up = || -> rusqlite::Result<()> {
        connection.pragma_update(None, "temp_store", "FILE")?;
        connection.execute_batch(TABLES_ASIDE)?;
        connection.pragma_update(Some("temp"), "cache_size", CACHE)
    };
    set_up().doing(DOING)
}

/// Removes them; from here on the real ones are seen again.
fn clear_aside(connection: &Connection) -> Result<(), StoreError> {
    connection.flush_prepared_statement_cache();
    let clear = || -> rusqlite::Result<()> {
        connection
            .execute_batch("DROP TABLE IF EXISTS temp.cluster_day; DROP TABLE IF EXISTS temp.day_change;")?;
        connection.pragma_update(None, "temp_store", "MEMORY")
    };
    clear().doing(DOING)?;
    connection::erase_thoroughly(connection, false)
}

/// Adds up all messages that count from a day on; returns how many these are.
fn add_up(commit: &mut Commit<'_>, from: Day, mut show: impl FnMut(u64, u64)) -> Result<u64, RemakeError> {
    let Commit {
        transaction,
        names,
        terms,
        days,
        ..
    } = commit;
    let connection: &Connection = transaction;
    let all = count(connection, "SELECT count(*) FROM batch", ()).doing(DOING)?;
    let (mut keys, mut after, mut done, mut messages) = (Keys::default(), 0, 0, 0);
    loop {
        let next = batch::next(connection, after, |line| {
            let kept = Kept::of(line).ok_or(Stop::NoMessage)?;
            let key = kept.key().ok_or(Stop::NoMessage)?;
            if !kept.counts() {
                return Ok(());
            }
            let of_cluster = keys
                .speaks_for_clusters(connection, Some(key))
                .map_err(Stop::Write)?;
            let share = Share::of_kept(kept.message, of_cluster, &kept.basis()).ok_or(Stop::NoMessage)?;
            if share.to.day < from {
                return Ok(());
            }
            let share = share.in_manner(kept.manner());
            let cluster = cluster_number(connection, names, &share.to).map_err(Stop::Write)?;
            let place = (share.to.day, cluster.ok_or(Stop::NoCluster)?);
            messages += 1;
            days.apply(connection, terms, (place, &share.delta), cluster_day::Way::Add)
                .map_err(Stop::Write)
        });
        match next {
            Ok(Some(batch)) => after = batch,
            Ok(None) => break,
            Err(Stop::Unreadable(error)) => return Err(RemakeError::Unreadable(after, error)),
            Err(Stop::Write(error)) => return Err(error.into()),
            Err(Stop::NoMessage) => return Err(RemakeError::NoMessage(after)),
            Err(Stop::NoCluster) => return Err(RemakeError::NoCluster(after)),
        }
        done += 1;
        show(done, all);
    }
    days.write(connection)?;
    Ok(messages)
}

/// How the tables aside differ from the real ones.
fn compare(connection: &Connection, Day(from): Day) -> rusqlite::Result<Rebuilt> {
    const ROWS: &str = "SELECT count(*) FROM temp.cluster_day";
    const DAYS: &str = "SELECT count(DISTINCT day) FROM temp.cluster_day";
    const STAY: &str = "SELECT count(DISTINCT day) FROM main.cluster_day WHERE day < ?";
    const ALTERED: &str =
        "SELECT count(*) FROM temp.cluster_day AS made JOIN main.cluster_day AS stored USING (day, cluster)
        WHERE made.sums <> stored.sums";
    const MISSING: &str = "SELECT count(*) FROM temp.cluster_day
        WHERE (day, cluster) NOT IN (SELECT day, cluster FROM main.cluster_day)";
    const SURPLUS: &str = "SELECT count(*) FROM main.cluster_day
        WHERE day >= ? AND (day, cluster) NOT IN (SELECT day, cluster FROM temp.cluster_day)";
    const UNLISTED: &str = "SELECT count(DISTINCT day) FROM main.cluster_day
        WHERE day NOT IN (SELECT day FROM main.day_change)";
    Ok(Rebuilt {
        messages: 0,
        days: count(connection, DAYS, ())?,
        rows: count(connection, ROWS, ())?,
        stay: count(connection, STAY, [from])?,
        altered: count(connection, ALTERED, ())?,
        missing: count(connection, MISSING, ())?,
        surplus: count(connection, SURPLUS, [from])?,
        unlisted: count(connection, UNLISTED, ())?,
    })
}

/// Replaces rows by those aside, as far as they differ. All that was made of rows goes, and is made again when it is asked for.
fn replace(connection: &Connection, Day(from): Day, differs: bool) -> rusqlite::Result<()> {
    const SURPLUS: &str = "DELETE FROM main.cluster_day
        WHERE day >= ? AND (day, cluster) NOT IN (SELECT day, cluster FROM temp.cluster_day)";
    const OTHERS: &str = "INSERT INTO main.cluster_day (day, cluster, sums)
        SELECT day, cluster, sums FROM temp.cluster_day AS made
        WHERE sums IS NOT (SELECT stored.sums FROM main.cluster_day AS stored
            WHERE stored.day = made.day AND stored.cluster = made.cluster)
        ON CONFLICT DO UPDATE SET sums = excluded.sums";
    const LISTED: &str = "INSERT INTO main.day_change (day, change)
        SELECT DISTINCT day, 1 FROM main.cluster_day WHERE true ON CONFLICT DO NOTHING";
    connection.execute(SURPLUS, [from])?;
    connection.execute(OTHERS, ())?;
    connection.execute("UPDATE main.day_change SET change = change + 1", ())?;
    connection.execute(LISTED, ())?;
    connection.execute("DELETE FROM main.sheet", ())?;
    connection.execute("DELETE FROM main.sheet_column", ())?;
    connection.execute("DELETE FROM main.judgement", ())?;
    if differs {
        // A row that is gone may have been the last to use a name.
        sweep::announce(connection)?;
    }
    Ok(())
}

fn count(connection: &Connection, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<u64> {
    let count: i64 = connection.query_row(sql, values, |row| row.get(0))?;
    Ok(count.unsigned_abs())
}
