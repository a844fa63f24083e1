//! Opening the database: one writer for the server, readers and key keepers beside it, in write-ahead mode.
//!
//! `synchronous = FULL`: a commit returns when its bytes are synced.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use rustix::fs::{Access, access};

use super::error::{Doing as _, StoreError};
use super::schema::{self, SchemaError};
use crate::files;

/// Name of the database in the data directory.
pub const FILE: &str = "collector.db";
/// How long to wait for another process to finish writing.
const BUSY: Duration = Duration::from_secs(5);
/// How long a start may take to look through the database: about 2 GiB, where the disk is fast.
const LOOK_AT_START: Duration = Duration::from_secs(3);
/// Pages of the write-ahead log after which the writer copies them into the database. Few, so that it never takes long.
const CHECKPOINT_PAGES: i64 = 1000;
/// Bytes to which the write-ahead log is cut back once a long reader let it grow.
const LOG_LIMIT: i64 = 64 << 20;
/// Statements that are kept prepared: all that the writer uses in turn.
const STATEMENTS: usize = 160;
/// Page cache of the writer, in KiB (SQLite takes a negative number for that).
const WRITER_CACHE: i64 = -16 * 1024;

/// The database can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory can't be made.
    #[error("can't make the data directory {}", .0.display())]
    Directory(PathBuf, #[source] io::Error),
    /// The file can't be made.
    #[error("can't create the database {}", .0.display())]
    Create(PathBuf, #[source] io::Error),
    /// We may not open the file.
    #[error("can't open the database {}", .0.display())]
    Denied(PathBuf, #[source] io::Error),
    /// There is nothing to read yet.
    #[error("there is no database in {}", .0.display())]
    Missing(PathBuf),
    /// It can't be opened.
    #[error("can't open the database {}", .0.display())]
    Open(PathBuf, #[source] StoreError),
    /// Not all of it can be read.
    #[error(
        "THE DATABASE IS DAMAGED: {}: {what}. Nothing was changed. Restore it: `heliograph-collector restore BACKUP` (what is there is \
         kept aside, and what can be read of it can be exported). Find out why first: `dmesg`, the disk's own report",
        .path.display()
    )]
    Damaged {
        /// Where it is.
        path: PathBuf,
        /// What SQLite found.
        what: String,
    },
    /// It is not what this release works with.
    #[error("can't use the database {}", .0.display())]
    Schema(PathBuf, #[source] SchemaError),
}

/// Opens the database for writing; sets it up where there is none.
pub(super) fn writer(directory: &Path) -> Result<Connection, OpenError> {
    let path = prepared(directory)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let configured = Connection::open_with_flags(&path, flags).and_then(|connection| {
        connection.busy_timeout(BUSY)?;
        // Before the first table and the first page: it can't be chosen later.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(()))?;
        connection.pragma_update_and_check(None, "journal_size_limit", LOG_LIMIT, |_| Ok(()))?;
        connection.pragma_update(None, "cache_size", WRITER_CACHE)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        // The references say what belongs to what. Checking them costs a search at every insert, and of all rows at every removal.
        connection.pragma_update(None, "foreign_keys", false)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        set_secure_delete(&connection, "FAST")?;
        Ok(connection)
    });
    let mut connection = configured
        .doing("open it for writing")
        .map_err(|error| not_opened(&path, Access::READ_OK | Access::WRITE_OK, error))?;
    schema::migrate(&mut connection).map_err(|error| OpenError::Schema(path, error))?;
    Ok(connection)
}

/// What is removed or moved is always overwritten where that costs no further write; otherwise copies of names would stay behind
/// in the gaps of pages. While somebody is deleted it is overwritten everywhere, in pages that become free, too.
pub(super) fn erase_thoroughly(connection: &Connection, thoroughly: bool) -> Result<(), StoreError> {
    set_secure_delete(connection, if thoroughly { "ON" } else { "FAST" }).doing("choose how to erase")
}

fn set_secure_delete(connection: &Connection, how: &str) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "secure_delete", how, |_| Ok(()))
}

/// Copies the write-ahead log into the database and empties it; `false` where somebody is still reading what is in it, whom this
/// does not wait for.
pub(super) fn empty_log(connection: &Connection) -> Result<bool, StoreError> {
    let empty = || -> rusqlite::Result<bool> {
        connection.busy_timeout(Duration::ZERO)?;
        let busy = connection.pragma_update_and_check(None, "wal_checkpoint", "TRUNCATE", |row| row.get(0));
        connection.busy_timeout(BUSY)?;
        busy.map(|busy: bool| !busy)
    };
    empty().doing("empty the write-ahead log")
}

