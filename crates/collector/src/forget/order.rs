//! What an administrator orders about somebody, and carrying it out from the command line: beside a running server, which then
//! deletes, or without one.

use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::ingest::mention::Kind;
use crate::lock::{self, LockError};
use crate::secret::{SecretError, Secrets};
use crate::server::Sources;
use crate::store::{OpenError, Reader, Slice, Store, StoreError};

/// How long to wait for others that read what is to be emptied.
const PAUSE: Duration = Duration::from_millis(200);

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Of what kind the id is; a reporter can't be meant.
    pub kind: Kind,
    /// Whose id.
    pub id: String,
    /// Keep nothing more.
    pub suppress: bool,
    /// Delete what there is.
    pub delete: bool,
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// Nothing was to be deleted.
    Suppressed,
    /// The running server deletes; the number of the deletion.
    ByServer(i64),
    /// It is deleted; the number of the deletion.
    Done(i64),
}

/// An order that can't be carried out. What was deleted by then stays deleted, and the next server goes on with it.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The data directory can't be had.
    #[error(transparent)]
    Lock(LockError),
    /// There is no database, or it can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The secrets of the data directory can't be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The database can't be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It can't be told how far it is.
    #[error("can't print")]
    Print(#[from] io::Error),
}

/// Carries out an order; `show` is told how far a deletion is, in batches of all batches.
///
/// # Errors
/// When it can't be carried out.
pub fn carry_out(
    data: &Path,
    sources: &Sources,
    order: &Order,
    mut show: impl FnMut(i64, i64) -> io::Result<()>,
) -> Result<Carried, OrderError> {
    // Where there is no database none is made.
    let reader = Reader::open(data)?;
    let lock = match lock::lock(data) {
        Ok(lock) => Some(lock),
        Err(LockError::Taken) => None,
        Err(error) => return Err(OrderError::Lock(error)),
    };
    let mut store = Store::open(data)?;
    let secrets = Secrets::load_or_make(data, &*sources.entropy)?;
    if !store.check_subject_key(&secrets.subjects)? {
        return Err(SecretError::Another.into());
    }
    let deletion = store.obey(&secrets.subjects, order, sources.clock.now())?;
    let Some(deletion) = deletion else {
        return Ok(Carried::Suppressed);
    };
    if lock.is_none() {
        return Ok(Carried::ByServer(deletion));
    }
    loop {
        match store.delete_some(sources.clock.now(), &secrets.receipt_key)? {
            Slice::Idle => return Ok(Carried::Done(deletion)),
            Slice::More => {
                let listed = reader.deletions()?;
                let progress = listed.iter().find(|listed| listed.id == deletion);
                if let Some((done, all)) = progress.and_then(|listed| listed.progress) {
                    show(done, all)?;
                }
            }
            Slice::Later => thread::sleep(PAUSE),
        }
    }
}
