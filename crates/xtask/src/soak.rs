//! `cargo xtask soak`: two collectors, the first forwarding to the second, and a cluster that reports to it, under a mixed load for an
//! hour; the memory and the open files of every program are looked at every few seconds, and must not grow.
//!
//! The load is bounded: it is the time that is to show something, not the speed. Judged is the last third against the one
//! before it; the first is for filling caches.
#![expect(clippy::print_stdout, reason = "the command's own output")]
#![expect(clippy::disallowed_methods, reason = "a measurement asks for the time")]

mod load;
mod site;
mod watched;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;

use self::load::{Door, Load};
use self::site::Site;
use self::watched::Watched;
use crate::run::{build_programs, output, say, target_folder};
use crate::up::program;

/// How often memory and files are looked at, and how often they are printed.
const LOOK: Duration = Duration::from_secs(5);
const PRINT: usize = 60;
/// Memory of the collectors' ids: all of the hour's, so that the older half is not first filled in the last third.
const ID_WINDOW_MEMORY: &str = "256 MiB";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// How many times as long to rest between requests, on a machine that has other work
    #[arg(long, default_value_t = 1)]
    pace: u32,
    /// Take the programs as they were built, and do not build them
    #[arg(long)]
    built: bool,
}

pub(crate) fn soak(args: &Args) -> anyhow::Result<()> {
    if !args.built {
        build()?;
    }
    let revision = output(Command::new("git").args(["describe", "--always", "--dirty"]))?;
    let folder = tempfile::tempdir_in(target_folder())?;
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let file = |name: &str, text: &str| -> anyhow::Result<PathBuf> {
        let path = folder.path().join(name);
        fs::write(&path, text)?;
        Ok(path)
    };
    let (standby, behind) = Watched::listening("standby", &mut serve(&second))?;
    let mut command = serve(&first);
    command
        .env("HELIOGRAPH_COLLECTOR_FORWARD_URL", behind)
        .env("HELIOGRAPH_COLLECTOR_FORWARD_AS", "peer")
        .env(
            "HELIOGRAPH_COLLECTOR_FORWARD_WRITE_KEY_FILE",
            file("peer", &key(&second, "peer")?)?,
        )
        .env(
            "HELIOGRAPH_COLLECTOR_FORWARD_TOKEN_FILE",
            file("token", &token(&second)?)?,
        );
    let door = |url: String| -> anyhow::Result<Door> {
        Ok(Door {
            url,
            server: key(&first, "server")?,
            cluster: key(&first, "cluster")?,
            admin: token(&first)?,
        })
    };
    let (collector, url) = Watched::listening("collector", &mut command)?;
    let (site, programs) = Site::start(folder.path(), &url, &file("key", &key(&first, "cluster")?)?)?;
    let mut watched = vec![collector, standby];
    watched.extend(programs);

    say(&format!(
        "{} minutes of mixed load on {url}, revision {}, rests times {}",
        args.minutes,
        revision.trim(),
        args.pace
    ));
    let load = Load::new(door(url)?, &site, args.pace);
    let until = Instant::now() + Duration::from_secs(args.minutes * 60);
    thread::scope(|scope| {
        load.begin(scope);
        let looked = look(&mut watched, &load, until);
        load.stop();
        looked
    })?;
    judge(watched, &load)
}

fn build() -> anyhow::Result<()> {
    build_programs(
        "release",
        &[
            "heliograph-collector",
            "heliograph-diagnostics",
            "heliograph-relay",
            "heliograph-signal",
        ],
        &[],
    )
}

/// Looks at all programs until then.
fn look(watched: &mut [Watched], load: &Load<'_>, until: Instant) -> anyhow::Result<()> {
    for looks in 1.. {
        if Instant::now() >= until {
            break;
        }
        thread::sleep(LOOK);
        for program in &mut *watched {
            program.look()?;
        }
        if looks % PRINT == 0 {
            let now: Vec<String> = watched.iter().map(Watched::now).collect();
            let (requests, failures) = load.told();
            println!("{requests} requests, {failures} failures; {}", now.join("; "));
        }
    }
    Ok(())
}

fn judge(watched: Vec<Watched>, load: &Load<'_>) -> anyhow::Result<()> {
    let (requests, failures) = load.told();
    println!("{requests} requests, {failures} that were not answered as they should be\n");
    println!("| | memory, 2nd third | memory, last third | files, 2nd | files, last | CPU |");
    println!("|---|---|---|---|---|---|");
    let mut grown = false;
    for program in &watched {
        let (row, more) = program.judged()?;
        println!("{row}");
        grown |= more;
    }
    for program in watched {
        program.stop()?;
    }
    ensure!(
        failures == 0,
        "{failures} requests were not answered as they should be"
    );
    ensure!(!grown, "memory or open files grow");
    Ok(())
}

/// A collector on this data.
fn serve(data: &Path) -> Command {
    let mut command = Command::new(program("heliograph-collector"));
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .env("HELIOGRAPH_COLLECTOR_ID_WINDOW_MEMORY", ID_WINDOW_MEMORY);
    command
}

fn key(data: &Path, kind: &str) -> anyhow::Result<String> {
    made(data, &["key", "add", "--kind", kind])
}

fn token(data: &Path) -> anyhow::Result<String> {
    made(data, &["token", "add", "--scope", "admin"])
}

/// What a command of the collector prints alone.
fn made(data: &Path, words: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new(program("heliograph-collector"));
    let printed = output(command.args(words).arg("--data").arg(data))?;
    Ok(printed.trim_end().to_owned())
}
