//! A batch request, checked: the records of the messages that may be taken, and the outcomes of those that may not.

use heliograph_wire::segment::MAX_BATCH;
use jiff::Timestamp;

use crate::entropy::{Entropy, NoEntropy};
use crate::ingest::envelope::Envelope;
use crate::ingest::members::Members;
use crate::ingest::message::{self, Checked, Common, Refusal};
use crate::ingest::moment;
use crate::ingest::outcome::Outcome;
use crate::ingest::tally::Tally;
use crate::ingest::text;
use crate::key::{Key, KeyId};

/// Largest request, in bytes when inflated: 500 KB of batch and some of envelope.
pub const MAX_REQUEST: usize = MAX_BATCH + 20 * 1024;
/// Largest sum of a request's records, in bytes. A batch's context is laid under every one of its messages, so a small request
/// could ask for gigabytes.
pub const MAX_RECORDS: usize = 8 * MAX_REQUEST;

/// What is asked of the store.
#[derive(Debug)]
pub struct Request {
    /// The key that it came with.
    pub key: KeyId,
    /// When it arrived.
    pub received: Timestamp,
    /// The records of all messages that may be taken, one after the other.
    pub records: Vec<u8>,
    /// These messages.
    pub messages: Vec<Checked>,
    /// The outcomes that are known already.
    pub decided: Tally,
}

/// A request that is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Its messages are too large together with the context that they share.
    #[error("the messages are larger than {MAX_RECORDS} bytes with the batch's context in each of them")]
    TooLarge,
    /// No id could be made for a message without one.
    #[error("no id could be made for a message")]
    NoEntropy(#[source] NoEntropy),
}

impl Request {
    /// Checks all messages of a batch. `now` is when it arrived.
    ///
    /// # Errors
    /// When the request can't be taken as a whole; a message at fault is not an error but an outcome.
    pub fn check(
        envelope: &Envelope<'_>,
        key: Key,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Request, RequestError> {
        let sent_at = envelope.sent_at.and_then(text::string);
        let common = Common {
            key,
            now,
            sent_at: sent_at.and_then(|text| moment::parse(&text)),
            context: envelope
                .context
                .and_then(Members::of)
                .map(Members::without_address),
            integrations: envelope.integrations.and_then(Members::of),
        };
        let mut request = Request {
            key: key.id,
            received: now,
            records: Vec::new(),
            messages: Vec::with_capacity(envelope.batch.len()),
            decided: Tally::default(),
        };
        for raw in &envelope.batch {
            match message::check(raw, &common, entropy, &mut request.records) {
                Ok(checked) => request.messages.push(checked),
                Err(Refusal::Rejected(rejection)) => request.decided.count(Outcome::Rejected(rejection)),
                Err(Refusal::NoEntropy(error)) => return Err(RequestError::NoEntropy(error)),
            }
            if request.records.len() > MAX_RECORDS {
                return Err(RequestError::TooLarge);
            }
        }
        Ok(request)
    }

    /// The memory that it takes, in bytes.
    pub fn size(&self) -> usize {
        self.records.capacity() + self.messages.capacity() * size_of::<Checked>()
    }

    /// The record of one of its messages.
    pub fn record(&self, message: &Checked) -> &[u8] {
        self.records.get(message.record.clone()).unwrap_or_default()
    }
}
