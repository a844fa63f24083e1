//! Signal under `strace`: which sockets it made, and whom it called.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::required::{required, skipped};

/// By its path: the environment that signal is run in has none.
const STRACE: &str = "/usr/bin/strace";

/// strace; `None`, said loudly, where it is not there and can't be installed, or may not trace.
pub(crate) fn strace() -> Option<&'static Path> {
    if !required("strace", "strace") {
        return None;
    }
    let works = Command::new(STRACE)
        .args(["-qq", "-o", "/dev/null", "true"])
        .output();
    if works.as_ref().is_ok_and(|output| output.status.success()) {
        return Some(Path::new(STRACE));
    }
    skipped(&format!("strace may not trace here: {works:?}"));
    None
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
