//! What can go wrong with the store, sorted by what is to be done about it.

use rusqlite::ErrorCode;

use crate::delta::Damaged;

/// A step that failed.
#[derive(Debug, thiserror::Error)]
#[error("can't {doing}")]
pub struct StoreError {
    doing: &'static str,
    /// What is to be done about it.
    pub fault: Fault,
    #[source]
    cause: Cause,
}

#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error("SQLite refused")]
    Sqlite(#[source] rusqlite::Error),
    #[error("compression failed")]
    Zstd(#[source] std::io::Error),
    #[error(transparent)]
    Damaged(Damaged),
    #[error("it is damaged: {0}")]
    FoundDamaged(String),
    #[error("it takes too long")]
    TooLong,
}

/// Kinds of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No space is left: goes away when there is.
    Full,
    /// The disk fails to read or write.
    Io,
    /// The files, or their file system, can't be written.
    ReadOnly,
    /// Another process has been writing for too long.
    Busy,
    /// What is in it can't be right: it does not go away by itself.
    Damaged,
    /// Anything else.
    Other,
}

impl StoreError {
    pub(super) fn zstd(doing: &'static str, error: std::io::Error) -> StoreError {
        StoreError {
            doing,
            fault: Fault::Other,
            cause: Cause::Zstd(error),
        }
    }

    pub(super) fn damaged(doing: &'static str, error: Damaged) -> StoreError {
        StoreError {
            doing,
            // Of one row: the others can be used.
            fault: Fault::Other,
            cause: Cause::Damaged(error),
        }
    }

    pub(super) fn found_damaged(doing: &'static str, what: String) -> StoreError {
        StoreError {
            doing,
            fault: Fault::Damaged,
            cause: Cause::FoundDamaged(what),
        }
    }

    pub(super) fn too_long(doing: &'static str) -> StoreError {
        StoreError {
            doing,
            fault: Fault::Busy,
            cause: Cause::TooLong,
        }
    }

    /// Whether it was given up since it took too long, or nobody waited any more.
    pub fn took_too_long(&self) -> bool {
        matches!(self.cause, Cause::TooLong)
    }
}

impl Fault {
    /// All kinds.
    pub const ALL: [Fault; 6] = [
        Fault::Full,
        Fault::Io,
        Fault::ReadOnly,
        Fault::Busy,
        Fault::Damaged,
        Fault::Other,
    ];

    /// The name that metrics use.
    pub const fn name(self) -> &'static str {
        match self {
            Fault::Full => "full",
            Fault::Io => "io",
            Fault::ReadOnly => "read_only",
            Fault::Busy => "busy",
            Fault::Damaged => "damaged",
            Fault::Other => "other",
        }
    }

    fn of(error: &rusqlite::Error) -> Fault {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Fault::Full,
            Some(ErrorCode::SystemIoFailure) => Fault::Io,
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Fault::ReadOnly
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Fault::Damaged,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::Busy,
            _ => Fault::Other,
        }
    }
}

/// Says what was tried.
pub(super) trait Doing<T> {
    /// `doing` completes "can't …".
    fn doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| StoreError {
            doing,
            fault: Fault::of(&error),
            cause: Cause::Sqlite(error),
        })
    }
}
