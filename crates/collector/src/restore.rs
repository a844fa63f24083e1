//! Restoring a database from a backup, while no server runs.
//!
//! Promise: nothing is replaced before the backup was read through and is known to be this release's or an earlier one's; what is
//! replaced is kept aside; a restore that is cut off has either replaced nothing, or is ended by the next `restore` or `serve`. Ids of
//! messages are in the backup, so what was acknowledged before it was made, and is sent again, is a repeat.
//!
//! What an administrator or a cluster ordered since the backup must not be undone by it: orders to forget somebody, revoked keys and
//! tokens, users that were removed. These are taken over from the database that is replaced, and what was deleted since is deleted
//! again. Where that database can't be read, it takes [`Later::Lost`] to go on: then the operator has to order it again.

mod swap;

use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};

use heliograph_wire::time::rfc3339;
use jiff::Timestamp;

pub(crate) use self::swap::{end, was_cut_off};
use crate::files;
use crate::lock::{self, LockError};
use crate::secret::{self, SecretError, Secrets};
use crate::server::Sources;
use crate::store::{self, OpenError, Reader, SchemaError, Seal, Store, StoreError, TakenOver};

/// Bytes that are copied at once.
const PIECE: usize = 1 << 20;

/// What to do where the database that is replaced can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    /// Restore nothing.
    Needed,
    /// Restore without what was ordered since.
    Lost,
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// As of when the backup is.
    pub made: Timestamp,
    /// Where what was replaced lies, if there was anything.
    pub aside: Option<PathBuf>,
    /// What became of what was ordered since.
    pub later: LaterOrders,
}

/// What became of what was ordered since the backup.
#[derive(Debug)]
pub enum LaterOrders {
    /// There was no database: if any was ordered, nobody here knows of it.
    Unknown,
    /// It was taken over.
    TakenOver(TakenOver),
    /// The database was that of another collector.
    Another,
    /// The database can't be read.
    Lost,
}

