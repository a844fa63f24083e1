//! A disk that loses what was not synced, and fails when it is told to: `tests/shim/disk.c`, loaded into the collector.

use std::path::{Path, PathBuf};
use std::process::Command;

use heliograph_fleet::skip::skipped;
use tempfile::TempDir;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shim/disk.c");

/// What the disk does.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Disk {
    /// The step before which the power is cut.
    pub(crate) cut: Option<u64>,
    /// The file whose steps alone are counted until then.
    pub(crate) cut_of: Option<&'static str>,
    /// Whether the power is cut when the process has ended by itself.
    pub(crate) cut_at_end: bool,
    /// Decides what survives.
    pub(crate) seed: u64,
    /// Whether it lies about syncs.
    pub(crate) deaf: bool,
    /// The first step that fails, how many do, and with which error's number.
    pub(crate) fails: Option<(u64, u64, i32)>,
}

/// The shim, built.
pub(crate) struct Shim {
    library: PathBuf,
    /// The directory that the disk is in.
    pub(crate) root: TempDir,
    _built: TempDir,
}

impl Shim {
    /// `None`, said, where it can't be built.
    pub(crate) fn build() -> Option<Shim> {
        let built = TempDir::new().unwrap();
        let library = built.path().join("disk.so");
        let cc = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
            .arg(&library)
            .arg(SOURCE)
            .output();
        match cc {
            Ok(output) if output.status.success() => Some(Shim {
                library,
                root: TempDir::new().unwrap(),
                _built: built,
            }),
            Ok(output) if cfg!(target_os = "linux") => {
                panic!("{}", String::from_utf8_lossy(&output.stderr))
            }
            other => {
                skipped(&format!("a C compiler is missing: {other:?}"));
                None
            }
        }
    }

    /// A data directory on the disk.
    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.root.path().join(name).join("data")
    }

    /// The environment of a process that uses the disk below a directory.
    pub(crate) fn environment(&self, root: &Path, disk: Disk) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let mut environment = vec![
            ("LD_PRELOAD", text(&self.library)),
            ("DISK_ROOT", text(root)),
            ("DISK_SEED", disk.seed.to_string()),
            ("DISK_LOG", text(&self.steps_path())),
        ];
        if let Some(step) = disk.cut {
            environment.push(("DISK_CUT", step.to_string()));
        }
        if let Some(file) = disk.cut_of {
            environment.push(("DISK_FILE", file.to_owned()));
        }
        if disk.cut_at_end {
            environment.push(("DISK_CUT", "end".to_owned()));
        }
        if disk.deaf {
            environment.push(("DISK_DEAF", "1".to_owned()));
        }
        if let Some((first, count, error)) = disk.fails {
            environment.push(("DISK_FAIL", format!("{first}:{count}:{error}")));
        }
        environment
    }

    /// Where the steps are logged that were taken since the last call of [`Shim::steps`].
    fn steps_path(&self) -> PathBuf {
        self.library.with_extension("steps")
    }

    /// The steps that were taken since the last call.
    pub(crate) fn steps(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.steps_path()).unwrap_or_default();
        // It may not be there.
        let _ = std::fs::remove_file(self.steps_path());
        text.lines().map(str::to_owned).collect()
    }
}
