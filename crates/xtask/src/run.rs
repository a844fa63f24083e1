//! Running other programs, and saying so.
#![expect(clippy::print_stdout, reason = "the commands' own output")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .components()
        .collect()
}

/// cargo itself.
pub(crate) const CARGO: &str = env!("CARGO");

/// Where cargo keeps what it fetches.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of this program that asks"
)]
pub(crate) fn cargo_home() -> PathBuf {
    let own = || std::env::home_dir().unwrap_or_default().join(".cargo");
    std::env::var_os("CARGO_HOME").map_or_else(own, PathBuf::from)
}

/// Where cargo puts what it builds.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of this program that asks"
)]
pub(crate) fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// What the environment says of the way to the network.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of this program that asks"
)]
pub(crate) fn proxies() -> Vec<(OsString, OsString)> {
    let is_proxy = |name: &OsString| name.to_string_lossy().to_ascii_lowercase().ends_with("_proxy");
    std::env::vars_os().filter(|(name, _)| is_proxy(name)).collect()
}

/// A headline.
pub(crate) fn say(text: &str) {
    println!("── {text}");
}

/// A cargo command with these words.
pub(crate) fn cargo(words: &[&str]) -> Command {
    let mut command = Command::new(CARGO);
    command.args(words);
    command
}

/// Builds programs of ours with a profile of the workspace, and what further words ask of cargo.
pub(crate) fn build_programs(profile: &str, programs: &[&str], words: &[&str]) -> anyhow::Result<()> {
    let mut command = cargo(&["build", "--profile", profile]);
    for program in programs {
        command.args(["--package", program]);
    }
    run(command.args(words))
}

/// Runs a command that must end well.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let line = line(command);
    say(&line);
    let status = command
        .status()
        .with_context(|| format!("{line}: can't be started"))?;
    if !status.success() {
        bail!("{line}: ended with {status}");
    }
    Ok(())
}

/// Runs a command that must end well, and returns what it printed.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let line = line(command);
    let output = command
        .output()
        .with_context(|| format!("{line}: can't be started"))?;
    if !output.status.success() {
        bail!(
            "{line}: ended with {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether a command can be run and ends well.
pub(crate) fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn line(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let words = command.get_args().map(|word| word.to_string_lossy());
    std::iter::once(program.to_string_lossy())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}