/// A backup can't be restored. Nothing was replaced.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// A server runs.
    #[error("a server, or a command that writes, is at work on this data directory: stop it, and try again")]
    Taken,
    /// The data directory can't be had.
    #[error(transparent)]
    Lock(LockError),
    /// The file can't be read.
    #[error("can't read the backup {}", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// It is not one.
    #[error("{} was not made by `heliograph-collector backup`", .0.display())]
    NoBackup(PathBuf),
    /// It is damaged, or of a later release.
    #[error("can't use the backup {}; nothing was replaced", .0.display())]
    Useless(PathBuf, #[source] SchemaError),
    /// What it is made into can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What it is made into can't be written.
    #[error("can't prepare the database")]
    Prepare(#[from] StoreError),
    /// The secrets can't be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// What was ordered since would come undone.
    #[error(
        "the database that is there can't be read, so it is not known who was forgotten and which keys were revoked since {since}; \
         restore with --without-later-orders, and order all of that again"
    )]
    LaterOrders {
        /// When the backup was made.
        since: String,
        /// Why it can't be read.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The data directory can't be written.
    #[error("can't write in the data directory {}", .0.display())]
    Write(PathBuf, #[source] io::Error),
}

/// Restores a data directory from a backup. `show` is told how many bytes of how many are copied.
///
/// # Errors
/// When it can't be restored.
pub fn restore(
    data: &Path,
    file: &Path,
    later: Later,
    sources: &Sources,
    show: impl FnMut(u64, u64),
) -> Result<Restored, RestoreError> {
    let writing = |error| RestoreError::Write(data.to_owned(), error);
    let backup = File::open(file).map_err(|error| RestoreError::Unreadable(file.to_owned(), error))?;
    files::make_directory(data).map_err(writing)?;
    let _lock = lock::lock(data).map_err(|error| match error {
        LockError::Taken => RestoreError::Taken,
        LockError::Io(_) => RestoreError::Lock(error),
    })?;
    if was_cut_off(data) {
        end(data).map_err(writing)?;
    }
    let staging = data.join(swap::STAGING);
    remove(&staging).map_err(writing)?;
    make_like(data, &staging).map_err(writing)?;
    let restored = stage(data, &staging, backup, file, later, sources, show).and_then(|restored| {
        swap::commit(data, restored.aside.as_deref()).map_err(writing)?;
        Ok(restored)
    });
    if restored.is_err() {
        // What is left of it is in nobody's way.
        let _ = remove(&staging);
    }
    let restored = restored?;
    end(data).map_err(writing)?;
    Ok(restored)
}

/// Makes a database of the backup, beside the one that is there.
fn stage(
    data: &Path,
    staging: &Path,
    backup: File,
    file: &Path,
    later: Later,
    sources: &Sources,
    show: impl FnMut(u64, u64),
) -> Result<Restored, RestoreError> {
    let writing = |error| RestoreError::Write(data.to_owned(), error);
    copy(backup, staging, show).map_err(|error| match error {
        CopyError::Read(error) => RestoreError::Unreadable(file.to_owned(), error),
        CopyError::Write(error) => writing(error),
    })?;
    let copy = staging.join(store::FILE);
    // The copy is read through and not the file: it is what will be used.
    let seal = store::examine(&copy)
        .map_err(|error| RestoreError::Useless(file.to_owned(), error))?
        .ok_or_else(|| RestoreError::NoBackup(file.to_owned()))?;
    store::unseal(&copy)?;
    for (name, text) in &seal.secrets {
        if secret::FILES.contains(&name.as_str()) {
            let mut secret = files::open(staging, name).map_err(writing)?;
            secret
                .write_all(format!("{text}\n").as_bytes())
                .and_then(|()| secret.sync_all())
                .map_err(writing)?;
        }
    }
    let mut store = Store::open(staging)?;
    store.end_sessions()?;
    let secrets = Secrets::load_or_make(staging, &*sources.entropy)?;
    if !store.check_subject_key(&secrets.subjects)? {
        return Err(SecretError::Another.into());
    }
    let orders = orders(data, &mut store, &seal, &secrets, later, sources)?;
    // The log is copied into the database and goes with the last connection.
    store.checkpoint()?;
    drop(store);
    File::open(&copy)
        .and_then(|copy| copy.sync_all())
        .map_err(writing)?;
    let now = sources.clock.now();
    let aside = data.join(store::FILE).exists().then(|| data.join(aside(now)));
    Ok(Restored {
        made: seal.made,
        aside,
        later: orders,
    })
}

/// Takes over what was ordered since the backup.
fn orders(
    data: &Path,
    store: &mut Store,
    seal: &Seal,
    secrets: &Secrets,
    later: Later,
    sources: &Sources,
) -> Result<LaterOrders, RestoreError> {
    if !data.join(store::FILE).exists() {
        return Ok(LaterOrders::Unknown);
    }
    // Two data directories have never the same secrets.
    let same = seal.secrets.iter().any(|(name, text)| {
        let here = fs::read_to_string(data.join(name));
        here.is_ok_and(|here| here.trim_end() == text)
    });
    if !same {
        return Ok(LaterOrders::Another);
    }
    let mut taken = || -> Result<TakenOver, Box<dyn std::error::Error + Send + Sync>> {
        // Brings it up to date, where an earlier release wrote it.
        drop(Store::open(data)?);
        Reader::open(data)?;
        let other = data.join(store::FILE);
        Ok(store.take_over(&other, &secrets.subjects, sources.clock.now())?)
    };
    match (taken(), later) {
        (Ok(taken), _) => Ok(LaterOrders::TakenOver(taken)),
        (Err(cause), Later::Lost) => {
            tracing::warn!("the database that was there can't be read: {cause}");
            Ok(LaterOrders::Lost)
        }
        (Err(cause), Later::Needed) => Err(RestoreError::LaterOrders {
            since: rfc3339(seal.made),
            cause,
        }),
    }
}

enum CopyError {
    Read(io::Error),
    Write(io::Error),
}

fn copy(mut from: File, staging: &Path, mut show: impl FnMut(u64, u64)) -> Result<(), CopyError> {
    let all = from.metadata().map_or(0, |file| file.len());
    let mut to = files::open(staging, store::FILE).map_err(CopyError::Write)?;
    let mut piece = vec![0; PIECE];
    let mut copied = 0;
    loop {
        let length = from.read(&mut piece).map_err(CopyError::Read)?;
        if length == 0 {
            return to.sync_all().map_err(CopyError::Write);
        }
        to.write_all(piece.get(..length).unwrap_or_default())
            .map_err(CopyError::Write)?;
        copied += u64::try_from(length).unwrap_or_default();
        show(copied, all);
    }
}

/// Makes a directory that belongs to whom the data directory belongs to, so that a restore by root locks nobody out.
fn make_like(data: &Path, directory: &Path) -> io::Result<()> {
    files::make_private(directory)?;
    if rustix::process::geteuid().is_root() {
        let owner = fs::metadata(data)?;
        chown(directory, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

fn remove(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn aside(now: Timestamp) -> String {
    format!("replaced-{}", now.strftime("%Y%m%dT%H%M%SZ"))
}
