//! Where packages are made: a source tree, a folder to build in, and the moment that what is made is said to be from.
//!
//! The same sources make the same bytes in any folder, at any time: the compilers write other paths in place of this machine's,
//! archives have the last commit's time, and nothing asks for the date. `cargo xtask check --release` holds that.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{cargo_home, root, target_folder};
use crate::{checkout, run};

/// What stands in programs where paths of this machine would.
const CARGO_HOME: &str = "/usr/src/cargo";
const SOURCE: &str = "/usr/src/heliograph";
const TARGET: &str = "/usr/src/heliograph/target";

pub(crate) struct Workshop {
    source: PathBuf,
    target: PathBuf,
    /// Seconds since 1970.
    epoch: u64,
    /// What the machine's clock goes by, for whoever asks.
    zone: Option<String>,
}

impl Workshop {
    /// One in this checkout. What it builds lies beside what others build here: the compilers are told other things.
    pub(crate) fn here() -> anyhow::Result<Workshop> {
        Workshop::of(&root(), &target_folder().join("shipped"), checkout::epoch()?)
    }

    /// One for a checkout elsewhere, of this moment in seconds since 1970.
    pub(crate) fn of(source: &Path, target: &Path, epoch: u64) -> anyhow::Result<Workshop> {
        Ok(Workshop {
            source: std::path::absolute(source)?,
            target: std::path::absolute(target)?,
            epoch,
            zone: None,
        })
    }

    /// The same, under another time zone.
    pub(crate) fn in_zone(self, zone: &str) -> Workshop {
        Workshop {
            zone: Some(zone.to_owned()),
            ..self
        }
    }

    /// A program with a profile, where it is built.
    pub(crate) fn program(&self, profile: &str, name: &str) -> PathBuf {
        // The profile for development has a folder of another name.
        let folder = if profile == "dev" { "debug" } else { profile };
        self.target.join(folder).join(name)
    }

    /// Paths of this machine that what is built may not tell.
    pub(crate) fn paths(&self) -> [PathBuf; 3] {
        [cargo_home(), self.source.clone(), self.target.clone()]
    }

    /// cargo, or a subcommand's own program, with these words.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(words)
            .current_dir(&self.source)
            .env("CARGO", run::CARGO)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_ENCODED_RUSTFLAGS", self.rust_flags())
            .env("CFLAGS", self.c_flags())
            .env("CC_SHELL_ESCAPED_FLAGS", "1")
            .env("SOURCE_DATE_EPOCH", self.epoch.to_string())
            .envs(self.zone.iter().map(|zone| ("TZ", zone)));
        command
    }

    /// The last that matches counts, so folders inside others come behind them.
    fn replaced(&self) -> [(String, &'static str); 3] {
        let [cargo, source, target] = self.paths().map(|path| path.display().to_string());
        [(cargo, CARGO_HOME), (source, SOURCE), (target, TARGET)]
    }

    fn rust_flags(&self) -> String {
        let flags = self
            .replaced()
            .map(|(from, to)| format!("--remap-path-prefix={from}={to}"));
        flags.join("\u{1f}")
    }

    fn c_flags(&self) -> String {
        let flags = self
            .replaced()
            .map(|(from, to)| format!("'-ffile-prefix-map={from}={to}'"));
        flags.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compilers_are_told_to_write_other_paths() {
        let workshop = Workshop {
            source: "/home/me/my project".into(),
            target: "/home/me/my project/target".into(),
            epoch: 1,
            zone: None,
        };
        let flags = workshop.rust_flags();
        let flags: Vec<_> = flags.split('\u{1f}').collect();
        assert_eq!(
            flags[1],
            "--remap-path-prefix=/home/me/my project=/usr/src/heliograph"
        );
        assert_eq!(
            flags[2],
            "--remap-path-prefix=/home/me/my project/target=/usr/src/heliograph/target"
        );
        assert!(
            workshop
                .c_flags()
                .contains("'-ffile-prefix-map=/home/me/my project=/usr/src/heliograph'")
        );
        assert_eq!(
            workshop.program("dev", "x"),
            Path::new("/home/me/my project/target/debug/x")
        );
    }
}
