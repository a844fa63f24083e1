//! Putting small parcels of the web UI together: while the sink can't be reached they become many, and each is a file.

use std::collections::BTreeSet;
use std::fs::{self, File};

use heliograph_wire::parcel::{Kind, Parcel};
use heliograph_wire::segment::MAX_BATCH_MESSAGES;

use super::{Entry, Spool, SpoolError, name_of};

/// Parcels of the web UI that may lie side by side.
pub const MANY: usize = 64;
/// Bytes of messages that are put together, where the share of the web UI is not small.
const LARGE: u64 = 256 << 10;

impl Spool {
    /// Puts parcels of the web UI together where there are more than [`MANY`]; returns how many files are gone. Only for whoever
    /// holds the lock under which parcels are delivered: what is on its way must not change. When this is cut short a message may
    /// be in two parcels; its id tells so.
    ///
    /// # Errors
    /// The directory can't be read, or a parcel not be written.
    pub fn gather_ui(&self) -> Result<usize, SpoolError> {
        let _lock = self.lock()?;
        let mut entries = self.list()?;
        entries.retain(|entry| entry.kind() == Kind::Ui);
        if entries.len() <= MANY {
            return Ok(0);
        }
        let large = LARGE.min(self.ui_share() / 2);
        let mut gone = 0;
        let mut together: Vec<Entry> = Vec::new();
        let mut bytes = 0;
        for entry in entries {
            if entry.bytes > large / 2 {
                continue;
            }
            if bytes + entry.bytes > large || together.len() == MAX_BATCH_MESSAGES {
                gone += self.put_together(&together)?;
                together.clear();
                bytes = 0;
            }
            bytes += entry.bytes;
            together.push(entry);
        }
        Ok(gone + self.put_together(&together)?)
    }

    fn put_together(&self, entries: &[Entry]) -> Result<usize, SpoolError> {
        let mut collected = None;
        let mut messages = Vec::new();
        let mut known = BTreeSet::new();
        let mut read = Vec::new();
        for entry in entries {
            let Some(parcel) = self.read(entry)? else { continue };
            if messages.len() + parcel.messages.len() > MAX_BATCH_MESSAGES {
                break;
            }
            collected.get_or_insert(parcel.collected);
            let fresh = parcel
                .messages
                .into_iter()
                .filter(|message| known.insert(message.clone()));
            messages.extend(fresh);
            read.push(entry);
        }
        let (Some(collected), Some(oldest)) = (collected, read.first()) else {
            return Ok(0);
        };
        if read.len() < 2 {
            return Ok(0);
        }
        let parcel = Parcel {
            kind: Kind::Ui,
            collected,
            messages,
        };
        let name = name_of(&parcel, 1);
        let since = fs::metadata(self.path.join(&oldest.name)).and_then(|metadata| metadata.modified());
        self.state
            .create_once(&format!("spool/{name}"), parcel.encode().as_bytes(), 0o640)
            .map_err(self.error("write a parcel"))?;
        // It is as old as the oldest in it. One that seems younger is only kept for longer.
        if let (Ok(since), Ok(file)) = (since, File::options().write(true).open(self.path.join(&name))) {
            let _ = file.set_modified(since);
        }
        let gone = read.iter().filter(|entry| entry.name != name);
        gone.map(|entry| self.remove(entry).map(|()| 1)).sum()
    }
}
