//! What an administrator orders about somebody, and carrying it out from the command line: beside a running server, which then
//! deletes, or without one.

use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::ingest::mention::Kind;
use crate::key::KeyId;
use crate::lock::{self, LockError};
use crate::secret::{SecretError, Secrets};
use crate::server::Sources;
use crate::store::{OpenError, Reader, Slice, Store, StoreError};

/// How long to wait for others that read what is to be emptied.
const PAUSE: Duration = Duration::from_millis(200);

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What is to be done.
    pub action: Action,
    /// Of what kind the ids are; a reporter can't be meant.
    pub kind: Kind,
    /// Whose ids.
    pub ids: Vec<String>,
    /// The key to whose messages it is limited.
    pub source: Option<KeyId>,
}

/// What is to be done about somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Keep nothing more.
    Suppress,
    /// Keep nothing more, and delete what there is.
    SuppressAndDelete,
    /// Delete what there is.
    Delete,
    /// Keep what comes from now on.
    Unsuppress,
}

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// What is to be deleted is still there.
    Initialized,
    /// It is being deleted.
    Running,
    /// All of it is done.
    Finished,
}

/// What is recorded of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placed {
    /// The regulation's number, where it is kept as one.
    pub regulation: Option<i64>,
    /// The numbers of the deletions.
    pub deletions: Vec<i64>,
}

/// Whether an order was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawn {
    /// As if it had never been.
    Done,
    /// There is no such order.
    Unknown,
    /// It was begun already, or done.
    Begun,
}

impl Action {
    /// All actions.
    pub const ALL: [Action; 4] = [
        Action::Suppress,
        Action::SuppressAndDelete,
        Action::Delete,
        Action::Unsuppress,
    ];

    /// The name that Segment has for it.
    pub const fn name(self) -> &'static str {
        match self {
            Action::Suppress => "SUPPRESS_ONLY",
            Action::SuppressAndDelete => "SUPPRESS_WITH_DELETE",
            Action::Delete => "DELETE_ONLY",
            Action::Unsuppress => "UNSUPPRESS",
        }
    }

    /// The action of this name.
    pub fn of(name: &str) -> Option<Action> {
        Action::ALL.into_iter().find(|action| action.name() == name)
    }

    /// Whether nothing more is kept.
    pub const fn suppresses(self) -> bool {
        matches!(self, Action::Suppress | Action::SuppressAndDelete)
    }

    /// Whether what there is is deleted.
    pub const fn deletes(self) -> bool {
        matches!(self, Action::Delete | Action::SuppressAndDelete)
    }
}

impl State {
    /// All states, in their order.
    pub const ALL: [State; 3] = [State::Initialized, State::Running, State::Finished];

    /// The name that Segment has for it.
    pub const fn name(self) -> &'static str {
        match self {
            State::Initialized => "INITIALIZED",
            State::Running => "RUNNING",
            State::Finished => "FINISHED",
        }
    }

    /// The state of this name.
    pub fn of(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }
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
    let placed = store.obey(&secrets.subjects, order, sources.clock.now())?;
    let Some(deletion) = placed.deletions.first().copied() else {
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
