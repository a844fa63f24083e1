//! Importing what came by hand: messages as lines, with the times that they state.
//!
//! There is one writer a data directory. Beside a running server an import goes through it, over a socket in the data directory
//! that only its owner can open; without one the import is the writer for as long as it lasts. Either way a message counts once,
//! whether it came by hand, over the network, or both.

mod batch;
pub mod file;
pub mod route;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::ingest::clean::clean;
use crate::ingest::envelope::Envelope;
use crate::ingest::fields::Entry;
use crate::ingest::moment::Trust;
use crate::ingest::outcome::{Outcome, Rejection};
use crate::ingest::request::{Request, RequestError, Terms};
use crate::ingest::tally::{Summary, Tally};
use crate::key::{Key, KeyId, KeyKind};
use crate::writer::{Bundle, Delivery};

/// Most bytes of the lines that are written together.
pub const MAX_LINES: usize = 512 * 1024;
/// Longest line that is read, in bytes; a longer one is no message that can be taken.
pub const MAX_LINE: usize = 128 * 1024;
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

/// What stands before the lines where they are handed to a server.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    key: i64,
    kind: String,
    too_long: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bundle: Option<(String, u64)>,
}

/// Lines that can't be handed over.
#[derive(Debug, thiserror::Error)]
#[error("the import's first line is not what it should be")]
pub struct Malformed;

impl Lines {
    /// The text in which they are handed to a server.
    pub fn encode(&self, key: Key) -> Vec<u8> {
        let bundle = self.bundle.as_ref();
        let head = Head {
            key: key.id.0,
            kind: key.kind.name().to_owned(),
            too_long: self.too_long,
            bundle: bundle.map(|bundle| (bundle.sha256.clone(), bundle.messages)),
        };
        let mut text = serde_json::to_vec(&head).unwrap_or_default();
        for line in &self.lines {
            text.push(b'\n');
            text.extend_from_slice(line);
        }
        text
    }

    /// Reads that text.
    ///
    /// # Errors
    /// When it is another one.
    pub fn decode(text: &[u8]) -> Result<(Lines, Key), Malformed> {
        let mut lines = text.split(|byte| *byte == b'\n');
        let head: Head = serde_json::from_slice(lines.next().unwrap_or_default()).map_err(|_| Malformed)?;
        let key = Key {
            id: KeyId(head.key),
            kind: head.kind.parse().map_err(|_| Malformed)?,
        };
        let bundle = head.bundle.map(|(sha256, messages)| Bundle { sha256, messages });
        let lines = Lines {
            lines: lines.map(<[u8]>::to_vec).collect(),
            too_long: head.too_long,
            bundle,
        };
        Ok((lines, key))
    }

    /// What is to be written of them.
    ///
    /// # Errors
    /// When no id can be made for a message without one.
    pub fn check(&self, terms: Terms<'_>) -> Result<Delivery, RequestError> {
        let texts: Vec<_> = self.lines.iter().map(|line| clean(line)).collect();
        let mut envelope = Envelope::default();
        let mut broken = 0;
        for text in &texts {
            match serde_json::from_str(text) {
                Ok(Entry(message)) => envelope.batch.push(message),
                Err(_) => broken += 1,
            }
        }
        let trust = Trust::Stated;
        let mut request = Request::check(&envelope, Terms { trust, ..terms })?;
        request.metered = false;
        for _ in 0..broken {
            request.decided.count(Outcome::Rejected(Rejection::NotAnObject));
        }
        for _ in 0..self.too_long {
            request.decided.count(Outcome::Rejected(Rejection::TooLarge));
        }
        Ok(Delivery {
            request,
            receipt_of: None,
            bundle: self.bundle.clone(),
        })
    }
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
