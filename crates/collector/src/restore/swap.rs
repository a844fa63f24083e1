//! The last step of a restore: what is there goes aside, and what was prepared takes its place. It can be cut off anywhere and done
//! again: every file is moved once, and what says that there is something to do goes last.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::secret;
use crate::store;

/// Where a database is prepared, and what that becomes when all of it is there.
pub(super) const STAGING: &str = "restoring";
const READY: &str = "restored";
/// The file in it that names the directory for what is replaced.
const ASIDE: &str = "aside";
/// What SQLite keeps beside a database.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Whether a restore was cut off when all was prepared.
pub(crate) fn was_cut_off(data: &Path) -> bool {
    data.join(READY).is_dir()
}

/// Decides that what is prepared is to take the place of what is there: from here on there is no way back.
pub(super) fn commit(data: &Path, aside: Option<&Path>) -> io::Result<()> {
    let staging = data.join(STAGING);
    if let Some(aside) = aside {
        super::make_like(data, aside)?;
        let name = aside.file_name().unwrap_or_default().to_string_lossy();
        fs::write(staging.join(ASIDE), name.as_bytes())?;
        File::open(staging.join(ASIDE))?.sync_all()?;
    }
    File::open(&staging)?.sync_all()?;
    fs::rename(&staging, data.join(READY))?;
    File::open(data)?.sync_all()
}

/// Ends a restore.
pub(crate) fn end(data: &Path) -> io::Result<()> {
    let ready = data.join(READY);
    let aside: Option<PathBuf> = match fs::read_to_string(ready.join(ASIDE)) {
        Ok(name) => Some(data.join(name)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    // The log first: beside another database it would be taken for that one's.
    for suffix in BESIDE {
        put_aside(data, aside.as_deref(), &format!("{}{suffix}", store::FILE))?;
    }
    for name in [store::FILE].into_iter().chain(secret::FILES) {
        let prepared = ready.join(name);
        if prepared.exists() {
            if fs::read(data.join(name)).ok() != fs::read(&prepared).ok() || name == store::FILE {
                put_aside(data, aside.as_deref(), name)?;
            }
            fs::rename(&prepared, data.join(name))?;
        }
    }
    for directory in aside.iter().map(PathBuf::as_path).chain([data]) {
        File::open(directory)?.sync_all()?;
    }
    fs::remove_dir_all(&ready)?;
    File::open(data)?.sync_all()
}

/// Moves a file aside; one of that name which lies there already is the one that was replaced, and stays.
fn put_aside(data: &Path, aside: Option<&Path>, name: &str) -> io::Result<()> {
    let path = data.join(name);
    let Some(aside) = aside.map(|aside| aside.join(name)) else {
        return Ok(());
    };
    if !path.exists() || aside.exists() {
        return Ok(());
    }
    fs::rename(path, aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> Option<String> {
        fs::read_to_string(path).ok()
    }

    /// Every file is moved, or not yet: whichever it is, the end is the same.
    #[test]
    fn it_may_be_cut_off_anywhere() {
        for moved in 0..5 {
            let dir = tempfile::TempDir::new().unwrap();
            let data = dir.path();
            for (name, text) in [
                ("collector.db", "old"),
                ("collector.db-wal", "log"),
                ("receipt-key", "k1"),
            ] {
                fs::write(data.join(name), text).unwrap();
            }
            let staging = data.join(STAGING);
            fs::create_dir(&staging).unwrap();
            for (name, text) in [
                ("collector.db", "new"),
                ("receipt-key", "k2"),
                ("suppression-key", "s"),
            ] {
                fs::write(staging.join(name), text).unwrap();
            }
            let aside = data.join("replaced");
            assert!(!was_cut_off(data));
            commit(data, Some(&aside)).unwrap();
            assert!(was_cut_off(data));
            let ready = data.join(READY);
            let steps: [(PathBuf, PathBuf); 5] = [
                (data.join("collector.db-wal"), aside.join("collector.db-wal")),
                (data.join("collector.db"), aside.join("collector.db")),
                (ready.join("collector.db"), data.join("collector.db")),
                (data.join("receipt-key"), aside.join("receipt-key")),
                (ready.join("receipt-key"), data.join("receipt-key")),
            ];
            for (from, to) in &steps[..moved] {
                fs::rename(from, to).unwrap();
            }
            end(data).unwrap();
            let there = |name: &str| read(&data.join(name));
            assert_eq!(there("collector.db").as_deref(), Some("new"), "{moved}");
            assert_eq!(
                (there("collector.db-wal"), there("receipt-key").as_deref()),
                (None, Some("k2"))
            );
            assert_eq!(there("suppression-key").as_deref(), Some("s"));
            let kept =
                ["collector.db", "collector.db-wal", "receipt-key"].map(|name| read(&aside.join(name)));
            assert_eq!(
                kept,
                ["old", "log", "k1"].map(|text| Some(text.to_owned())),
                "{moved}"
            );
            assert!(!was_cut_off(data) && !staging.exists());
        }
    }
}