/// Looks, for a bounded time, whether a database can be read; of a large one that is as far as it gets.
///
/// # Errors
/// When it is damaged.
pub fn look_for_damage(directory: &Path) -> Result<(), OpenError> {
    let path = directory.join(FILE);
    // One that is being made has no page yet.
    if path.metadata().map_or(0, |file| file.len()) == 0 {
        return Ok(());
    }
    let damaged = |what| OpenError::Damaged {
        path: path.clone(),
        what,
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let looked = Connection::open_with_flags(&path, flags).and_then(|connection| {
        connection.busy_timeout(BUSY)?;
        let interrupt = connection.get_interrupt_handle();
        let (done, waiting) = mpsc::channel::<()>();
        let timer = thread::spawn(move || {
            if waiting.recv_timeout(LOOK_AT_START) == Err(RecvTimeoutError::Timeout) {
                interrupt.interrupt();
            }
        });
        let found = damage(&connection);
        drop(done);
        // It has nothing to say.
        let _ = timer.join();
        found
    });
    match looked {
        Ok(None) => Ok(()),
        Ok(Some(what)) => Err(damaged(what)),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => {
                tracing::info!("the database is too large to be looked through at the start");
                Ok(())
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Err(damaged(error.to_string())),
            // Whoever opens it next says what is wrong.
            _ => Ok(()),
        },
    }
}

/// What is wrong with a database of which not all can be read, as SQLite says it: the first that is found.
pub(super) fn damage(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let said: String = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
    Ok((said != "ok").then_some(said))
}

/// Opens the database for reading.
pub(super) fn reader(directory: &Path) -> Result<Connection, OpenError> {
    let path = directory.join(FILE);
    match path.try_exists() {
        Ok(true) => {}
        Ok(false) => return Err(OpenError::Missing(directory.to_owned())),
        Err(error) => return Err(OpenError::Denied(path, error)),
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags)
        .and_then(|connection| connection.busy_timeout(BUSY).map(|()| connection))
        .doing("open it for reading")
        .map_err(|error| not_opened(&path, Access::READ_OK, error))?;
    schema::check(&connection).map_err(|error| OpenError::Schema(path, error))?;
    Ok(connection)
}

/// Why it can't be opened: SQLite does not say when it is for want of rights. (To open the file and close it again would free the locks
/// that other connections of this process hold.)
fn not_opened(path: &Path, needed: Access, error: StoreError) -> OpenError {
    let above = path.parent().unwrap_or(path);
    // Beside it stands the write-ahead log.
    let above_needed = (needed & Access::WRITE_OK) | Access::EXEC_OK;
    let denied = [(path, needed), (above, above_needed)]
        .into_iter()
        .find_map(|(path, needed)| Some((path, access(path, needed).err()?)));
    match denied {
        Some((path, reason)) => OpenError::Denied(path.to_owned(), reason.into()),
        None => OpenError::Open(path.to_owned(), error),
    }
}

/// Bytes of the database's files, as far as they are there.
pub fn sizes(directory: &Path) -> impl Iterator<Item = (&'static str, u64)> {
    let path = directory.join(FILE);
    let log = path.with_extension("db-wal");
    [("database", path), ("log", log)]
        .into_iter()
        .filter_map(|(name, path)| Some((name, path.metadata().ok()?.len())))
}

/// The database's path, in a directory that exists, and the file too.
fn prepared(directory: &Path) -> Result<PathBuf, OpenError> {
    files::make_directory(directory).map_err(|error| OpenError::Directory(directory.to_owned(), error))?;
    let path = directory.join(FILE);
    // Made by us and not by SQLite, which would make it readable for others; its further files it makes after this one.
    if !path.exists() {
        files::open(directory, FILE).map_err(|error| OpenError::Create(path.clone(), error))?;
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_synced_and_files_are_private() {
        use std::os::unix::fs::PermissionsExt as _;

        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("a/b");
        assert!(matches!(reader(&data), Err(OpenError::Missing(_))));
        let connection = writer(&data).unwrap();
        let pragma = |name| -> String {
            connection
                .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
                .map(|value| format!("{value:?}"))
                .unwrap()
        };
        assert_eq!(pragma("synchronous"), "Integer(2)");
        assert_eq!(pragma("auto_vacuum"), "Integer(2)");
        assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
        assert_eq!(pragma("foreign_keys"), "Integer(0)");
        // 2 is FAST.
        assert_eq!(pragma("secure_delete"), "Integer(2)");
        erase_thoroughly(&connection, true).unwrap();
        assert_eq!(pragma("secure_delete"), "Integer(1)");
        erase_thoroughly(&connection, false).unwrap();
        assert_eq!(pragma("secure_delete"), "Integer(2)");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&data), 0o700);
        assert_eq!(mode(&data.join(FILE)), 0o600);
        assert_eq!(mode(&data.join("collector.db-wal")), 0o600);
        reader(&data).unwrap();
    }
}
