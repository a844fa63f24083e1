//! How long the collector takes for each page of the dashboard, of a generated fleet; over HTTP on this machine, one request after another.
#![expect(clippy::print_stdout, reason = "the command's own output")]
#![expect(clippy::disallowed_methods, reason = "a measurement asks for the time")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use heliograph_fleet::generate::FleetTruth;
use serde::{Deserialize, Serialize};
use ureq::Agent;

use super::ingest::machine;
use super::ingest::server::Server;
use super::questions::{self, command};
use crate::run::{build_programs, output, target_folder};

/// Times that a page is asked for; and before that, unmeasured.
const TIMES: usize = 100;
const QUICK_TIMES: usize = 20;
const BEFORE: usize = 2;
/// What half of the answers are to take less than, in milliseconds.
const BOUND: f64 = 100.0;
/// Beside the database.
const TRUTH: &str = "truth.json";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// 300 installations over 12 days, and fewer looks at each page: whether all of it works
    #[arg(long)]
    quick: bool,
    /// Installations, beside those of CI
    #[arg(long, default_value_t = 10_000, conflicts_with = "quick")]
    installations: u32,
    /// Days
    #[arg(long, default_value_t = 30, conflicts_with = "quick")]
    days: u32,
    /// Keep the database there, or ask about the one that is there
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// What is known of the fleet that reported to a database.
#[derive(Serialize, Deserialize)]
struct Known {
    truth: FleetTruth,
    cluster: String,
}

pub(crate) fn bench(args: &Args) -> anyhow::Result<()> {
    build_programs(
        "release",
        &["heliograph-collector"],
        &["--bins", "--example", "weigh"],
    )?;
    // Below cargo's folder: /tmp is often memory.
    let folder = tempfile::tempdir_in(target_folder())?;
    let folder = args.keep.as_deref().unwrap_or(folder.path());
    let data = folder.join("data");
    fs::create_dir_all(&data)?;
    println!("{}", machine::describe(folder));
    let known = known(args, folder, &data)?;
    let mut add = command("heliograph-collector");
    add.args(["token", "add", "--scope", "admin", "--data"])
        .arg(&data);
    let token = output(&mut add)?.trim().to_owned();
    let server = questions::serve(&data)?;
    let pages = pages(&known);
    let times = if args.quick { QUICK_TIMES } else { TIMES };
    println!(
        "each page {times} times after {BEFORE} that are not counted, one request after another over one connection, with all that the client waits for; CPU is that of the whole collector\n"
    );
    println!("| page | bytes | median ms (below {BOUND}) | p99 ms | CPU ms |\n|---|---|---|---|---|");
    let mut slow = 0;
    for (name, path) in &pages {
        slow += usize::from(!measure(&server, &token, name, path, times)?);
    }
    println!(
        "\n{} of {} pages are below; peak memory {:.0} MiB; load by others at the end: {}",
        pages.len() - slow,
        pages.len(),
        server.peak_mib()?,
        machine::load()
    );
    server.stop()
}

/// Lets the fleet report, unless it has.
fn known(args: &Args, folder: &Path, data: &Path) -> anyhow::Result<Known> {
    let path = folder.join(TRUTH);
    if path.exists() {
        println!("the database that is there is asked about");
        return Ok(serde_json::from_slice(&fs::read(path)?)?);
    }
    let (installations, days) = match args.quick {
        true => (300, 12),
        false => (args.installations, args.days),
    };
    let mut add = command("heliograph-collector");
    add.args(["key", "add", "--kind", "cluster", "--data"]).arg(data);
    let key = output(&mut add)?.trim().to_owned();
    let server = questions::serve(data)?;
    let url = format!("http://{}", server.address);
    let (truth, cluster) = questions::load(installations, days, &url, &key, &server)?;
    questions::rest(data)?;
    server.stop()?;
    let known = Known { truth, cluster };
    fs::write(path, serde_json::to_vec(&known)?)?;
    Ok(known)
}

/// All pages by name, with what they are asked about.
fn pages(known: &Known) -> Vec<(&'static str, String)> {
    let Known { truth, cluster } = known;
    let days = format!("from={}&to={}", truth.from, truth.to);
    let change = truth.changes.first();
    let (unit, version) = change.map_or(("", ""), |change| (&*change.unit, &*change.version));
    let of_fleet = |path: &str| format!("/{path}?{days}");
    vec![
        ("overview", of_fleet("overview")),
        ("components", of_fleet("components")),
        ("a component", format!("/components/unit?{days}&unit={unit}")),
        ("releases", of_fleet("releases")),
        ("a release", format!("/releases?{days}&version={version}")),
        (
            "behind a verdict",
            format!("/releases/installations?{days}&version={version}&unit={unit}"),
        ),
        ("packages", of_fleet("packages")),
        ("capacity", of_fleet("capacity")),
        ("UI", of_fleet("ui")),
        ("support", of_fleet("support")),
        ("support, one found", format!("/support?{days}&search={cluster}")),
        ("a cluster", format!("/support/cluster?{days}&cluster={cluster}")),
        ("live", "/live".to_owned()),
        ("raw reports", format!("/live?{days}&cluster={cluster}")),
        ("data", of_fleet("data")),
        ("settings", "/settings".to_owned()),
        ("look-ups", "/settings/look-ups".to_owned()),
        (
            "overview, filtered",
            format!("/overview?{days}&provider=aws&without=ci"),
        ),
        (
            "components, filtered",
            format!("/components?{days}&version={version}&tier=confirmed"),
        ),
    ]
}

/// Measures a page; says whether it is fast enough.
fn measure(server: &Server, token: &str, name: &str, path: &str, times: usize) -> anyhow::Result<bool> {
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .new_agent();
    let url = format!("http://{}{path}", server.address);
    let get = || -> anyhow::Result<usize> {
        let request = agent
            .get(&url)
            .header("Authorization", &format!("Bearer {token}"));
        let mut response = request.call()?;
        let text = response
            .body_mut()
            .with_config()
            .limit(1 << 28)
            .read_to_string()?;
        let status = response.status().as_u16();
        ensure!(status == 200, "{path}: {status}: {text}");
        Ok(text.len())
    };
    for _ in 0..BEFORE {
        get().context("a page")?;
    }
    let (mut all, mut bytes, cpu) = (Vec::with_capacity(times), 0, server.cpu()?);
    for _ in 0..times {
        let begun = Instant::now();
        bytes = get()?;
        all.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    let spent = (server.cpu()? - cpu) * 1000.0 / f64::from(u32::try_from(times)?);
    all.sort_by(f64::total_cmp);
    let [half, most] = [all[times / 2], all[times * 99 / 100]];
    println!(
        "| {name} | {bytes} | {half:.1} {} | {most:.1} | {spent:.0} |",
        super::ingest::said(half < BOUND)
    );
    Ok(half < BOUND)
}
