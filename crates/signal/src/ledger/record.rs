//! One line of the ledger.

use heliograph_wire::receipt::{Receipt, body_hash};
use serde::{Deserialize, Serialize};

use crate::contents::Contents;

/// A line. Each holds the hash of the line before it, so that a line that was changed or taken away shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Number, from 1; sends are named by it.
    pub n: u64,
    /// When, RFC 3339.
    pub at: String,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
    /// SHA-256 of the line before, in hexadecimal; empty in the first.
    pub prev: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Entry {
    /// A request is about to leave; written before it does.
    Sending {
        /// Where to.
        target: String,
        /// SHA-256 of its body before compression; the body is kept under this name.
        sha256: String,
        /// Bytes of the body.
        bytes: u64,
        /// Messages in it.
        messages: usize,
        /// What they are.
        #[serde(default, skip_serializing_if = "Contents::is_empty")]
        contents: Contents,
    },
    /// What the other side said.
    Answered {
        /// The send.
        of: u64,
        /// Its status.
        status: u16,
        /// Whether it took the body.
        taken: bool,
        /// The collector's receipt, where it gave one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipt: Option<Receipt>,
    },
    /// There was no answer; the other side may have taken it or not.
    Unanswered {
        /// The send.
        of: u64,
        /// Why.
        problem: String,
    },
    /// A message was refused for good, and is kept in the spool's `aside/`.
    Refused {
        /// The send.
        of: u64,
        /// The message's id.
        message: String,
    },
    /// A report left in a file, for a cluster without network.
    Bundled {
        /// SHA-256 of the bundle's lines.
        sha256: String,
        /// Messages in it.
        messages: usize,
    },
    /// The collector deleted what it held of this cluster.
    Forgotten {
        /// Where it was asked.
        target: String,
        /// What it answered.
        answer: serde_json::Value,
    },
}

impl Record {
    /// The line's text, without its end.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The hash by which the next line names this one.
    pub fn hash_of(line: &str) -> String {
        body_hash(line.as_bytes())
    }
}
