//! What this host's operator said with `opt-out` and `opt-in`, and when the notice was shown: the file `consent` in the state
//! directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::state::State;

/// The file's name.
pub const FILE: &str = "consent";

/// What the operator said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// `heliograph-signal opt-in`
    OptIn,
    /// `heliograph-signal opt-out`
    OptOut,
}

/// The file's content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Consent {
    /// What the operator said last, if anything.
    pub said: Option<Said>,
    /// When.
    pub since: Option<Timestamp>,
    /// When the notice was shown first.
    pub noticed: Option<Timestamp>,
}

/// The file can't be read, so nobody knows what it says: that is off.
#[derive(Debug, thiserror::Error)]
#[error("consent can't be read from {}, so nothing is collected or sent: {problem}; mend the file, or remove it", path.display())]
pub struct Unreadable {
    path: PathBuf,
    problem: String,
}

impl Consent {
    /// Reads the file; without one nothing was said.
    ///
    /// # Errors
    /// It is there and can't be read or understood.
    pub fn read(state_dir: &Path) -> Result<Consent, Unreadable> {
        let path = state_dir.join(FILE);
        let unreadable = |problem: String| Unreadable {
            path: path.clone(),
            problem,
        };
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Consent::default()),
            Err(error) => Err(unreadable(crate::cause::told(&error))),
        }
    }

    /// Changes the file under a lock, so that of two who change it at once neither's word is lost. A file that can't be read
    /// counts as empty: whoever changes it is saying it anew.
    ///
    /// # Errors
    /// It can't be locked or written.
    pub fn change(state: &State, change: impl FnOnce(&mut Consent)) -> io::Result<Consent> {
        let lock = state.lock_file("consent.lock")?;
        lock.lock()?;
        let mut consent = Consent::read(state.path()).unwrap_or_default();
        change(&mut consent);
        consent.write(state)?;
        Ok(consent)
    }

    /// Writes the file. The service's user must be able to read it: mode 0644.
    ///
    /// # Errors
    /// It can't be written.
    fn write(&self, state: &State) -> io::Result<()> {
        let text = serde_json::to_string(self).unwrap_or_default();
        state.replace(FILE, format!("{text}\n").as_bytes(), 0o644)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_kept_and_fails_closed() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Consent::read(folder.path()).unwrap(), Consent::default());
        let state = State::open(folder.path().to_owned()).unwrap();
        let said = Consent {
            said: Some(Said::OptOut),
            since: Some(Timestamp::UNIX_EPOCH),
            noticed: None,
        };
        said.write(&state).unwrap();
        assert_eq!(Consent::read(folder.path()).unwrap(), said);
        assert!(
            fs::read_to_string(folder.path().join(FILE))
                .unwrap()
                .starts_with("{\"said\":\"opt-out\",")
        );
        for text in ["", "{\"said\":\"perhaps\"}", "opt-in"] {
            fs::write(folder.path().join(FILE), text).unwrap();
            assert!(Consent::read(folder.path()).is_err(), "{text}");
        }
    }
}
