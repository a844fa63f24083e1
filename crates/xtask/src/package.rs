//! `cargo xtask package`: the Debian packages, and `--check`, which looks at them and lives through their lives on a real systemd.
//!
//! What is in them is said in each crate's `Cargo.toml` (`package.metadata.deb`) and in `packaging/`. Beside them lies a bill of materials of
//! each program.
#![expect(clippy::print_stdout, reason = "the commands' own output")]

mod bill;
mod check;
mod life;
mod workshop;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use self::bill::Crates;
pub(crate) use self::workshop::Workshop;
use crate::run::{CARGO, run, say, target_folder};
use crate::tool;

/// What is built how: the crate, its profile, and its packages by cargo-deb's variants.
const BUILT: &[(&str, &str, &[Option<&str>])] = &[
    ("heliograph-signal", "small", &[None, Some("dcos-signal")]),
    ("heliograph-relay", "small", &[None]),
    ("heliograph-diagnostics", "dist", &[None]),
    ("heliograph-collector", "dist", &[None]),
];
/// The version that `--check` installs first.
const EARLIER: &str = "0.0.1-1";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Look at the packages, and install, use, upgrade, remove and purge them on a systemd of their own
    #[arg(long)]
    pub(crate) check: bool,
    /// Build the programs with this profile, not with those that are shipped: faster, to try the packages
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// Take the packages that are there
    #[arg(long)]
    pub(crate) no_build: bool,
}

pub(crate) fn package(args: &Args) -> anyhow::Result<()> {
    let folder = std::path::absolute(target_folder().join("packages"))?;
    if !args.no_build {
        build(&Workshop::here()?, &folder, args.profile.as_deref())?;
    }
    let files = files(&folder)?;
    for file in &files {
        println!("{} bytes  {}", std::fs::metadata(file)?.len(), file.display());
    }
    let is_package = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "deb");
    let built: Vec<_> = files.into_iter().filter(is_package).collect();
    if args.check {
        check::check(&built)?;
        life::live(&earlier(&built)?, &built)?;
    }
    Ok(())
}

/// Builds programs, packages and bills of materials, with the profiles that are shipped or with another; the folder is made anew.
/// Returns where the programs are.
pub(crate) fn build(
    workshop: &Workshop,
    folder: &Path,
    profile: Option<&str>,
) -> anyhow::Result<Vec<PathBuf>> {
    let deb = tool::cargo_deb()?;
    let auditable = tool::auditable();
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder)?;
    let crates = Crates::of(workshop)?;
    let mut programs = Vec::new();
    for (name, shipped, variants) in BUILT {
        let profile = profile.unwrap_or(shipped);
        let words = ["build", "--locked", "--profile", profile, "--package", name];
        run(&mut match &auditable {
            // Its list of dependencies is in the program then: `cargo audit bin` reads it.
            Some((auditable, _)) => workshop.command(auditable, &[&["auditable"], &words[..]].concat()),
            None => workshop.command(CARGO, &words),
        })?;
        let program = workshop.program(profile, name);
        let size = std::fs::metadata(&program).with_context(|| program.display().to_string())?;
        say(&format!("{name} (profile {profile}): {} bytes", size.len()));
        if let Some((_, reader)) = &auditable {
            let bill = bill::bill(reader, &program, &crates)?;
            std::fs::write(folder.join(format!("{name}.cdx.json")), bill)?;
        }
        programs.push(program);
        for variant in *variants {
            let words = ["deb", "--no-build", "--locked", "--quiet", "--package", name];
            let mut command = workshop.command(&deb, &words);
            command.args(["--profile", profile]);
            if profile != "dev" {
                // The compiler has: what is in the package is the program that the bill is of.
                command.arg("--no-strip");
            }
            if let Some(variant) = variant {
                command.args(["--variant", variant]);
            }
            run(command.arg("--output").arg(folder))?;
        }
    }
    Ok(programs)
}

/// The same packages under an earlier version, in a folder beside them: what an upgrade begins with.
fn earlier(packages: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let unpacked = tempfile::tempdir()?;
    let mut made = Vec::new();
    for package in packages {
        let (Some(name), Some(folder)) = (package.file_stem(), package.parent()) else {
            continue;
        };
        let tree = unpacked.path().join(name);
        run(Command::new("dpkg-deb")
            .arg("--raw-extract")
            .args([package, &tree]))?;
        let control = tree.join("DEBIAN/control");
        let text = std::fs::read_to_string(&control)?;
        let lines = text.lines().map(|line| match line.strip_prefix("Version: ") {
            Some(_) => format!("Version: {EARLIER}\n"),
            None => format!("{line}\n"),
        });
        std::fs::write(&control, lines.collect::<String>())?;
        let earlier = folder.join("earlier");
        std::fs::create_dir_all(&earlier)?;
        let target = earlier.join(package.file_name().unwrap_or_default());
        let words = ["-Znone", "--root-owner-group", "--build"];
        run(Command::new("dpkg-deb")
            .args(words)
            .args([&tree, &target])
            .stdout(Stdio::null()))?;
        made.push(target);
    }
    Ok(made)
}

/// The files in a folder, in the order of their names.
pub(crate) fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<PathBuf> = paths.filter(|path| path.is_file()).collect();
    files.sort();
    Ok(files)
}
