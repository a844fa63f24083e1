//! Secrets of the data directory: 32 random bytes each, in hexadecimal, in a file of its own.
//!
//! Promise: a secret that was made is on disk before it is used, readable for its owner only, and is never made again while its
//! file is there, whatever is in it.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use heliograph_wire::id::{hex, unhex};

use crate::entropy::{Entropy, NoEntropy};
use crate::files;
use crate::ingest::subject::{self, SubjectKey};
use crate::receipt_key::{self, ReceiptKey};

/// Names of their files.
pub(crate) const FILES: [&str; 2] = [receipt_key::FILE, subject::FILE];
/// Bytes of a secret.
pub(crate) const LENGTH: usize = 32;

/// The secrets of a data directory, as what they are used for.
#[derive(Clone)]
pub struct Secrets {
    /// What receipts are signed with.
    pub receipt_key: Arc<ReceiptKey>,
    /// What those who are forgotten are hashed with.
    pub subjects: Arc<SubjectKey>,
}

impl Secrets {
    /// Loads them; makes those that are not there.
    ///
    /// # Errors
    /// When that fails.
    pub fn load_or_make(directory: &Path, entropy: &dyn Entropy) -> Result<Secrets, SecretError> {
        Ok(Secrets {
            receipt_key: Arc::new(ReceiptKey::load_or_make(directory, entropy)?),
            subjects: Arc::new(SubjectKey::load_or_make(directory, entropy)?),
        })
    }
}

/// A secret can't be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Its file can't be read.
    #[error("can't read {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// Its file can't be made.
    #[error("can't make {}", .0.display())]
    Make(PathBuf, #[source] io::Error),
    /// It is damaged. Another one is not made in its place: what it was used for would be lost without a word.
    #[error("{} is damaged: it does not hold {LENGTH} bytes in hexadecimal; restore it from a backup", .0.display())]
    Damaged(PathBuf),
    /// It is no key.
    #[error("{} does not hold a key; restore it from a backup", .0.display())]
    NotAKey(PathBuf),
    /// It is not the one that those who are forgotten were hashed with.
    #[error(
        "suppression-key in the data directory is not the key that belongs to the database; restore it from a backup"
    )]
    Another,
    /// There is nothing to make it of.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

/// The secret in a file of the directory; made where there is none.
pub(crate) fn load_or_make(
    directory: &Path,
    name: &str,
    entropy: &dyn Entropy,
) -> Result<[u8; LENGTH], SecretError> {
    if let Some(secret) = load(directory, name)? {
        return Ok(secret);
    }
    let mut secret = [0; LENGTH];
    entropy.fill(&mut secret)?;
    make(directory, name, &secret).map_err(|error| SecretError::Make(directory.join(name), error))?;
    // Whoever was first made it.
    load(directory, name)?.ok_or_else(|| SecretError::Damaged(directory.join(name)))
}

pub(crate) fn load(directory: &Path, name: &str) -> Result<Option<[u8; LENGTH]>, SecretError> {
    let path = directory.join(name);
    match fs::read(&path) {
        Ok(bytes) => {
            let secret = unhex(bytes.trim_ascii_end()).and_then(|secret| secret.try_into().ok());
            secret.map(Some).ok_or(SecretError::Damaged(path))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SecretError::Read(path, error)),
    }
}

/// Written aside, synced, and linked under its name, which fails where that is taken.
fn make(directory: &Path, name: &str, secret: &[u8]) -> io::Result<()> {
    files::make_directory(directory)?;
    let aside = format!("{name}.{}", std::process::id());
    let mut file = files::open(directory, &aside)?;
    let written = file
        .set_len(0)
        .and_then(|()| writeln!(file, "{}", hex(secret)))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(directory.join(&aside), directory.join(name)));
    fs::remove_file(directory.join(&aside))?;
    match written {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => fs::File::open(directory)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_secret_is_made_once_for_its_owner_alone() {
        let dir = tempfile::TempDir::new().unwrap();
        let secret = load_or_make(dir.path(), "s", &SystemEntropy).unwrap();
        assert_eq!(load_or_make(dir.path(), "s", &SystemEntropy).unwrap(), secret);
        let path = dir.path().join("s");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        // Who comes second takes the first one's.
        make(dir.path(), "s", &[7; LENGTH]).unwrap();
        assert_eq!(load_or_make(dir.path(), "s", &SystemEntropy).unwrap(), secret);

        for damage in ["", "ab", &"g".repeat(64), &"ab".repeat(33)] {
            fs::write(&path, damage).unwrap();
            let error = load_or_make(dir.path(), "s", &SystemEntropy).unwrap_err();
            assert!(matches!(error, SecretError::Damaged(_)), "{damage}");
            assert_eq!(fs::read(&path).unwrap(), damage.as_bytes());
        }
    }
}
