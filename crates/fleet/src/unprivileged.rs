//! A program that runs without rights, whoever runs the test: files may be such that it can't read or write them.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The account "nobody", on every system that we run on.
const NOBODY: u32 = 65534;

/// A copy of a program where everybody may run it, and a folder of the account that it runs as.
#[derive(Debug)]
pub struct Unprivileged {
    outer: TempDir,
    program: PathBuf,
    folder: PathBuf,
}

impl Unprivileged {
    /// Of this program.
    pub fn of(program: &Path) -> Unprivileged {
        let outer = TempDir::new().unwrap();
        fs::set_permissions(outer.path(), Permissions::from_mode(0o755)).unwrap();
        let copy = outer.path().join(program.file_name().unwrap());
        fs::copy(program, &copy).unwrap();
        fs::set_permissions(&copy, Permissions::from_mode(0o755)).unwrap();
        let folder = outer.path().join("own");
        fs::create_dir(&folder).unwrap();
        let account = Unprivileged {
            program: copy,
            folder,
            outer,
        };
        account.give(&account.folder);
        account
    }

    /// The program, to be run as that account.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().current_dir(&self.folder);
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    /// A path in a folder that belongs to the account.
    pub fn own(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A path beside it, where the account may write nothing.
    pub fn foreign(&self, name: &str) -> PathBuf {
        if !is_root() {
            fs::set_permissions(self.outer.path(), Permissions::from_mode(0o555)).unwrap();
        }
        self.outer.path().join(name)
    }

    /// Gives a file or a folder to the account.
    pub fn give(&self, path: &Path) {
        if is_root() {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    /// Writes a file that belongs to the account.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.own(name);
        fs::write(&path, text).unwrap();
        self.give(&path);
        path
    }
}

impl Drop for Unprivileged {
    fn drop(&mut self) {
        // So that it can be removed; it may be gone.
        let _ = fs::set_permissions(self.outer.path(), Permissions::from_mode(0o755));
    }
}

/// Sets what its owner and all others may do with a path.
pub fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
