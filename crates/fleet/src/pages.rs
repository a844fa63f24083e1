//! Manual pages and completions of a program, as its command line's definition makes them: kept in `packaging/`, and held current by
//! a test of each program, so that what is shipped needs no code for it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking, and asks its environment"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_complete::Shell;

/// Set by `cargo xtask docs`: then the files are written, not compared.
pub const WRITE: &str = "HELIOGRAPH_WRITE_PAGES";

/// Fails unless `packaging/` has the pages and completions of this command line, and no others of its name.
pub fn are_current(command: Command) {
    let name = command.get_name().to_owned();
    let made = make(command);
    let packaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging");
    let kept = kept(&packaging, &name);
    if std::env::var_os(WRITE).is_some() {
        for path in kept.keys().filter(|path| !made.contains_key(*path)) {
            fs::remove_file(packaging.join(path)).unwrap();
        }
        for (path, bytes) in &made {
            fs::create_dir_all(packaging.join(path).parent().unwrap()).unwrap();
            fs::write(packaging.join(path), bytes).unwrap();
        }
        return;
    }
    let differing: Vec<_> = made
        .keys()
        .chain(kept.keys())
        .filter(|path| made.get(*path) != kept.get(*path))
        .collect();
    assert!(
        differing.is_empty(),
        "not what the command line says; run `cargo xtask docs`: {differing:?}"
    );
}

fn make(mut command: Command) -> BTreeMap<PathBuf, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let name = command.get_name().to_owned();
    let (man, completions) = (folder.path().join("man"), folder.path().join("completions"));
    for part in [&man, &completions] {
        fs::create_dir(part).unwrap();
    }
    clap_mangen::generate_to(command.clone(), &man).unwrap();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut command, &name, &completions).unwrap();
    }
    kept(folder.path(), &name)
}

/// The files of a program of this name.
fn kept(folder: &Path, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for part in ["man", "completions"] {
        let Ok(entries) = fs::read_dir(folder.join(part)) else {
            continue;
        };
        for entry in entries.flatten() {
            let file = entry.file_name().into_string().unwrap();
            if file.trim_start_matches('_').starts_with(name) {
                files.insert(Path::new(part).join(&file), fs::read(entry.path()).unwrap());
            }
        }
    }
    files
}
