//! The ledger: the exact bytes of every request that left, written before it left, and after it what was answered.
//!
//! ```text
//! ledger/2026-11.jsonl      a line a happening, each with the hash of the one before
//! ledger/bodies/<sha256>    each body once
//! ledger/head               number and hash of the last line
//! ```
//!
//! Append-only, a file a month; months that are older than the bound are removed, and so are the oldest bodies when all together
//! are larger than theirs. [`verify`] finds lines that were altered or taken away, bodies that do not match their name, and sends
//! that were never receipted.

pub mod record;
pub mod sum;
pub mod verify;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use heliograph_wire::receipt::body_hash;
use heliograph_wire::time::rfc3339;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::contents::Contents;
use crate::state::State;
use record::{Entry, Record};

/// How long lines are kept.
pub const MAX_AGE: Duration = Duration::from_secs(400 * 24 * 3600);
/// Longest line: a receipt lists up to 1,024 hashes.
const MAX_LINE: u64 = 1 << 18;
/// Bytes of all lines together that are kept, in whole months; the newest always is.
pub const MAX_LINE_BYTES: u64 = 64 << 20;
/// Bytes of all bodies together that are kept.
pub const MAX_BODY_BYTES: u64 = 128 << 20;

/// The ledger can't be used.
#[derive(Debug, thiserror::Error)]
#[error("ledger {}: can't {doing}", path.display())]
pub struct LedgerError {
    path: PathBuf,
    doing: &'static str,
    source: io::Error,
}

/// The ledger.
#[derive(Debug)]
pub struct Ledger {
    state: State,
    path: PathBuf,
    next: u64,
    prev: String,
}

impl Ledger {
    /// Opens the ledger below a state directory, and makes it where it is missing. A line that a crash cut off is removed: what
    /// it was to say had not happened yet, or is not known.
    ///
    /// # Errors
    /// It can't be made or read.
    pub fn open(state: &State) -> Result<Ledger, LedgerError> {
        let path = state.path().join("ledger");
        let error = |doing| LedgerError::of(&path, doing);
        state
            .make_folder("ledger")
            .and_then(|()| state.make_folder("ledger/bodies"))
            .map_err(error("be made"))?;
        let mut ledger = Ledger {
            state: state.clone(),
            path: path.clone(),
            next: 1,
            prev: String::new(),
        };
        // The newest month may hold no line yet: a full disk, or a cut one.
        for month in ledger.months().map_err(error("be listed"))?.iter().rev() {
            cut_torn_line(&path.join(month)).map_err(error("be mended"))?;
            let mut found = false;
            for line in lines(&path.join(month)).map_err(error("be read"))? {
                let line = line.map_err(error("be read"))?;
                // A line that was damaged still stands before the next one; its number is that after the last readable one.
                ledger.next =
                    serde_json::from_str::<Record>(&line).map_or(ledger.next, |record| record.n) + 1;
                ledger.prev = Record::hash_of(&line);
                found = true;
            }
            if found {
                break;
            }
        }
        Ok(ledger)
    }

    /// Opens the ledger to look at it: nothing is made, and nothing mended, since another process may be writing. `None` where
    /// there is none.
    pub fn look(state_dir: &Path) -> Option<Ledger> {
        let path = state_dir.join("ledger");
        let state = State::look(state_dir);
        path.exists().then(|| Ledger {
            state,
            path,
            next: 1,
            prev: String::new(),
        })
    }

    /// Keeps a body and the fact that it is about to leave; returns the number of the send.
    ///
    /// # Errors
    /// It could not be written, so it must not leave.
    pub fn sending(
        &mut self,
        target: &str,
        body: &[u8],
        messages: &[&str],
        now: Timestamp,
    ) -> Result<u64, LedgerError> {
        let sha256 = body_hash(body);
        let kept = self
            .state
            .create_once(&format!("ledger/bodies/{sha256}"), body, 0o640);
        kept.map_err(LedgerError::of(&self.path, "keep a body"))?;
        self.append(
            Entry::Sending {
                target: target.to_owned(),
                sha256,
                bytes: body.len() as u64,
                messages: messages.len(),
                contents: Contents::of(messages.iter().copied()),
            },
            now,
        )
    }

    /// Writes a line and syncs it; returns its number.
    ///
    /// # Errors
    /// It could not be written.
    pub fn append(&mut self, entry: Entry, now: Timestamp) -> Result<u64, LedgerError> {
        let n = self.next;
        let line = Record {
            n,
            at: rfc3339(now),
            entry,
            prev: self.prev.clone(),
        }
        .to_line();
        let month = format!("ledger/{}.jsonl", now.to_zoned(TimeZone::UTC).strftime("%Y-%m"));
        let write = || -> io::Result<()> {
            let mut file = self.state.append_to(&month)?;
            let before = file.metadata()?.len();
            let written = file
                .write_all(format!("{line}\n").as_bytes())
                .and_then(|()| file.sync_data());
            if written.is_err() {
                // A line in part would stand in front of the next one.
                let _ = file.set_len(before);
            }
            written
        };
        write().map_err(LedgerError::of(&self.path, "write a line"))?;
        self.next += 1;
        self.prev = Record::hash_of(&line);
        // Without it, nothing would tell that the last lines are gone.
        let head = format!("{n} {}\n", self.prev);
        self.state
            .replace("ledger/head", head.as_bytes(), 0o640)
            .map_err(LedgerError::of(&self.path, "write its head"))?;
        Ok(n)
    }

