//! A file that is there when all of it is: written aside, synced, and renamed.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Writes a file; where that fails, there is none.
pub(super) fn whole<T, E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&File) -> Result<T, E>,
) -> Result<T, E> {
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not the name of a file").into());
    };
    let mut aside = name.to_owned();
    aside.push(format!(".{}", std::process::id()));
    let aside = path.with_file_name(aside);
    let file = File::create_new(&aside)?;
    let written = write(&file).and_then(|written| {
        file.sync_all()?;
        fs::rename(&aside, path)?;
        Ok(written)
    });
    if written.is_err() {
        // There may be none.
        let _ = fs::remove_file(&aside);
    }
    written
}
