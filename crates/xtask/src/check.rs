//! `cargo xtask check`: what `test` does, and what takes longer or needs tools that not every machine has; with `--release` all that
//! must hold of what is shipped.

use std::path::Path;
use std::process::Command;

use anyhow::bail;

use crate::package::{self, package};
use crate::run::{build_programs, cargo, output, run, say, works};
use crate::{fresh, release, test, tool};

/// A step, by name; whether only a release needs it.
struct Step(&'static str, bool, fn() -> anyhow::Result<()>);

/// What is checked, cheap to dear.
const STEPS: &[Step] = &[
    Step("test", false, test::test),
    Step("long", false, long),
    Step("docs", false, docs),
    Step("dependencies", false, dependencies),
    Step("musl", false, musl),
    Step("builds", true, release::twice),
    Step("packages", true, packages),
    Step("fresh", true, fresh_machine),
];
/// Seconds that the advisories may take to come.
const PATIENCE: &str = "120";
const MUSL: &str = "x86_64-unknown-linux-musl";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Also build what is shipped twice and compare it, live through the packages' lives, and try a fresh machine: an hour or two, as root
    #[arg(long)]
    release: bool,
    /// Only this: `test`, `long`, `docs`, `dependencies`, `musl`, `builds`, `packages` or `fresh`; again for others
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
}

pub(crate) fn check(args: &Args) -> anyhow::Result<()> {
    let is_step = |only: &&String| STEPS.iter().any(|Step(name, ..)| name == only);
    if let Some(unknown) = args.only.iter().find(|only| !is_step(only)) {
        let names: Vec<_> = STEPS.iter().map(|Step(name, ..)| *name).collect();
        bail!("there is no step {unknown:?}; there are {}", names.join(", "));
    }
    for Step(name, is_releases, step) in STEPS {
        let is_due = if args.only.is_empty() {
            args.release || !is_releases
        } else {
            args.only.iter().any(|only| only == name)
        };
        if is_due {
            say(&format!("check: {name}"));
            step()?;
        }
    }
    Ok(())
}

/// Kills, power cuts and faults in their long forms.
fn long() -> anyhow::Result<()> {
    let words = ["nextest", "run", "--package", "heliograph-collector", "-E"];
    run(cargo(&words)
        .arg("test(/^(chaos|kill|power|fault)::/)")
        .env("HELIOGRAPH_LONG", "1"))
}

fn docs() -> anyhow::Result<()> {
    run(cargo(&["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "--deny warnings"))
}

/// What we depend on: allowed, from the registry, used, and without a known weakness.
fn dependencies() -> anyhow::Result<()> {
    run(&mut Command::new(tool::cargo_machete()?))?;
    let deny = tool::cargo_deny()?;
    run(Command::new(&deny).args(["check", "bans", "licenses", "sources"]))?;
    // The advisories are another repository's, which not every machine reaches.
    if works(
        Command::new("timeout")
            .arg(PATIENCE)
            .arg(&deny)
            .args(["fetch", "db"]),
    ) {
        run(Command::new(&deny).args(["check", "--disable-fetch", "advisories"]))?;
    } else {
        say(
            "skipped: ADVISORIES WERE NOT CHECKED, their database can't be fetched here; run `cargo deny check advisories` elsewhere before a release",
        );
    }
    Ok(())
}

fn musl() -> anyhow::Result<()> {
    let libdir = output(Command::new("rustc").args(["--print", "target-libdir", "--target", MUSL]));
    if !libdir.is_ok_and(|folder| Path::new(folder.trim()).exists()) {
        say(&format!("skipped: the target {MUSL} is not installed"));
        return Ok(());
    }
    build_programs("small", &["heliograph-signal"], &["--target", MUSL])
}

/// The packages that `builds` left.
fn packages() -> anyhow::Result<()> {
    package(&package::Args {
        check: true,
        profile: None,
        no_build: true,
    })
}

fn fresh_machine() -> anyhow::Result<()> {
    fresh::fresh(&fresh::Args::default())
}
