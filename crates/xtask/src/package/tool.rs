//! Tools that packages are made with: installed below `target/tools`, each in one version.

use std::path::{Path, PathBuf};

use crate::run::{cargo, run, say, target_folder};

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
