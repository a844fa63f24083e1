//! The SDKs that the collector's tests drive, and what the tracker is built with: installed below `target/sdk/`, as their lock files
//! have them.
//!
//! Where something can't be installed (no npm, no network), the tests that need it say that they are skipped.
#![expect(clippy::print_stdout, reason = "the commands' own output")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{output, root, say, target_folder};

/// Seconds that an installation may take.
const PATIENCE: &str = "300";
/// In the folder of what is installed: a copy of the lock file, written last. The tests compare it with the lock file.
const STAMP: &str = "installed";

/// Installs what is not there yet, and says what can't be installed.
pub(crate) fn install() {
    const SDKS: &str = "crates/collector/tests/sdk";
    for (name, parent, lock, command) in [
        ("node", SDKS, "package-lock.json", npm as fn(&Path, &Path) -> _),
        ("axe", SDKS, "package-lock.json", npm),
        ("python", SDKS, "requirements.txt", pip),
        ("duckdb", SDKS, "requirements.txt", pip),
        ("tracker", "web", "package-lock.json", npm),
    ] {
        if let Err(error) = install_set(name, parent, lock, command) {
            println!(
                "Not installed, so the tests that need them will say that they are skipped: SDKs for {name}: {error:#}"
            );
        }
    }
}

fn install_set(
    name: &str,
    parent: &str,
    lock: &str,
    command: fn(&Path, &Path) -> anyhow::Result<Command>,
) -> anyhow::Result<()> {
    let source = root().join(parent).join(name);
    let folder: PathBuf = target_folder().join("sdk").join(name);
    let locked = fs::read(source.join(lock))?;
    if fs::read(folder.join(STAMP)).is_ok_and(|installed| installed == locked) {
        return Ok(());
    }
    say(&format!("installing SDKs for {name}"));
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    output(command(&source, &folder)?.current_dir(&folder))?;
    Ok(fs::write(folder.join(STAMP), locked)?)
}

fn npm(source: &Path, folder: &Path) -> anyhow::Result<Command> {
    for name in ["package.json", "package-lock.json"] {
        fs::copy(source.join(name), folder.join(name))?;
    }
    let mut command = patiently("npm");
    command.args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--fetch-retries=1",
    ]);
    Ok(command)
}

fn pip(source: &Path, folder: &Path) -> anyhow::Result<Command> {
    let mut command = patiently("python3");
    command
        .args(["-m", "pip", "install", "--quiet", "--retries=1", "--no-deps"])
        .args(["--require-hashes", "--only-binary=:all:", "--target"])
        .arg(folder)
        .arg("--requirement")
        .arg(source.join("requirements.txt"));
    Ok(command)
}

/// A program that is ended when it takes too long.
fn patiently(program: &str) -> Command {
    let mut command = Command::new("timeout");
    command.args([PATIENCE, program]);
    command
}
