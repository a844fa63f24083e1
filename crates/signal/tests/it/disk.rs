//! A small file system of its own, to be filled and made read-only.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::required::skipped;

/// A small file system, unmounted when it is dropped.
pub(crate) struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    /// Mounts one in place of a directory, which is made. `None`, said loudly, where the test may not.
    pub(crate) fn at(path: &Path, kib: usize) -> Option<SmallDisk> {
        fs::create_dir_all(path).unwrap();
        let options = format!("size={kib}k,mode=750");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(path)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(SmallDisk {
                path: path.to_owned(),
            }),
            other => {
                skipped(&format!(
                    "no small file system can be mounted here (are we root?): {other:?}"
                ));
                None
            }
        }
    }

    /// Fills it to the last byte.
    pub(crate) fn fill(&self) {
        let mut filler = File::create(self.path.join(".filler")).unwrap();
        while filler.write_all(&[0; 1024]).is_ok() {}
    }

    /// Makes room again.
    pub(crate) fn make_room(&self) {
        fs::remove_file(self.path.join(".filler")).unwrap();
    }

    /// Mounts it anew: `ro` or `rw`.
    #[track_caller]
    pub(crate) fn remount(&self, how: &str) {
        let done = Command::new("mount")
            .args(["-o", &format!("remount,{how}")])
            .arg(&self.path)
            .status()
            .unwrap();
        assert!(done.success(), "remount {how}");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}