    /// All lines, oldest first, each as it stands in its file.
    ///
    /// # Errors
    /// A file can't be read.
    pub fn lines(&self) -> Result<impl Iterator<Item = Result<String, LedgerError>> + '_, LedgerError> {
        let error = || LedgerError::of(&self.path, "be read");
        let months = self.months().map_err(error())?;
        let files = months.into_iter().map(|month| lines(&self.path.join(month)));
        Ok(files.flat_map(
            move |file| -> Box<dyn Iterator<Item = Result<String, LedgerError>>> {
                match file {
                    Ok(lines) => Box::new(lines.map(move |line| line.map_err(error()))),
                    Err(failed) => Box::new(std::iter::once(Err(error()(failed)))),
                }
            },
        ))
    }

    /// Number and hash of the last line that was written, if they can be read.
    pub fn head(&self) -> Option<(u64, String)> {
        let text = fs::read_to_string(self.path.join("head")).ok()?;
        let (n, hash) = text.trim().split_once(' ')?;
        Some((n.parse().ok()?, hash.to_owned()))
    }

    /// The body of this hash; `None` when it was removed to keep the bound.
    ///
    /// # Errors
    /// It can't be read.
    pub fn body(&self, sha256: &str) -> Result<Option<Vec<u8>>, LedgerError> {
        match fs::read(self.path.join("bodies").join(sha256)) {
            Ok(body) => Ok(Some(body)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(LedgerError::of(&self.path, "read a body")(source)),
        }
    }

    /// Removes months that are too old, bodies that no line names any more, and the oldest bodies beyond the bound.
    ///
    /// # Errors
    /// A file can't be removed.
    pub fn prune(&self, now: Timestamp, max_age: Duration, max_body_bytes: u64) -> Result<(), LedgerError> {
        let error = |doing| LedgerError::of(&self.path, doing);
        let oldest = now
            .checked_sub(max_age)
            .unwrap_or(Timestamp::MIN)
            .to_zoned(TimeZone::UTC);
        let oldest = format!("{}.jsonl", oldest.strftime("%Y-%m"));
        let mut removed = false;
        let mut used = 0;
        for (index, month) in self
            .months()
            .map_err(error("be listed"))?
            .iter()
            .rev()
            .enumerate()
        {
            let path = self.path.join(month);
            used += fs::metadata(&path).map_err(error("be pruned"))?.len();
            if index > 0 && (*month < oldest || used > MAX_LINE_BYTES) {
                fs::remove_file(path).map_err(error("be pruned"))?;
                removed = true;
            }
        }
        let mut bodies = Vec::new();
        for file in fs::read_dir(self.path.join("bodies"))
            .map_err(error("be listed"))?
            .flatten()
        {
            let Ok(metadata) = file.metadata() else { continue };
            bodies.push((metadata.modified().ok(), metadata.len(), file.path()));
        }
        bodies.sort();
        let named = if removed { Some(self.named_bodies()?) } else { None };
        let mut used: u64 = bodies.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, path) in bodies {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            let orphan = named.as_ref().is_some_and(|named| !named.contains(&name));
            if orphan || used > max_body_bytes {
                fs::remove_file(path).map_err(error("be pruned"))?;
                used -= bytes;
            }
        }
        Ok(())
    }

    fn named_bodies(&self) -> Result<BTreeSet<String>, LedgerError> {
        let mut named = BTreeSet::new();
        for line in self.lines()? {
            if let Ok(Record {
                entry: Entry::Sending { sha256, .. },
                ..
            }) = serde_json::from_str(&line?)
            {
                named.insert(sha256);
            }
        }
        Ok(named)
    }

    /// Names of the monthly files, oldest first.
    fn months(&self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.path)?
            .map(|file| file.map(|file| file.file_name().to_string_lossy().into_owned()));
        let mut months: Vec<_> = names.collect::<Result<_, _>>()?;
        months.retain(|name| name.len() == "2026-11.jsonl".len() && name.ends_with(".jsonl"));
        months.sort();
        Ok(months)
    }
}

impl LedgerError {
    fn of(path: &Path, doing: &'static str) -> impl Fn(io::Error) -> LedgerError + use<> {
        let path = path.to_owned();
        move |source| LedgerError {
            path: path.clone(),
            doing,
            source,
        }
    }
}

/// The lines of a file; bytes that are not UTF-8 are for whoever reads the line to stumble over.
fn lines(path: &Path) -> io::Result<impl Iterator<Item = io::Result<String>> + use<>> {
    let lines = BufReader::new(fs::File::open(path)?).split(b'\n');
    Ok(lines.map(|line| line.map(|line| String::from_utf8_lossy(&line).into_owned())))
}

/// Cuts off what stands behind the last end of a line; only the file's end is read.
fn cut_torn_line(path: &Path) -> io::Result<()> {
    let mut file = fs::File::options().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let from = length.saturating_sub(MAX_LINE);
    file.seek(SeekFrom::Start(from))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    let torn = end.iter().rev().take_while(|byte| **byte != b'\n').count() as u64;
    if torn > 0 {
        tracing::warn!(file = %path.display(), "a line that was cut off by a crash is removed");
        file.set_len(length - torn)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
