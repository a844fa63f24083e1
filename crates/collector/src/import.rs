//! Importing what came by hand: messages as lines, with the times that they state.
//!
//! There is one writer a data directory. Beside a running server an import goes through it, over a socket in the data directory
//! that only its owner can open; without one the import is the writer for as long as it lasts. Either way a message counts once,
//! whether it came by hand, over the network, or both: each as sent with the key that it was sent with, where the file says so.

mod batch;
pub mod file;
pub mod origin;
pub mod route;
pub mod shipment;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::ingest::request::MAX_RECORDS;
use crate::ingest::tally::{Summary, Tally};
use crate::key::{Key, KeyId, KeyKind};
use crate::writer::Bundle;

/// Most bytes of the lines that are written together.
pub const MAX_LINES: usize = 512 * 1024;
/// Longest line that is read, in bytes. A message that was taken over the network may be as long, with all that its batch's context
/// laid under it: what was exported can be imported.
pub const MAX_LINE: usize = MAX_RECORDS;
/// Largest batch that is read, in bytes: many times what a request may be.
pub const MAX_BATCH_FILE: usize = 64 << 20;

/// Whoever may say everything that a cluster says: where no key is named.
pub const NOBODY: Key = Key {
    id: KeyId(0),
    kind: KeyKind::Cluster,
};

/// Some lines of a file.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    /// The lines.
    pub lines: Vec<Vec<u8>>,
    /// Lines that were too long to be read.
    pub too_long: u64,
    /// The bundle that ends with them.
    pub bundle: Option<Bundle>,
}

/// Where the socket is: in a directory of its own, which only the owner may enter.
pub fn socket(directory: &Path) -> PathBuf {
    directory.join("local").join("import.sock")
}

/// The path on it.
pub const PATH: &str = "/import";

/// What the server says.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Stored and counted.
    pub accepted: u64,
    /// Known already.
    pub duplicate: u64,
    /// Of those who asked to be forgotten.
    pub suppressed: u64,
    /// Not messages that can be taken.
    pub rejected: u64,
}

impl Counts {
    /// In these words.
    pub fn of(tally: &Tally) -> Counts {
        let Summary {
            accepted,
            duplicate,
            suppressed,
            rejected,
        } = tally.summary();
        Counts {
            accepted,
            duplicate,
            suppressed,
            rejected,
        }
    }

    /// All together.
    pub fn all(&self) -> u64 {
        self.accepted + self.duplicate + self.suppressed + self.rejected
    }

    /// Adds others.
    pub fn add(&mut self, other: Counts) {
        self.accepted += other.accepted;
        self.duplicate += other.duplicate;
        self.suppressed += other.suppressed;
        self.rejected += other.rejected;
    }
}
