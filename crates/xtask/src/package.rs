//! `cargo xtask package`: the Debian packages, and `--check`, which looks at them and lives through their lives on a real systemd.
//!
//! What is in them is said in each crate's `Cargo.toml` (`package.metadata.deb`) and in `packaging/`.

mod check;
mod life;
mod tool;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::run::{cargo, run, say, target_folder};

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
    check: bool,
    /// Build the programs with this profile, not with those that are shipped: faster, to try the packages
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// Take the packages that are there
    #[arg(long)]
    no_build: bool,
}

pub(crate) fn package(args: &Args) -> anyhow::Result<()> {
    let folder = std::path::absolute(target_folder().join("packages"))?;
    if !args.no_build {
        build(&folder, args.profile.as_deref())?;
    }
    let built = packages(&folder)?;
    for package in &built {
        say(&format!("{}", package.display()));
    }
    if args.check {
        check::check(&built)?;
        life::live(&earlier(&built)?, &built)?;
    }
    Ok(())
}

fn build(folder: &Path, profile: Option<&str>) -> anyhow::Result<()> {
    let deb = tool::cargo_deb()?;
    let auditable = tool::cargo_auditable();
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder)?;
    for (program, shipped, variants) in BUILT {
        let profile = profile.unwrap_or(shipped);
        let words = ["build", "--locked", "--profile", profile, "--package", program];
        run(&mut match &auditable {
            // Its list of dependencies is in the program then: `cargo audit bin` reads it.
            Some(auditable) => with(auditable, &[&["auditable"], &words[..]].concat()),
            None => cargo(&words),
        })?;
        for variant in *variants {
            run(deb_command(&deb, program, profile, *variant).arg(folder))?;
        }
    }
    Ok(())
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

/// cargo-deb for what is built, up to the folder that it writes to.
fn deb_command(deb: &Path, program: &str, profile: &str, variant: Option<&str>) -> Command {
    let words = ["deb", "--no-build", "--locked", "--quiet", "--package", program];
    let mut command = with(deb, &words);
    command.args(["--profile", profile]);
    if let Some(variant) = variant {
        command.args(["--variant", variant]);
    }
    command.arg("--output");
    command
}

/// A cargo subcommand's own program.
fn with(program: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(words);
    command
}

/// The packages in a folder, in the order of their names.
fn packages(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut packages: Vec<PathBuf> = std::fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .collect();
    packages.sort();
    Ok(packages)
}
