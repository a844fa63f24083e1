//! The spool: what is still to be sent, one readable file a parcel, in a directory that `ls` and `cat` show an operator.
//!
//! * A parcel is written aside, synced, renamed into place, and the directory synced: it is there whole, or not at all.
//! * Names are deterministic and sort by time: `2026-11-22T11Z.report`, and `2026-11-22T11Z-2.report` where a report takes more
//!   than one parcel. What is there already is not written again.
//! * Bytes and age are bounded; the oldest is dropped first, and counted in `counts.json`. Messages of the web UI have a share of
//!   the bytes, are dropped before anything else, and never make a report give way.
//! * Files that are damaged, or not ours, are moved to `aside/`, named in the log, and stop nothing.
//! * Two processes may use it at once: bounds and counts are changed under a lock, and a parcel that another process took away
//!   is simply gone.

mod counts;
pub mod gather;

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use heliograph_wire::id::Hour;
use heliograph_wire::parcel::{Kind, Parcel};
use heliograph_wire::receipt::body_hash;
use jiff::Timestamp;

pub use counts::Counts;

use crate::state::State;

/// Most files that are kept in `aside/`; the oldest are removed.
pub const MAX_ASIDE: usize = 64;
/// Largest file that is read as a parcel. A batch has at most 500 KiB, and its file one line more.
const MAX_FILE: u64 = 1 << 20;
/// After this a file that was never finished is nobody's any more.
const UNFINISHED: Duration = Duration::from_secs(3600);
/// Messages of the web UI may take one part in so many of the bytes.
pub const UI_SHARE: u64 = 4;
/// Endings of parcels' names.
const ENDINGS: [&str; 3] = [".report", EVENT_ENDING, UI_ENDING];
const EVENT_ENDING: &str = ".event";
const UI_ENDING: &str = ".ui";

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of all parcels together.
    pub bytes: u64,
    /// Age of a parcel by its file's time.
    pub age: Duration,
}

/// The spool can't be used.
#[derive(Debug, thiserror::Error)]
#[error("spool {}: can't {doing}", path.display())]
pub struct SpoolError {
    path: PathBuf,
    doing: &'static str,
    source: io::Error,
}

/// One parcel in the spool.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its file's name; names sort by time.
    pub name: String,
    /// Its file's size.
    pub bytes: u64,
}

impl Entry {
    /// What it holds, by its name.
    pub fn kind(&self) -> Kind {
        let ends = |ending: &str| self.name.ends_with(ending);
        if ends(UI_ENDING) {
            Kind::Ui
        } else if ends(EVENT_ENDING) {
            Kind::Event
        } else {
            Kind::Report
        }
    }
}

/// The spool.
#[derive(Debug, Clone)]
pub struct Spool {
    state: State,
    path: PathBuf,
    bounds: Bounds,
}

