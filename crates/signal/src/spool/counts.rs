//! What the spool dropped and set aside, since it exists.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Parcels and files, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Parcels dropped because they were older than `spool_max_age`.
    pub dropped_for_age: u64,
    /// Parcels dropped because the spool was larger than `spool_max_bytes`.
    pub dropped_for_space: u64,
    /// Files that were damaged or not ours.
    pub aside: u64,
    /// Files that were removed from `aside/` to keep its bound.
    pub trimmed: u64,
    /// Messages that the sink refused for good.
    pub refused: u64,
}

impl Counts {
    /// Reads them. Where there are none yet, or what is there is damaged, all are 0: they are for people to see, and stop
    /// nothing.
    pub(super) fn read(path: &Path) -> io::Result<Counts> {
        match fs::read(path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Counts::default()),
            Err(error) => Err(error),
        }
    }

    pub(super) fn to_json(self) -> String {
        serde_json::to_string(&self).unwrap_or_default()
    }
}
