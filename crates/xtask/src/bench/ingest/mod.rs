//! The collector beside a bare hyper server that throws away what it reads: requests per CPU second of each, in turns on one
//! core, while the load comes from another. Ratios hold on other machines, absolutes do not.
#![expect(clippy::print_stdout, reason = "the command's own output")]

mod feed;
mod generator;
pub(super) mod machine;
mod report;
pub(super) mod server;
mod template;
mod track;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::feed::{Feed, Load};
use self::generator::{Answers, Pace};
use self::server::{Cores, Server};
use crate::run::{build_programs, output, target_folder};

/// Reports a second of the measurement of latency.
const RATE: f64 = 1000.0;
/// What its 99th percentile is to stay below, in milliseconds.
const RATE_BOUND: f64 = 20.0;
/// What the collector's memory is to stay below, in MiB.
const MEMORY_BOUND: f64 = 180.0;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Few and short rounds
    #[arg(long)]
    quick: bool,
    /// Only this load: W1, W2, W3 or W4
    #[arg(long)]
    only: Option<String>,
}

/// How long everything takes.
#[derive(Clone, Copy)]
struct Extent {
    rounds: usize,
    seconds: u32,
    open_seconds: u32,
}

const FULL: Extent = Extent {
    rounds: 5,
    seconds: 4,
    open_seconds: 20,
};
const QUICK: Extent = Extent {
    rounds: 2,
    seconds: 1,
    open_seconds: 5,
};
const WARM_SECONDS: u32 = 2;

/// What a load showed.
#[derive(Default)]
struct Figures {
    /// Requests per CPU second, a round each.
    collector: Vec<f64>,
    discard: Vec<f64>,
    /// Times to the answers, closed loop.
    micros: Vec<u32>,
    messages: u64,
    refused: u64,
    peak_mib: f64,
    /// What the database grew by.
    bytes: u64,
    /// Times to the answers at the fixed rate.
    open: Option<Vec<u32>>,
}

impl Figures {
    /// Adds what other rounds showed.
    fn add(&mut self, mut more: Figures) {
        self.collector.append(&mut more.collector);
        self.discard.append(&mut more.discard);
        self.micros.append(&mut more.micros);
        self.messages += more.messages;
        self.refused += more.refused;
        self.peak_mib = self.peak_mib.max(more.peak_mib);
        self.bytes += more.bytes;
        self.open = self.open.take().or(more.open);
    }
}

