//! Makes what messages add up to again, from the messages that are kept, while nothing else is written.

use crate::clock::Clock;
use crate::config::Config;
use crate::lock::{self, LockError};
use crate::store::{OpenError, Reader, Rebuilt, RemakeError, SchemaError, Store};

/// Why that can't be done. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// Messages may come meanwhile.
    #[error(
        "a server, or a command that writes, is at work on this data directory: stop it, or wait for it, and try again"
    )]
    Taken,
    /// The data directory can't be had.
    #[error(transparent)]
    Lock(LockError),
    /// There is no database, or it can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The days can't be made.
    #[error(transparent)]
    Remake(#[from] RemakeError),
}

/// Makes the days again that are neither too old nor have lost messages by age; or, to `check`, only compares them with what is stored.
/// `show` is told how many batches of all are added up.
///
/// # Errors
/// When that can't be done.
pub fn rebuild(
    config: &Config,
    clock: &dyn Clock,
    check: bool,
    show: impl FnMut(u64, u64),
) -> Result<Rebuilt, RebuildError> {
    match Reader::open(&config.data) {
        // One of an earlier release is brought up to date, but not to look only.
        Ok(_) => {}
        Err(OpenError::Schema(_, SchemaError::Absent)) if !check => {}
        // Where there is no database none is made.
        Err(error) => return Err(error.into()),
    }
    let _lock = lock::lock(&config.data).map_err(|error| match error {
        LockError::Taken => RebuildError::Taken,
        LockError::Io(_) => RebuildError::Lock(error),
    })?;
    let mut store = Store::open(&config.data)?;
    let cutoffs = config.retention.cutoffs(clock.now());
    let rebuilt = store.rebuild(cutoffs.day, check, show)?;
    Ok(rebuilt)
}
