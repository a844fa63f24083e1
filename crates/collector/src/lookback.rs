//! Repeats of messages that are older than the window: each request looks its own up on disk before it waits for the writer, so
//! that whoever brings many old messages holds up nobody else.
//!
//! The window's floor may rise between the look-up and the writer's turn; the message remembers up to where was looked, and the
//! writer looks at the rest.

use std::sync::Arc;

use heliograph_wire::id::Hour;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, watch};
use tokio::task::spawn_blocking;

use crate::ingest::message::{Checked, Identity, MessageKey};
use crate::ingest::request::Request;
use crate::store::{Reader, StoreError};

/// A message is taken at most so long before the time it is said to have happened, by this and any repeat of it: how far it may be
/// clamped ahead, and how much longer the first journey may have been than the repeat's.
const SLACK: SignedDuration = SignedDuration::from_hours(1);

/// Looks on disk. One request at a time does: there is one disk.
pub struct Lookback {
    reader: Arc<Mutex<Reader>>,
    floor: watch::Receiver<Timestamp>,
}

/// What is known of a message that is not in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sought {
    /// Nobody has looked yet.
    Nowhere,
    /// It was not taken before this time.
    Before(Timestamp),
    /// It is there.
    Found,
}

/// When an earlier arrival of a message that happened then may have been taken first.
pub fn earliest(happened: Timestamp) -> Timestamp {
    happened.checked_sub(SLACK).unwrap_or(Timestamp::MIN)
}

impl Lookback {
    /// Reads from `reader`; `floor` is the window's.
    pub fn new(reader: Reader, floor: watch::Receiver<Timestamp>) -> Lookback {
        Lookback {
            reader: Arc::new(Mutex::new(reader)),
            floor,
        }
    }

    /// Looks up those messages of a request that may have been taken before the window begins.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn seek(&self, request: &mut Request) -> Result<(), StoreError> {
        let floor = *self.floor.borrow();
        let old = |message: &Checked| match message.identity {
            Identity::Message(id) => {
                let earliest = earliest(message.timestamp);
                (earliest < floor).then_some((id, earliest))
            }
            Identity::Report(_) => None,
        };
        let sought: Vec<(MessageKey, Timestamp)> = request.messages.iter().filter_map(old).collect();
        let Some(from) = sought.iter().map(|(_, earliest)| *earliest).min() else {
            return Ok(());
        };
        let mut ids: Vec<_> = sought.into_iter().map(|(id, _)| id).collect();
        ids.sort_unstable();
        let reader = Arc::clone(&self.reader).lock_owned().await;
        let look = move || reader.find_ids(&ids, Hour::of(from), Hour::of(floor));
        let Ok(found) = spawn_blocking(look).await else {
            // The runtime is ending; the writer looks for itself.
            return Ok(());
        };
        let found = found?;
        for message in &mut request.messages {
            if let Some((id, _)) = old(message) {
                message.sought = match found.binary_search(&id) {
                    Ok(_) => Sought::Found,
                    Err(_) => Sought::Before(floor),
                };
            }
        }
        Ok(())
    }
}
