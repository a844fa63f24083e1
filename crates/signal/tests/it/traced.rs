//! Signal under `strace`: which sockets it made, and whom it called.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// strace, installed where it may be; `None`, said on standard error, where it is not there and can't be.
pub(crate) fn strace() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        find().or_else(|| {
            if rustix::process::geteuid().is_root() {
                let install = ["install", "-y", "-qq", "--no-install-recommends", "strace"];
                let _ = Command::new("apt-get")
                    .args(install)
                    .env("DEBIAN_FRONTEND", "noninteractive")
                    .output();
            }
            find()
        })
    });
    let Some(path) = found else {
        eprintln!("SKIPPED: strace is not installed here and can't be, so nobody looks at sockets");
        return None;
    };
    let works = Command::new(path)
        .args(["-qq", "-o", "/dev/null", "true"])
        .output();
    if works.as_ref().is_ok_and(|output| output.status.success()) {
        return Some(path);
    }
    eprintln!("SKIPPED: strace may not trace here, so nobody looks at sockets: {works:?}");
    None
}

fn find() -> Option<PathBuf> {
    let output = Command::new("sh")
        .args(["-c", "command -v strace"])
        .output()
        .ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(path.trim())).filter(|path| path.is_absolute())
}

/// The same command under strace, which writes each socket and connection of all its threads to `log`.
pub(crate) fn traced(strace: &Path, command: &Command, log: &Path) -> Command {
    let mut traced = Command::new(strace);
    traced
        .args([
            "-f",
            "-qq",
            "-e",
            "signal=none",
            "-e",
            "trace=socket,connect,sendto,sendmsg",
            "-o",
        ])
        .arg(log)
        .arg("--")
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            traced.env(name, value);
        }
    }
    traced
}

/// What strace wrote: a line each.
pub(crate) fn calls(log: &Path) -> Vec<String> {
    let text = fs::read_to_string(log).unwrap_or_else(|error| panic!("strace wrote nothing: {error}"));
    text.lines().map(str::to_owned).collect()
}