pub(crate) fn bench(args: &Args) -> anyhow::Result<()> {
    let extent = if args.quick { QUICK } else { FULL };
    // As it is shipped; the server that discards is built in the same way.
    build_programs(
        "dist",
        &["heliograph-collector"],
        &["--bins", "--example", "discard"],
    )?;
    let cores = Cores::choose()?;
    // Below cargo's folder: /tmp is often memory, where a sync costs nothing.
    let folder = tempfile::tempdir_in(target_folder())?;
    println!("{}", machine::describe(folder.path()));
    println!(
        "method         {} rounds of {} s each, collector and discard in turns, medians; the server alone on core {}, the load from core\n               \
         {}; every message id is new; a fresh database a load, and a round of W2 and W3; what is acknowledged is counted in the\n               \
         database at the end",
        extent.rounds, extent.seconds, cores.server, cores.generator,
    );
    println!(
        "\n| load | collector | discard | requests per CPU second: share | to reach | aim | p50 / p99 ms | peak MiB (below {MEMORY_BOUND}) \
         | database bytes a message | messages |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let mut open = None;
    for load in Load::ALL {
        if args
            .only
            .as_ref()
            .is_some_and(|only| !only.eq_ignore_ascii_case(load.name()))
        {
            continue;
        }
        let (mut figures, mut measured) = (Figures::default(), 0);
        while measured < extent.rounds {
            let rounds = load.rounds_of_a_database(extent.rounds);
            let extent = Extent { rounds, ..extent };
            figures.add(measure(load, extent, &cores, &folder.path().join(load.name()))?);
            fs::remove_dir_all(folder.path().join(load.name()))?;
            measured += rounds;
        }
        print(load, &mut figures);
        open = open.or(figures.open);
    }
    if let Some(mut micros) = open {
        let [half, most] = percentiles(&mut micros);
        println!(
            "\n{RATE} W4 requests a second for {} s, each due at its time whatever the answers: p50 {half:.1} ms, p99 {most:.1} ms \
             (below {RATE_BOUND}: {})",
            extent.open_seconds,
            said(most < RATE_BOUND)
        );
    }
    println!("load by others at the end: {}", machine::load());
    Ok(())
}

fn measure(load: Load, extent: Extent, cores: &Cores, data: &Path) -> anyhow::Result<Figures> {
    let mut add = command("heliograph-collector");
    let key = output(
        // A long run keeps more than a key may in a day.
        add.args([
            "key",
            "add",
            "--kind",
            load.key_kind(),
            "--bytes-per-day",
            "none",
            "--messages-per-day",
            "none",
            "--data",
        ])
        .arg(data),
    )?;
    let authorization = format!("Basic {}", STANDARD.encode(format!("{}:", key.trim_end())));
    let mut serve = command("heliograph-collector");
    serve
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .env("HELIOGRAPH_COLLECTOR_LOG", "warn");
    let collector = Server::start(serve, cores)?;
    let discard = Server::start(command("examples/discard"), cores)?;
    let empty = size(data)?;

    let mut feed = Feed::new(load, &authorization)?;
    let (mut figures, mut accepted) = (Figures::default(), 0);
    let mut count = |answers: &Answers, figures: &mut Figures| {
        accepted += answers.accepted;
        figures.messages += answers.taken * load.messages();
        figures.refused += answers.refused;
    };
    for round in 0..=extent.rounds {
        // The first one warms up, and makes every cluster known.
        let seconds = if round == 0 { WARM_SECONDS } else { extent.seconds };
        feed.prepare(seconds)?;
        let (rate, mut answers) = closed(&collector, load, seconds, &mut feed, cores)?;
        count(&answers, &mut figures);
        feed.again();
        let (discarded, _) = closed(&discard, load, seconds, &mut feed, cores)?;
        if round > 0 {
            figures.collector.push(rate);
            figures.discard.push(discarded);
            figures.micros.append(&mut answers.micros);
        }
    }
    if load == Load::Report {
        feed.prepare(0)?;
        Cores::pin(cores.generator)?;
        let time = Duration::from_secs(extent.open_seconds.into());
        let answers = generator::run(
            collector.address,
            load.connections(),
            Pace::Open(RATE),
            time,
            &mut feed,
        )?;
        cores.unpin()?;
        count(&answers, &mut figures);
        figures.open = Some(answers.micros);
    }
    figures.peak_mib = collector.peak_mib()?;
    collector.stop()?;
    discard.stop()?;
    ensure!(
        accepted == figures.messages,
        "{accepted} messages of {} were new to the collector",
        figures.messages
    );
    let stored = stored(data)?;
    ensure!(
        stored == accepted,
        "{accepted} messages were acknowledged, {stored} are in the database"
    );
    figures.bytes = size(data)? - empty;
    Ok(figures)
}

/// As many requests as the server takes in a time; returns how many it took per CPU second.
fn closed(
    server: &Server,
    load: Load,
    seconds: u32,
    feed: &mut Feed,
    cores: &Cores,
) -> anyhow::Result<(f64, Answers)> {
    Cores::pin(cores.generator)?;
    let before = server.cpu()?;
    let time = Duration::from_secs(seconds.into());
    let answers = generator::run(server.address, load.connections(), Pace::Closed, time, feed)?;
    let used = server.cpu()? - before;
    cores.unpin()?;
    let taken = u32::try_from(answers.taken)?;
    Ok((f64::from(taken) / used, answers))
}

/// Messages in the database.
fn stored(data: &Path) -> anyhow::Result<u64> {
    let mut child = command("heliograph-collector")
        .arg("messages")
        .arg("--data")
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut out = BufReader::with_capacity(1 << 20, child.stdout.take().context("its output")?);
    let mut lines = 0;
    loop {
        let block = out.fill_buf()?;
        let length = block.len();
        if length == 0 {
            break;
        }
        for byte in block {
            lines += u64::from(*byte == b'\n');
        }
        out.consume(length);
    }
    ensure!(child.wait()?.success(), "`messages` failed");
    Ok(lines)
}

fn command(program: &str) -> Command {
    Command::new(target_folder().join("dist").join(program))
}

/// Bytes of the database, log and all.
fn size(data: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for file in fs::read_dir(data)? {
        let file = file?;
        let name = file.file_name();
        if name.to_string_lossy().starts_with("collector.db") && !name.to_string_lossy().ends_with("-shm") {
            bytes += file.metadata()?.len();
        }
    }
    Ok(bytes)
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn print(load: Load, figures: &mut Figures) {
    let [collector, discard] = [&figures.collector, &figures.discard].map(|rates| median(rates.clone()));
    let shares: Vec<_> = figures
        .collector
        .iter()
        .zip(&figures.discard)
        .map(|(one, all)| one / all * 100.0)
        .collect();
    let share = median(shares);
    let (reach, aim) = load.reach();
    let [half, most] = percentiles(&mut figures.micros);
    println!(
        "| {} | {collector:.0} | {discard:.0} | {share:.1} % | {reach} %: {} | {aim} %: {} | {half:.1} / {most:.1} | {:.0} {} | {:.0} | {}{} |",
        load.name(),
        said(share >= reach),
        said(share >= aim),
        figures.peak_mib,
        said(figures.peak_mib < MEMORY_BOUND),
        figures.bytes as f64 / figures.messages as f64,
        figures.messages,
        if figures.refused == 0 {
            String::new()
        } else {
            format!(", {} requests REFUSED", figures.refused)
        },
    );
}

pub(super) fn said(holds: bool) -> &'static str {
    if holds { "yes" } else { "NO" }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The 50th and the 99th, in milliseconds.
fn percentiles(micros: &mut [u32]) -> [f64; 2] {
    micros.sort_unstable();
    [50, 99].map(|share| {
        let micros = micros.get(micros.len() * share / 100);
        micros.map_or(f64::NAN, |micros| f64::from(*micros) / 1000.0)
    })
}
