//! One server a data directory: a second one would have a window of ids of its own, and count repeats again.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use crate::files;

/// Name of the file that is locked.
const FILE: &str = "serve.lock";

/// The directory can't be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another server has it.
    #[error("another server is running on this data directory")]
    Taken,
    /// The file can't be locked.
    #[error("can't lock {FILE} in the data directory")]
    Io(#[source] io::Error),
}

/// Locks a data directory until the file is dropped or the process ends, however it does.
///
/// # Errors
/// When another server has it.
pub(crate) fn lock(directory: &Path) -> Result<File, LockError> {
    let file = files::open(directory, FILE).map_err(LockError::Io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LockError::Taken),
        Err(TryLockError::Error(error)) => Err(LockError::Io(error)),
    }
}
