//! The sink's write key: in the configuration, in a file of its own, or in a credential that systemd hands over.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use super::{Cycle, Error};
use crate::config::Secret;

/// Most that is read of the key's file, in bytes.
const MAX_KEY_FILE: u64 = 4096;

/// The name of the systemd credential that holds it.
const CREDENTIAL: &str = "heliograph.write-key";

impl Cycle<'_> {
    /// The sink's write key.
    ///
    /// # Errors
    /// There is none, or its file can't be read.
    pub fn write_key(&self) -> Result<Secret, Error> {
        if let Some(key) = &self.config.write_key {
            return Ok(key.clone());
        }
        let named = self.config.write_key_file.clone();
        let path = named.or_else(|| self.environment.credential(CREDENTIAL));
        let path = path.ok_or(Error::NoWriteKey)?;
        read(&path).map_err(|problem| Error::WriteKey { path, problem })
    }
}

fn read(path: &Path) -> Result<Secret, String> {
    let mut text = String::new();
    let read = fs::File::open(path).and_then(|file| file.take(MAX_KEY_FILE).read_to_string(&mut text));
    read.map_err(|error| crate::cause::told(&error))?;
    let key = text.trim();
    if key.is_empty() || key.contains(char::is_whitespace) {
        return Err("must hold the key and nothing else".to_owned());
    }
    Ok(Secret::from(key.to_owned()))
}
