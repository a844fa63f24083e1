//! A backup: one file that a collector can be restored from, made beside a running server.
//!
//! Promise: it is the database as of one moment, between two commits; it is synced and was read through when it has its name; a file
//! that is there already is not touched. It holds the data directory's secrets too, without which those who were forgotten would not
//! be known any more, and receipts would be signed by somebody else: it is readable for its owner only.
//!
//! Memory does not grow with the database. While it is made the write-ahead log grows by what is written, and shrinks afterwards.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::clock::Clock;
use crate::secret::{self, SecretError, Secrets};
use crate::server::Sources;
use crate::store::{self, OpenError, Reader, Seal, StoreError};

/// How often it is looked how far it is.
const LOOK: Duration = Duration::from_millis(100);

/// A backup can't be made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is something.
    #[error("{} is there already: nothing is written over, name another file", .0.display())]
    Exists(PathBuf),
    /// It names no file.
    #[error("{} is not the name of a file that can be written", .0.display())]
    Name(PathBuf),
    /// There is no database, or it can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The secrets of the data directory can't be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The database can't be read, or the file can't be written by SQLite.
    #[error("can't make the backup {}", .0.display())]
    Store(PathBuf, #[source] StoreError),
    /// The file can't be written.
    #[error("can't write the backup {}", .0.display())]
    Write(PathBuf, #[source] io::Error),
    /// What was written can't be read.
    #[error(
        "the backup {} is of no use and was removed: {what}; most likely the database itself is damaged: see OPERATIONS, \"A damaged database\"",
        .file.display()
    )]
    Damaged {
        /// Where it would be.
        file: PathBuf,
        /// What SQLite says.
        what: String,
    },
}

/// Makes a backup of a data directory; returns its size in bytes. `show` is told how many bytes of how many are written; it may turn
/// out to be fewer, since free pages are left out.
///
/// # Errors
/// When it can't be made; then there is no file.
pub fn backup(
    data: &Path,
    file: &Path,
    sources: &Sources,
    show: impl FnMut(u64, u64),
) -> Result<u64, BackupError> {
    let reader = Reader::open(data)?;
    // By them a restore knows a data directory again: every backup has them.
    Secrets::load_or_make(data, &*sources.entropy)?;
    // Looked at first: an hour's work should not end with that.
    if fs::symlink_metadata(file).is_ok() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let aside = aside(file).ok_or_else(|| BackupError::Name(file.to_owned()))?;
    let failed = |error| BackupError::Write(file.to_owned(), error);
    // Made by us and not by SQLite, which would make it readable for others.
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&aside)
        .map_err(failed)?;
    let made = write(reader, data, file, &aside, &*sources.clock, show);
    // Under its name it stays.
    let removed = fs::remove_file(&aside);
    let size = made?;
    removed.map_err(failed)?;
    sync_directory_of(file).map_err(failed)?;
    Ok(size)
}

fn write(
    reader: Reader,
    data: &Path,
    file: &Path,
    aside: &Path,
    clock: &dyn Clock,
    mut show: impl FnMut(u64, u64),
) -> Result<u64, BackupError> {
    let name = aside.to_str().ok_or_else(|| BackupError::Name(file.to_owned()))?;
    let of_store = |error| BackupError::Store(file.to_owned(), error);
    let failed = |error| BackupError::Write(file.to_owned(), error);
    let all = store::sizes(data)
        .find(|(name, _)| *name == "database")
        .map_or(0, |(_, size)| size);
    // What is written meanwhile may be in it or not; all that was acknowledged before now is.
    let made = clock.now();
    thread::scope(|scope| {
        let copying = scope.spawn(move || reader.copy_into(name));
        while !copying.is_finished() {
            show(fs::metadata(aside).map_or(0, |file| file.len()), all);
            thread::sleep(LOOK);
        }
        // What panicked may have left an empty file, which is a valid database.
        copying.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
    .map_err(of_store)?;
    let seal = Seal {
        made,
        secrets: secrets(data)?,
    };
    if let Some(what) = store::seal(aside, &seal).map_err(of_store)? {
        return Err(BackupError::Damaged {
            file: file.to_owned(),
            what,
        });
    }
    let written = File::open(aside).map_err(failed)?;
    written.sync_all().map_err(failed)?;
    // Fails where somebody has taken the name meanwhile.
    fs::hard_link(aside, file).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(file.to_owned()),
        _ => failed(error),
    })?;
    Ok(written.metadata().map_or(0, |file| file.len()))
}

/// The secrets that there are, by the names of their files.
fn secrets(data: &Path) -> Result<Vec<(String, String)>, SecretError> {
    let mut found = Vec::new();
    for name in secret::FILES {
        // One that is damaged is no use in a backup either.
        if let Some(secret) = secret::load(data, name)? {
            found.push((name.to_owned(), heliograph_wire::id::hex(&secret)));
        }
    }
    Ok(found)
}

fn aside(file: &Path) -> Option<PathBuf> {
    let mut name: OsString = file.file_name()?.to_owned();
    name.push(format!(".{}", std::process::id()));
    Some(file.with_file_name(name))
}

fn sync_directory_of(file: &Path) -> io::Result<()> {
    let directory = file
        .parent()
        .filter(|directory| !directory.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}
