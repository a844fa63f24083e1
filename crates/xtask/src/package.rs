//! `cargo xtask package`: the Debian packages, and `--check`, which looks at them and lives through their lives on a real systemd.
//!
//! What is in them is said in each crate's `Cargo.toml` (`package.metadata.deb`) and in `packaging/`.

mod check;
mod life;
mod tool;

use std::path::{Path, PathBuf};
use std::process::Command;

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
    /// Take programs that are built already
    #[arg(long)]
    no_build: bool,
}

pub(crate) fn package(args: &Args) -> anyhow::Result<()> {
    let deb = tool::cargo_deb()?;
    let auditable = tool::cargo_auditable();
    let folder = std::path::absolute(target_folder().join("packages"))?;
    let _ = std::fs::remove_dir_all(&folder);
    let earlier = folder.join("earlier");
    std::fs::create_dir_all(&earlier)?;
    for (program, shipped, variants) in BUILT {
        let profile = args.profile.as_deref().unwrap_or(shipped);
        if !args.no_build {
            let words = ["build", "--locked", "--profile", profile, "--package", program];
            run(&mut match &auditable {
                // Its list of dependencies is in the program then: `cargo audit bin` reads it.
                Some(auditable) => with(auditable, &[&["auditable"], &words[..]].concat()),
                None => cargo(&words),
            })?;
        }
        for variant in *variants {
            run(deb_command(&deb, program, profile, *variant).arg(&folder))?;
            if args.check {
                let mut command = deb_command(&deb, program, profile, *variant);
                run(command.arg(&earlier).args(["--deb-version", EARLIER]))?;
            }
        }
    }
    for package in packages(&folder)? {
        say(&format!("{}", package.display()));
    }
    if args.check {
        check::check(&packages(&folder)?)?;
        life::live(&packages(&earlier)?, &packages(&folder)?)?;
    }
    Ok(())
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
