//! Files of the data directory: readable for their owner only, who is the owner of the directory, whoever creates them; so that
//! `sudo … key add` does not lock the server out.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, metadata, set_permissions};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown,
};
use std::path::Path;

/// Makes the directory, if it is not there, and those above it. Each is on disk before anything is put into it: what a file
/// promises is worth nothing in a directory that a power cut takes away.
pub(crate) fn make_directory(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let make = || DirBuilder::new().mode(0o700).create(directory);
    let Some(above) = directory.parent() else {
        return make();
    };
    let above = if above.as_os_str().is_empty() {
        Path::new(".")
    } else {
        above
    };
    make_directory(above)?;
    match make() {
        // Whoever was first made it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && directory.is_dir() => {}
        made => made?,
    }
    match File::open(above) {
        Ok(above) => above.sync_all(),
        // A directory that may be written but not read can't be synced by us.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
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
