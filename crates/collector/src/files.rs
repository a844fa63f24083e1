//! Files of the data directory: readable for their owner only, who is the owner of the directory, whoever creates them; so that
//! `sudo … key add` does not lock the server out.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, metadata, set_permissions};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown,
};
use std::path::Path;

/// Makes the directory, if it is not there, and those above it.
pub(crate) fn make_directory(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Makes a directory that nobody but its owner may enter, whoever may enter the one above it.
pub(crate) fn make_private(directory: &Path) -> io::Result<()> {
    make_directory(directory)?;
    set_permissions(directory, Permissions::from_mode(0o700))
}

/// Opens a file of the directory for writing; makes it, if it is not there.
pub(crate) fn open(directory: &Path, name: &str) -> io::Result<File> {
    let path = directory.join(name);
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path);
    match created {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            OpenOptions::new().write(true).open(&path)
        }
        Ok(file) if rustix::process::geteuid().is_root() => {
            let owner = metadata(directory)?;
            fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
            Ok(file)
        }
        other => other,
    }
}
