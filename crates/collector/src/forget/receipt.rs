//! What shows that a deletion was done: a signature by the collector's receipt key over what was deleted and when.
//!
//! Whom it was about is said by the keyed hash alone: whoever has the collector's key of hashes and the id can check it, nobody can
//! read it off. What is signed are these lines, each with a line feed behind it: `heliograph deleted 1`, number, kind, hash, the
//! number of the write key to whose messages it was limited, or `clusters` where it was limited to those that speak for clusters
//! since a reporter asked for it, or `-`; when it was asked for, when it was done, messages, reports,
//! batches; as they stand in the receipt.

use heliograph_wire::time::rfc3339;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::forget::reach::Reach;
use crate::receipt_key::ReceiptKey;

/// What was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionReceipt {
    /// The deletion's number.
    pub id: i64,
    /// Of what kind that is which was deleted.
    pub kind: String,
    /// Whose id, as keyed hash, in hexadecimal.
    pub subject: String,
    /// Which messages it was limited to.
    pub reach: Reach,
    /// When it was asked for.
    pub asked: Timestamp,
    /// When nothing was left.
    pub finished: Timestamp,
    /// Messages that were deleted.
    pub messages: i64,
    /// How many of these were reports of clusters.
    pub reports: i64,
    /// Raw batches that were rewritten for it.
    pub batches: i64,
}

impl DeletionReceipt {
    /// The receipt as it is kept and printed: one JSON object, signed.
    pub fn signed_json(&self, key: &ReceiptKey) -> String {
        let (asked, finished) = (rfc3339(self.asked), rfc3339(self.finished));
        json!({
            "deletion": self.id,
            "kind": self.kind,
            "subject": self.subject,
            "source": self.source(),
            "asked": asked,
            "finished": finished,
            "messages": self.messages,
            "reports": self.reports,
            "batches": self.batches,
            "publicKey": key.public(),
            "signature": key.sign(&self.signed()),
        })
        .to_string()
    }

    fn source(&self) -> Value {
        match self.reach {
            Reach::All => Value::Null,
            Reach::Key(key) => key.0.into(),
            Reach::Clusters => "clusters".into(),
        }
    }

    fn signed(&self) -> Vec<u8> {
        format!(
            "heliograph deleted 1\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n",
            self.id,
            self.kind,
            self.subject,
            match self.source() {
                Value::Null => "-".to_owned(),
                Value::String(which) => which,
                number => number.to_string(),
            },
            rfc3339(self.asked),
            rfc3339(self.finished),
            self.messages,
            self.reports,
            self.batches
        )
        .into_bytes()
    }
}