impl Spool {
    /// Opens the spool below a state directory, and makes it where it is missing.
    ///
    /// # Errors
    /// It can't be made.
    pub fn open(state: &State, bounds: Bounds) -> Result<Spool, SpoolError> {
        let path = state.path().join("spool");
        let made = state.make_folder("spool");
        made.map_err(|source| SpoolError {
            path: path.clone(),
            doing: "be made",
            source,
        })?;
        Ok(Spool {
            state: state.clone(),
            path,
            bounds,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps a parcel; when this returns, it survives a power cut. Makes room by dropping the oldest.
    ///
    /// # Errors
    /// It could not be kept: the disk is full, read-only or failing. What was there is still there.
    pub fn put(&self, parcel: &Parcel, now: Timestamp) -> Result<Entry, SpoolError> {
        self.put_part(parcel, 1, now)
    }

    /// As [`Spool::put`], for one of several parcels that hold a report together; `part` counts from 1.
    ///
    /// # Errors
    /// As [`Spool::put`].
    pub fn put_part(&self, parcel: &Parcel, part: u32, now: Timestamp) -> Result<Entry, SpoolError> {
        let text = parcel.encode();
        let entry = Entry {
            name: name_of(parcel, part),
            bytes: text.len() as u64,
        };
        let lock = self.lock()?;
        if self.path.join(&entry.name).exists() {
            return Ok(entry);
        }
        self.make_room(parcel.kind, entry.bytes, now)?;
        self.state
            .create_once(&format!("spool/{}", entry.name), text.as_bytes(), 0o640)
            .map_err(self.error("write a parcel"))?;
        drop(lock);
        Ok(entry)
    }

    /// The parcels, oldest first. Files that are not ours are set aside on the way.
    ///
    /// # Errors
    /// The directory can't be read.
    pub fn list(&self) -> Result<Vec<Entry>, SpoolError> {
        let mut entries = Vec::new();
        for file in fs::read_dir(&self.path).map_err(self.error("be listed"))? {
            let file = file.map_err(self.error("be listed"))?;
            let name = file.file_name();
            // Another process may take a file away between the two looks.
            let Ok(metadata) = file.metadata() else { continue };
            match name.to_str() {
                Some("aside" | "counts.json" | "lock") => {}
                Some(name) if name.starts_with('.') => {}
                Some(name) if metadata.is_file() && is_parcel_name(name) => {
                    entries.push(Entry {
                        name: name.to_owned(),
                        bytes: metadata.len(),
                    });
                }
                // What can't be moved stays where it is; it is no parcel, and stops none.
                _ if metadata.is_file() => {
                    if let Err(error) = self.set_aside(&name.to_string_lossy(), "it is not a parcel's file") {
                        tracing::debug!("{}", crate::cause::chain(&error));
                    }
                }
                _ => {}
            }
        }
        entries.sort();
        Ok(entries)
    }

    /// Reads a parcel. `None` when it is gone, or was damaged and is set aside now.
    ///
    /// # Errors
    /// Reading fails in another way.
    pub fn read(&self, entry: &Entry) -> Result<Option<Parcel>, SpoolError> {
        let path = self.path.join(&entry.name);
        let bytes = match fs::metadata(&path).and_then(|metadata| {
            if metadata.len() > MAX_FILE {
                Ok(Vec::new())
            } else {
                fs::read(&path)
            }
        }) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            // A parcel that can't be read holds up no other.
            Err(error) => {
                tracing::error!(parcel = entry.name, "a parcel can't be read: {error}");
                return Ok(None);
            }
        };
        match Parcel::decode(&bytes) {
            Ok(parcel) => Ok(Some(parcel)),
            Err(damage) => {
                self.set_aside(&entry.name, &damage.to_string())?;
                Ok(None)
            }
        }
    }

    /// Removes a parcel that has left.
    ///
    /// # Errors
    /// It can't be removed; it will be sent again, and recognised by its ids.
    pub fn remove(&self, entry: &Entry) -> Result<(), SpoolError> {
        match fs::remove_file(self.path.join(&entry.name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(self.error("remove a parcel")),
        }
    }

    /// Moves a file to `aside/`, counts it, and says why.
    ///
    /// # Errors
    /// It can't be moved.
    pub fn set_aside(&self, name: &str, why: &str) -> Result<(), SpoolError> {
        let aside = self.path.join("aside");
        self.state
            .make_folder("spool/aside")
            .map_err(self.error("make aside/"))?;
        let mut to = aside.join(name);
        if to.exists() {
            to = aside.join(format!("{name}.{}", self.counts()?.aside));
        }
        match fs::rename(self.path.join(name), to) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(self.error("set a file aside")(source)),
        }
        tracing::warn!(file = name, "set aside in {}: {why}", aside.display());
        self.count(|counts| counts.aside += 1)?;
        self.trim_aside(&aside)
    }

    /// Keeps a message that the sink refused for good in `aside/`, for people to look at.
    ///
    /// # Errors
    /// It can't be written.
    pub fn keep_refused(&self, message: &str) -> Result<(), SpoolError> {
        self.state
            .make_folder("spool/aside")
            .map_err(self.error("make aside/"))?;
        let name = format!(
            "spool/aside/refused-{}.json",
            &body_hash(message.as_bytes())[..16]
        );
        self.state
            .create_once(&name, message.as_bytes(), 0o640)
            .map_err(self.error("set a message aside"))?;
        self.count(|counts| counts.refused += 1)?;
        self.trim_aside(&self.path.join("aside"))
    }

    /// Removes everything, also what a process that was killed had written in part: telemetry was switched off. Counts stay.
    ///
    /// # Errors
    /// A file can't be removed.
    pub fn clear(&self) -> Result<usize, SpoolError> {
        // On a full disk there may be no room for the lock's file; what is to go must go all the same.
        let lock = self.lock().ok();
        let entries = self.list()?;
        // One that can't be removed keeps no other: all are tried, then the first problem is told.
        let mut ended = entries
            .iter()
            .map(|entry| self.remove(entry))
            .fold(Ok(()), Result::and);
        ended = ended.and(self.remove_unfinished(|_| true));
        drop(lock);
        match fs::remove_dir_all(self.path.join("aside")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                ended = ended.and(Err(self.error("remove aside/")(error)))
            }
            _ => {}
        }
        ended.map(|()| entries.len())
    }

    /// What was dropped and set aside so far.
    ///
    /// # Errors
    /// The counts can't be read.
    pub fn counts(&self) -> Result<Counts, SpoolError> {
        Counts::read(&self.path.join("counts.json")).map_err(self.error("read its counts"))
    }

    /// Drops what is too old, and then the oldest until `bytes` more fit: first of the web UI, and for the web UI nothing else.
    fn make_room(&self, kind: Kind, bytes: u64, now: Timestamp) -> Result<(), SpoolError> {
        self.remove_unfinished(|path| Self::age(path, now) > UNFINISHED)?;
        let is_ui = |entry: &Entry| entry.kind() == Kind::Ui;
        let (mut ui, mut others): (VecDeque<_>, VecDeque<_>) = self.list()?.into_iter().partition(is_ui);
        let size = |entries: &VecDeque<Entry>| entries.iter().map(|entry| entry.bytes).sum::<u64>();
        let (mut used_by_ui, mut used) = (size(&ui), size(&others));
        let (mut for_age, mut for_space) = (0, 0);
        for (entries, used) in [(&mut ui, &mut used_by_ui), (&mut others, &mut used)] {
            // What follows one that is young enough is younger.
            while let Some(entry) = entries.front()
                && Self::age(&self.path.join(&entry.name), now) > self.bounds.age
            {
                self.remove(entry)?;
                *used -= entry.bytes;
                for_age += 1;
                entries.pop_front();
            }
        }
        let is_full = |used_by_ui: u64, used: u64| {
            used + used_by_ui + bytes > self.bounds.bytes
                || (kind == Kind::Ui && used_by_ui + bytes > self.ui_share())
        };
        let mut refused = false;
        while is_full(used_by_ui, used) {
            let (entry, used) = match (ui.pop_front(), kind) {
                (Some(entry), _) => (entry, &mut used_by_ui),
                (None, Kind::Ui) => {
                    refused = true;
                    break;
                }
                (None, Kind::Report | Kind::Event) => match others.pop_front() {
                    Some(entry) => (entry, &mut used),
                    None => break,
                },
            };
            self.remove(&entry)?;
            *used -= entry.bytes;
            for_space += 1;
        }
        if for_age + for_space > 0 {
            self.count(|counts| {
                counts.dropped_for_age += for_age;
                counts.dropped_for_space += for_space;
            })?;
        }
        if refused {
            let full = io::Error::new(io::ErrorKind::StorageFull, "reports that wait take all the room");
            return Err(self.error("keep messages of the web UI")(full));
        }
        Ok(())
    }

    /// Bytes that parcels of the web UI may take together.
    fn ui_share(&self) -> u64 {
        self.bounds.bytes / UI_SHARE
    }

    /// Removes files that were never finished: what a process that was killed leaves behind.
    fn remove_unfinished(&self, old_enough: impl Fn(&Path) -> bool) -> Result<(), SpoolError> {
        for file in fs::read_dir(&self.path)
            .map_err(self.error("be listed"))?
            .flatten()
        {
            let path = file.path();
            let is_file = file.file_type().is_ok_and(|kind| kind.is_file());
            if !is_file || !file.file_name().to_string_lossy().starts_with('.') || !old_enough(&path) {
                continue;
            }
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(self.error("remove an unfinished file")(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn age(path: &Path, now: Timestamp) -> Duration {
        let written = fs::metadata(path).and_then(|metadata| metadata.modified());
        let written = written.ok().and_then(|time| Timestamp::try_from(time).ok());
        written
            .and_then(|written| Duration::try_from(now.duration_since(written)).ok())
            .unwrap_or_default()
    }

    fn trim_aside(&self, aside: &Path) -> Result<(), SpoolError> {
        let mut names: Vec<_> = fs::read_dir(aside)
            .map_err(self.error("list aside/"))?
            .flatten()
            .map(|file| file.path())
            .collect();
        names.sort_by_key(|path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok());
        let surplus = names.len().saturating_sub(MAX_ASIDE);
        for path in names.iter().take(surplus) {
            let removed = if path.is_dir() {
                fs::remove_dir_all(path)
            } else {
                fs::remove_file(path)
            };
            removed.map_err(self.error("trim aside/"))?;
        }
        if surplus > 0 {
            self.count(|counts| counts.trimmed += surplus as u64)?;
        }
        Ok(())
    }

    /// Changes the counts. Two processes that do so at the same instant may lose one; parcels are never at stake.
    fn count(&self, change: impl FnOnce(&mut Counts)) -> Result<(), SpoolError> {
        let mut counts = self.counts()?;
        change(&mut counts);
        self.state
            .replace("spool/counts.json", counts.to_json().as_bytes(), 0o640)
            .map_err(self.error("write its counts"))
    }

    fn lock(&self) -> Result<File, SpoolError> {
        let lock = self
            .state
            .lock_file("spool/lock")
            .map_err(self.error("be locked"))?;
        lock.lock().map_err(self.error("be locked"))?;
        Ok(lock)
    }

    fn error(&self, doing: &'static str) -> impl Fn(io::Error) -> SpoolError {
        let path = self.path.clone();
        move |source| SpoolError {
            path: path.clone(),
            doing,
            source,
        }
    }
}

/// A report is named by its hour: there is one, in one part mostly. Others by their time and a part of their text's hash.
fn name_of(parcel: &Parcel, part: u32) -> String {
    match parcel.kind {
        Kind::Report if part > 1 => format!("{}-{part}.report", Hour::of(parcel.collected)),
        Kind::Report => format!("{}.report", Hour::of(parcel.collected)),
        kind => {
            let hash = body_hash(parcel.messages.concat().as_bytes());
            format!(
                "{}-{}.{}",
                parcel.collected.strftime("%Y-%m-%dT%HZ%M%S"),
                &hash[..16],
                kind.as_str()
            )
        }
    }
}

fn is_parcel_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        && ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests;
