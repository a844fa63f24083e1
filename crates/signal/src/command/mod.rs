//! The commands beside `report` and `preview`: each writes to `out` and says how it ended.

pub mod bundle;
pub mod diff;
pub mod doctor;
pub mod event;
pub mod explain;
pub mod forget;
pub mod log;
pub mod opt;
pub mod run;
pub mod status;
pub mod waiting;

use std::io;

use crate::cycle;

/// A command failed; exit code 1.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The cycle's surroundings are not as they must be.
    #[error(transparent)]
    Cycle(#[from] cycle::Error),
    /// What it was asked for is not there, or can't be.
    #[error("{0}")]
    Asked(String),
    /// Its output can't be written.
    #[error("the output can't be written")]
    Output(#[from] io::Error),
}

/// Turns the errors of the parts into a command's.
macro_rules! from {
    ($($part:ty),*) => {$(
        impl From<$part> for Error {
            fn from(error: $part) -> Error {
                Error::Cycle(error.into())
            }
        }
    )*};
}

from!(
    crate::cluster_id::Error,
    crate::consent::Unreadable,
    crate::http::trust::InvalidCa,
    crate::ledger::LedgerError,
    crate::spool::SpoolError,
    crate::state::StateError
);
