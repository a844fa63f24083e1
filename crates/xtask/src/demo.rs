//! `cargo xtask demo`: a fleet with weeks behind it, and the collector, signal and cluster of `cargo xtask up` on top of that.
//!
//! What happened to the fleet is made up, up to this hour: a version spreads, in which one component fails more often and another
//! less; clusters of CI come and go; customers fall silent; people use the clusters' interfaces, one page of which fails in the new
//! version. Nobody is told where to look: the overview says all of that.
#![expect(clippy::disallowed_methods, reason = "history ends now")]

mod history;
mod look;
mod visitors;

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::Parser;

use crate::run::{build_programs, output, say, target_folder};
use crate::up;

/// Who may look.
const USER: &str = "demo";
/// Bytes of the password, before they are written as text.
const PASSWORD: usize = 12;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the collector listens; another port is taken where this one is in use
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    /// Installations of the fleet, beside those of CI
    #[arg(long, default_value_t = 500)]
    installations: u32,
    /// Days of its history, of which today is the last
    #[arg(long, default_value_t = 45)]
    days: u32,
    /// Where the collector and signal keep what they must; what is there is removed [default: demo/ in cargo's target folder]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Look whether the dashboard tells the story, and end after the first report
    #[arg(long)]
    once: bool,
}

/// The words of `up`.
#[derive(Parser)]
struct Up {
    #[command(flatten)]
    args: up::Args,
}

pub(crate) fn demo(args: &Args) -> anyhow::Result<()> {
    build_programs("release", &["heliograph-collector"], &[])?;
    let begun = Instant::now();
    let data = args.data.clone().unwrap_or_else(|| target_folder().join("demo"));
    let store = data.join("collector");
    clear(&data)?;
    fs::create_dir_all(&store)?;
    let password = password()?;
    add_user(&store, &password)?;
    history::make(&store, args.installations, args.days)?;
    if args.once {
        look::look(&store, USER, &password)?;
        say("the dashboard tells the story");
    }
    say(&format!(
        "{} installations over {} days were there after {:.0} s",
        args.installations,
        args.days,
        begun.elapsed().as_secs_f64()
    ));
    let folder = data.display().to_string();
    let mut words = vec!["up", "--listen", &args.listen, "--data", &folder];
    if args.once {
        words.push("--once");
    }
    let mut up = Up::try_parse_from(words)?;
    up.args.also = format!("log in as             {USER}\npassword              {password}\n");
    up::up(&up.args)
}

/// Removes what an earlier demonstration left, and nothing else.
fn clear(data: &Path) -> anyhow::Result<()> {
    if !data.exists() || fs::read_dir(data)?.next().is_none() {
        return Ok(());
    }
    if !data.join("collector").is_dir() {
        bail!(
            "{} holds something else than a demonstration: name another folder",
            data.display()
        );
    }
    fs::remove_dir_all(data).with_context(|| data.display().to_string())
}

/// A password that nobody knows before it is printed.
fn password() -> anyhow::Result<String> {
    let mut bytes = [0; PASSWORD];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn add_user(store: &Path, password: &str) -> anyhow::Result<()> {
    let mut child = collector()
        .args(["admin", "add", USER, "--role", "admin", "--data"])
        .arg(store)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("heliograph-collector")?;
    if let Some(mut typed) = child.stdin.take() {
        writeln!(typed, "{password}")?;
    }
    if !child.wait()?.success() {
        bail!("the user can't be added");
    }
    Ok(())
}

fn collector() -> Command {
    Command::new(target_folder().join("release/heliograph-collector"))
}

/// A key of the kind that clusters send with.
fn key(store: &Path) -> anyhow::Result<String> {
    let mut add = collector();
    add.args(["key", "add", "--kind", "cluster", "--name", "history", "--data"]);
    Ok(output(add.arg(store))?.trim().to_owned())
}
