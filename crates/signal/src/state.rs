//! The state directory: what signal must remember between two cycles.
//!
//! Files in it belong to the directory's owner, also when an operator runs a command as root, so that the service can read
//! them afterwards.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use heliograph_wire::id::{ReporterId, hex};
use rustix::fs::{Gid, OFlags, Uid};

use crate::environment::Environment;

/// The state directory can't be used.
#[derive(Debug, thiserror::Error)]
#[error("state directory: {}: {doing}; make it writable, or name another with state_dir", path.display())]
pub struct StateError {
    path: PathBuf,
    doing: &'static str,
    source: io::Error,
}

/// The service's directory.
pub const SERVICE_PATH: &str = "/var/lib/heliograph/signal";
/// The file with the key for ids of the web UI's users.
pub(crate) const UI_KEY: &str = "ui-key";

/// What is written to see whether there is room: more than a report takes.
const TRIAL: usize = 64 << 10;

/// The directory.
#[derive(Debug, Clone)]
pub struct State {
    path: PathBuf,
}

impl State {
    /// Opens the directory, and makes it where it is missing (mode 0750).
    ///
    /// # Errors
    /// It can't be made.
    pub fn open(path: PathBuf) -> Result<State, StateError> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o750).create(&path);
        made.map_err(|source| StateError {
            path: path.clone(),
            doing: "can't be made",
            source,
        })?;
        Ok(State { path })
    }

    /// The directory as it is, for whoever only looks.
    pub(crate) fn look(path: &Path) -> State {
        State {
            path: path.to_owned(),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The reporter's id.
    ///
    /// # Errors
    /// As [`State::reporter_secret`].
    pub fn reporter(&self) -> Result<ReporterId, StateError> {
        self.reporter_secret()
            .map(|secret| ReporterId::of_secret(secret.as_bytes()))
    }

    /// The secret that the reporter's id is made of, kept in `reporter` (mode 0600) and made on first use. It leaves in one
    /// request only: the one that has the cluster forgotten.
    ///
    /// # Errors
    /// It can't be read, or can't be made and kept.
    pub fn reporter_secret(&self) -> Result<String, StateError> {
        self.secret("reporter")
    }

    /// The key that ids of the web UI's users are hashed with, kept in `ui-key` (mode 0600) and made on first use. It never leaves
    /// the cluster; masters that are to give a user the same hash have copies of the file.
    ///
    /// # Errors
    /// It can't be read, or can't be made and kept.
    pub fn ui_key(&self) -> Result<String, StateError> {
        self.secret(UI_KEY)
    }

    /// A random secret that is kept in a file.
    fn secret(&self, name: &str) -> Result<String, StateError> {
        let path = self.path.join(name);
        let error = |doing| {
            move |source| StateError {
                path: self.path.join(name),
                doing,
                source,
            }
        };
        if let Some(secret) = read_secret(&path).map_err(error("can't be read"))? {
            return Ok(secret);
        }
        let mut random = [0; 32];
        getrandom::fill(&mut random)
            .map_err(|failure| error("no random numbers")(io::Error::other(failure)))?;
        self.create_once(name, hex(&random).as_bytes(), 0o600)
            .map_err(error("can't be written"))?;
        // Another process may have been first: what stands there now counts.
        let secret = read_secret(&path).map_err(error("can't be read"))?;
        secret.ok_or_else(|| error("is gone")(io::Error::from(io::ErrorKind::NotFound)))
    }

    /// Writes a little in the directory, and in those below that are there, and takes it away again.
    ///
    /// # Errors
    /// It can't be written: for want of room or of rights.
    pub fn check_writable(&self) -> Result<(), StateError> {
        for name in ["", "spool", "ledger"] {
            let path = self.path.join(name);
            if name.is_empty() || path.exists() {
                let written = write_aside(&path.join("trial"), &[0; TRIAL], 0o600, None);
                written.map_err(|source| StateError {
                    path,
                    doing: "can't be written",
                    source,
                })?;
            }
        }
        Ok(())
    }

    /// Writes a file that is either not there or whole, and leaves one that is there.
    pub(crate) fn create_once(&self, name: &str, content: &[u8], mode: u32) -> io::Result<()> {
        create_once(&self.path.join(name), content, mode, Some(self.owner()?))
    }

    /// Writes a file in place of the one that is there, if any: a reader sees the old or the new one, whole.
    pub(crate) fn replace(&self, name: &str, content: &[u8], mode: u32) -> io::Result<()> {
        let path = self.path.join(name);
        let aside = write_aside(&path, content, mode, Some(self.owner()?))?;
        aside.persist(&path).map_err(|error| error.error)?;
        sync_folder_of(&path)
    }

    /// Makes a folder in the directory where it is missing.
    pub(crate) fn make_folder(&self, name: &str) -> io::Result<()> {
        let path = self.path.join(name);
        match fs::DirBuilder::new().mode(0o750).create(&path) {
            Ok(()) => give_to(&File::open(&path)?, Some(self.owner()?)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Opens a file that is only there to be locked.
    pub(crate) fn lock_file(&self, name: &str) -> io::Result<File> {
        self.open_own(name, File::options().read(true).write(true))
    }

    /// Opens a file to append to.
    pub(crate) fn append_to(&self, name: &str) -> io::Result<File> {
        self.open_own(name, File::options().read(true).append(true))
    }

    /// Opens a file of the directory, or makes it. The directory belongs to the service's account, so nothing in it is trusted
    /// by a command that root runs: links are not followed, and only what was made here is given away.
    fn open_own(&self, name: &str, options: &mut OpenOptions) -> io::Result<File> {
        let path = self.path.join(name);
        let options = options
            .mode(0o640)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return opened,
        }
        match options.create_new(true).open(&path) {
            Ok(file) => {
                give_to(&file, Some(self.owner()?))?;
                Ok(file)
            }
            // Another process was first.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                options.create_new(false).open(&path)
            }
            Err(error) => Err(error),
        }
    }

    fn owner(&self) -> io::Result<(u32, u32)> {
        fs::metadata(&self.path).map(|metadata| (metadata.uid(), metadata.gid()))
    }
}

/// The secret that a file holds; `None` where there is no file, or an empty one.
fn read_secret(path: &Path) -> io::Result<Option<String>> {
    let mut text = String::new();
    match File::open(path) {
        Ok(file) => file.take(1024).read_to_string(&mut text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let secret = text.trim();
    if secret.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the file is empty; remove it and a new one is made",
        ));
    }
    Ok(Some(secret.to_owned()))
}

/// Writes a file aside, syncs it, and puts it in place unless one is there: no reader ever sees a part of it, and of two
/// writers one wins.
///
/// # Errors
/// The file can't be written. That one is there already is no error.
pub(crate) fn create_once(
    path: &Path,
    content: &[u8],
    mode: u32,
    owner: Option<(u32, u32)>,
) -> io::Result<()> {
    match write_aside(path, content, mode, owner)?.persist_noclobber(path) {
        Ok(_) => sync_folder_of(path),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}

fn write_aside(
    path: &Path,
    content: &[u8],
    mode: u32,
    owner: Option<(u32, u32)>,
) -> io::Result<tempfile::NamedTempFile> {
    let mut aside = tempfile::NamedTempFile::new_in(folder_of(path))?;
    aside.write_all(content)?;
    aside
        .as_file()
        .set_permissions(fs::Permissions::from_mode(mode))?;
    give_to(aside.as_file(), owner)?;
    aside.as_file().sync_all()?;
    Ok(aside)
}

/// Gives a file that root made to its directory's owner.
fn give_to(file: &File, owner: Option<(u32, u32)>) -> io::Result<()> {
    if let Some((uid, gid)) = owner.filter(|(uid, _)| *uid != rustix::process::geteuid().as_raw()) {
        rustix::fs::fchown(file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// Where the directory is, when the configuration does not say: `$STATE_DIRECTORY` (systemd), `/var/lib/heliograph/signal` for
/// root, else `heliograph/signal` below `$XDG_STATE_HOME` or `~/.local/state`.
pub fn default_path(environment: &Environment) -> PathBuf {
    if let Some(given) = environment.get("STATE_DIRECTORY") {
        // systemd separates several by colons; ours names one.
        return PathBuf::from(given.split(':').next().unwrap_or(given));
    }
    if rustix::process::geteuid().is_root() {
        return PathBuf::from(SERVICE_PATH);
    }
    let home = || PathBuf::from(environment.get("HOME").unwrap_or("/")).join(".local/state");
    environment
        .get("XDG_STATE_HOME")
        .map_or_else(home, PathBuf::from)
        .join("heliograph/signal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reporter_stays_the_same_and_its_secret_stays_secret() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path().join("a/b")).unwrap();
        let first = state.reporter().unwrap();
        assert_eq!(state.reporter().unwrap(), first);
        let secret = folder.path().join("a/b/reporter");
        assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!fs::read_to_string(&secret).unwrap().contains(first.as_str()));
        let other = State::open(folder.path().join("c")).unwrap().reporter().unwrap();
        assert_ne!(other, first);
    }

    #[test]
    fn errors_say_where_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let error = State::open(folder.path().join("file/state")).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("can't be made; make it writable, or name another with state_dir"),
            "{error}"
        );
        fs::write(folder.path().join("reporter"), "\n").unwrap();
        let error = State::open(folder.path().to_owned())
            .unwrap()
            .reporter()
            .unwrap_err();
        assert!(
            std::error::Error::source(&error)
                .unwrap()
                .to_string()
                .contains("remove it")
        );
    }
}
