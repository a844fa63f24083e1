//! How a cycle ends: its exit codes, and why it could not begin.

use std::io;
use std::path::PathBuf;

use crate::cluster_id;
use crate::collect::Collection;
use crate::consent::Unreadable;
use crate::deliver;
use crate::http::trust::InvalidCa;
use crate::ledger::LedgerError;
use crate::spool::SpoolError;
use crate::state::StateError;

/// How a command ended, as exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or telemetry is off.
    Done = 0,
    /// Nothing could be collected though something is switched on.
    NothingCollected = 2,
    /// Collected, but neither delivered nor kept.
    NotKept = 3,
}

impl Exit {
    /// How a cycle that collected this ends, and a line that says so where it is not well.
    pub(super) fn of(collection: &Collection) -> Exit {
        if !collection.anything_on() {
            tracing::warn!("no source is switched on: set diagnostics_urls, cosmos_urls or mesos_urls");
            Exit::Done
        } else if collection.anything_said() {
            Exit::Done
        } else {
            tracing::error!("nothing could be collected");
            Exit::NothingCollected
        }
    }
}

/// The cycle could not begin; exit code 1.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No cluster id.
    #[error(transparent)]
    ClusterId(#[from] cluster_id::Error),
    /// The operator's CA can't be used.
    #[error(transparent)]
    Ca(#[from] InvalidCa),
    /// The state directory can't be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// Nobody can tell whether telemetry is on.
    #[error(transparent)]
    Consent(#[from] Unreadable),
    /// The spool can't be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The ledger can't be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Delivery can't go on.
    #[error(transparent)]
    Deliver(#[from] deliver::Error),
    /// There is no write key.
    #[error("no write key: set write_key_file, or write_key, or load the credential heliograph.write-key")]
    NoWriteKey,
    /// The write key's file can't be read, or is empty.
    #[error("write_key_file {}: {problem}", path.display())]
    WriteKey {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A file of the state directory can't be written.
    #[error("{} can't be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Making JSON failed, which it must not.
    #[error("the report could not be written as JSON")]
    Json(#[from] serde_json::Error),
}
