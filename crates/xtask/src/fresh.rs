//! `cargo xtask fresh`: the README's commands on a Debian that has Rust, a C compiler, and nothing else.
//!
//! The system is made by debootstrap and kept; each run gets a copy of it, with the last commit and no more of this machine than its
//! Rust (read-only), its name servers and its certificates. It has processes and mounts of its own, and the network of this machine:
//! it fetches what it needs.
#![expect(clippy::print_stdout, reason = "the commands' own output")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use crate::checkout::{self, Commit};
use crate::run::{output, proxies, run, say, target_folder, works};
use crate::stopwatch::{Stopwatch, minutes};

const SUITE: &str = "bookworm";
const MIRROR: &str = "http://deb.debian.org/debian";
/// What a fresh machine has beside its base.
const INCLUDED: &str = "--include=ca-certificates,gcc,libc6-dev";
/// The README's commands, the quick one first.
const COMMANDS: &[&[&str]] = &[&["up", "--once"], &["test"]];
/// Where the checkout lies there.
const CHECKOUT: &str = "root/heliograph";
/// What this machine lends.
const LENT: &[&str] = &[
    "etc/resolv.conf",
    "etc/hosts",
    "etc/ssl/certs/ca-certificates.crt",
];
/// Makes a folder the root of a machine of its own, and starts a command there.
const ENTER: &str = r#"set -eu
root=$1; rust=$2; folder=$3; shift 3
mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root"
mkdir -p proc sys dev opt/rust outside
mount --bind "$rust" opt/rust
mount -o remount,bind,ro opt/rust
mount --rbind /sys sys
mount -t tmpfs -o mode=755 dev dev
for device in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0"; do
    set -- $device "$@"
    mknod "dev/$1" c "$2" "$3"; chmod 666 "dev/$1"
    shift 3
done
mkdir dev/shm dev/pts
mount -t tmpfs -o mode=1777 shm dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
mount -t proc proc proc
pivot_root . outside
umount -l /outside
cd "/$folder"
exec "$@"
"#;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The release of Debian
    #[arg(long, default_value = SUITE)]
    suite: String,
    /// Where its packages are
    #[arg(long, default_value = MIRROR)]
    mirror: String,
    /// What to try of `cargo xtask …` there [default: `up --once`, then `test`]
    #[arg(last = true)]
    words: Vec<String>,
}

impl Default for Args {
    fn default() -> Args {
        Args {
            suite: SUITE.to_owned(),
            mirror: MIRROR.to_owned(),
            words: Vec::new(),
        }
    }
}

pub(crate) fn fresh(args: &Args) -> anyhow::Result<()> {
    let is_root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    ensure!(is_root, "a machine of its own is made by root: run this as root");
    let folder = std::path::absolute(target_folder().join("fresh"))?;
    let base = base(args, &folder)?;
    let machine = folder.join("machine");
    if machine.exists() {
        fs::remove_dir_all(&machine).with_context(|| machine.display().to_string())?;
    }
    run(Command::new("cp")
        .args(["--archive", "--reflink=auto"])
        .args([&base, &machine]))?;
    for file in LENT {
        let from = Path::new("/").join(file);
        if from.exists() {
            fs::copy(&from, machine.join(file)).with_context(|| from.display().to_string())?;
        }
    }
    checkout::warn_of_changes()?;
    Commit::last()?.lay(&machine.join(CHECKOUT))?;
    let rust = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    if args.words.is_empty() {
        COMMANDS
            .iter()
            .try_for_each(|words| try_there(&machine, rust.trim(), words))?;
    } else {
        let words: Vec<_> = args.words.iter().map(String::as_str).collect();
        try_there(&machine, rust.trim(), &words)?;
    }
    Ok(fs::remove_dir_all(&machine)?)
}

/// A system that nothing was done to: made once.
fn base(args: &Args, folder: &Path) -> anyhow::Result<PathBuf> {
    let base = folder.join(&args.suite);
    if base.exists() {
        return Ok(base);
    }
    if !works(Command::new("debootstrap").arg("--version")) {
        bail!("debootstrap is not installed: `apt-get install debootstrap`");
    }
    let made = folder.join("unfinished");
    if made.exists() {
        fs::remove_dir_all(&made)?;
    }
    fs::create_dir_all(&made)?;
    run(Command::new("debootstrap")
        .args(["--variant=minbase", INCLUDED, &args.suite])
        .arg(&made)
        .arg(&args.mirror))?;
    fs::rename(&made, &base)?;
    Ok(base)
}

fn try_there(machine: &Path, rust: &str, words: &[&str]) -> anyhow::Result<()> {
    let line = format!("cargo xtask {}", words.join(" "));
    say(&format!("on the fresh machine: {line}"));
    let mut command = Command::new("unshare");
    command.args([
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "sh",
        "-c",
        ENTER,
        "enter",
    ]);
    command.arg(machine).args([rust, CHECKOUT]);
    command.args(["/opt/rust/bin/cargo", "xtask"]).args(words);
    // Nothing of this machine's settings but the way to the network.
    command.env_clear().envs(proxies());
    command.envs([
        (
            "PATH",
            "/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ),
        ("HOME", "/root"),
        ("LANG", "C.UTF-8"),
    ]);
    let begun = Stopwatch::start();
    let status = command.status().context("unshare")?;
    let took = begun.elapsed();
    ensure!(
        status.success(),
        "on the fresh machine `{line}` ended with {status}, after {}; it lies in {}",
        minutes(took),
        machine.display()
    );
    println!(
        "on the fresh machine `{line}` ended well, after {}",
        minutes(took)
    );
    Ok(())
}
