//! Opening the database: one writer for the server, readers and key keepers beside it, in write-ahead mode.
//!
//! `synchronous = FULL`: a commit returns when its bytes are synced. The files belong to the owner of the directory, whoever
//! creates them, so that `sudo … key add` does not lock the server out; nobody else may read them.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::{Doing as _, StoreError};
use super::schema::{self, SchemaError};

/// Name of the database in the data directory.
const FILE: &str = "collector.db";
/// How long to wait for another process to finish writing.
const BUSY: Duration = Duration::from_secs(5);
/// Pages of the write-ahead log after which the writer copies them into the database. Few, so that it never takes long.
const CHECKPOINT_PAGES: i64 = 1000;
/// Bytes to which the write-ahead log is cut back once a long reader let it grow.
const LOG_LIMIT: i64 = 64 << 20;
/// Page cache of the writer, in KiB (SQLite takes a negative number for that).
const WRITER_CACHE: i64 = -16 * 1024;

/// The database can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory can't be made or looked into.
    #[error("can't use the data directory {}", .0.display())]
    Directory(PathBuf, #[source] io::Error),
    /// The file can't be made.
    #[error("can't create the database {}", .0.display())]
    Create(PathBuf, #[source] io::Error),
    /// There is nothing to read yet.
    #[error("there is no database in {}", .0.display())]
    Missing(PathBuf),
    /// It can't be opened.
    #[error("can't open the database {}", .0.display())]
    Open(PathBuf, #[source] StoreError),
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
        Ok(connection)
    });
    let mut connection = configured
        .doing("open it for writing")
        .map_err(|error| OpenError::Open(path.clone(), error))?;
    schema::migrate(&mut connection).map_err(|error| OpenError::Schema(path, error))?;
    Ok(connection)
}

/// Opens the database for reading.
pub(super) fn reader(directory: &Path) -> Result<Connection, OpenError> {
    let path = directory.join(FILE);
    if !path.exists() {
        return Err(OpenError::Missing(directory.to_owned()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags)
        .and_then(|connection| connection.busy_timeout(BUSY).map(|()| connection))
        .doing("open it for reading")
        .map_err(|error| OpenError::Open(path.clone(), error))?;
    schema::check(&connection).map_err(|error| OpenError::Schema(path, error))?;
    Ok(connection)
}

/// The database's path, in a directory that exists, and the file too.
fn prepared(directory: &Path) -> Result<PathBuf, OpenError> {
    let unusable = |error| OpenError::Directory(directory.to_owned(), error);
    if !directory.exists() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(unusable)?;
    }
    let owner = fs::metadata(directory).map_err(unusable)?;
    let path = directory.join(FILE);
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path);
    match created {
        Ok(file) if rustix::process::geteuid().is_root() => {
            std::os::unix::fs::fchown(&file, Some(owner.uid()), Some(owner.gid()))
                .map_err(|error| OpenError::Create(path.clone(), error))?;
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(OpenError::Create(path, error)),
    }
    Ok(path)
}
