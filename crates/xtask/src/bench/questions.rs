//! A generated fleet in the collector: how fast it is taken, how many bytes are kept of it, and how fast questions about it are
//! answered, over HTTP.
#![expect(clippy::print_stdout, reason = "the command's own output")]
#![expect(clippy::disallowed_methods, reason = "a measurement asks for the time")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use heliograph_fleet::generate::post::Post;
use heliograph_fleet::generate::{Fleet, FleetTruth, Settings};
use serde::Deserialize;
use serde_json::Value;
use ureq::Agent;

use super::ingest::machine;
use super::ingest::server::Server;
use crate::run::{build_programs, output, target_folder};

/// Times that a question is asked.
const TIMES: usize = 21;
/// What half of the answers are to take less than, in milliseconds.
const BOUND: f64 = 100.0;
/// What the database is to stay below without the messages as they came, in bytes a message.
const BYTES_BOUND: f64 = 60.0;
/// Connections that the fleet reports over.
const CONNECTIONS: usize = 4;
/// How long the collector gets to keep the sheets of all days.
const REST: Duration = Duration::from_secs(240);
const LOOK: Duration = Duration::from_secs(5);
/// The table of the messages as they came.
const RAW: &str = "batch";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Installations, beside those of CI
    #[arg(long, default_value_t = 1000)]
    installations: u32,
    /// Days
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// 10,000 installations over 30 days: some 20 million messages
    #[arg(long, conflicts_with_all = ["installations", "days"])]
    full: bool,
    /// Ask at once, before the collector has kept a sheet of each day
    #[arg(long)]
    at_once: bool,
}

/// What `weigh` prints.
#[derive(Deserialize)]
struct Weight {
    stale: usize,
    tables: BTreeMap<String, u64>,
}

pub(crate) fn bench(args: &Args) -> anyhow::Result<()> {
    build_programs(
        "release",
        &["heliograph-collector"],
        &["--bins", "--example", "weigh"],
    )?;
    // Below cargo's folder: /tmp is often memory, where a sync costs nothing.
    let folder = tempfile::tempdir_in(target_folder())?;
    let data = folder.path().join("data");
    println!("{}", machine::describe(folder.path()));
    let words = |words: &[&str]| -> anyhow::Result<String> {
        let said = output(
            command("heliograph-collector")
                .args(words)
                .arg("--data")
                .arg(&data),
        )?;
        Ok(said.trim_end().to_owned())
    };
    let key = words(&["key", "add", "--kind", "cluster"])?;
    let token = words(&["token", "add", "--scope", "support"])?;
    let server = serve(&data)?;
    let url = format!("http://{}", server.address);

    let (installations, days) = match args.full {
        true => (10_000, 30),
        false => (args.installations, args.days),
    };
    let (truth, cluster) = load(installations, days, &url, &key, &server)?;
    if !args.at_once {
        rest(&data)?;
    }
    weigh(&data, truth.messages.counted)?;
    ask_all(&url, &token, &truth, &cluster)?;
    println!(
        "peak memory    {:.0} MiB; load by others at the end: {}",
        server.peak_mib()?,
        machine::load()
    );
    server.stop()
}

/// Starts a collector that takes whatever comes.
pub(super) fn serve(data: &Path) -> anyhow::Result<Server> {
    let mut serve = command("heliograph-collector");
    serve
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .env("HELIOGRAPH_COLLECTOR_LOG", "warn");
    for limit in ["KEY_MESSAGES_PER_DAY", "KEY_BYTES_PER_DAY"] {
        serve.env(format!("HELIOGRAPH_COLLECTOR_{limit}"), "none");
    }
    Server::spawn(serve)
}

/// Lets a fleet report; returns one of its clusters, too.
#[expect(clippy::cast_precision_loss, reason = "for people to read")]
pub(super) fn load(
    installations: u32,
    days: u32,
    url: &str,
    key: &str,
    server: &Server,
) -> anyhow::Result<(FleetTruth, String)> {
    let usual = Settings::default();
    let settings = Settings {
        installations,
        days,
        ci: usual.ci * f64::from(installations) / f64::from(usual.installations),
        ..usual
    };
    let (begun, before) = (Instant::now(), server.cpu()?);
    let mut post = Post::to(url, key, CONNECTIONS);
    let mut first = Vec::new();
    let sent = Fleet::new(&settings).run(|message| {
        if first.is_empty() {
            first = message.text.to_vec();
        }
        post.send(message)
    });
    // What a connection says is why nothing more could be sent.
    let taken = post.finish()?;
    let (truth, seconds) = (sent?, begun.elapsed().as_secs_f64());
    let messages = truth.messages;
    ensure!(
        (taken.accepted, taken.duplicate, taken.rejected)
            == (messages.counted, messages.again + messages.beside, 0),
        "the collector counts otherwise: {taken:?} {messages:?}"
    );
    println!(
        "fleet          {} installations ({} of CI and so on), {} days, {} messages, all of them counted as is true",
        truth.window.installations,
        truth.window.installations.saturating_sub(installations.into()),
        settings.days,
        messages.sent
    );
    println!(
        "taken          in {seconds:.0} s: {:.0} messages a second, {:.0} per CPU second of the collector; {} batches, {} sent again",
        messages.sent as f64 / seconds,
        messages.sent as f64 / (server.cpu()? - before),
        taken.batches,
        taken.retried,
    );
    let first: Value = serde_json::from_slice(&first)?;
    let cluster = first["anonymousId"]
        .as_str()
        .context("the first message's cluster")?;
    Ok((truth, cluster.to_owned()))
}

/// Waits until a sheet of each day is kept.
pub(super) fn rest(data: &Path) -> anyhow::Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < REST {
        if weight(data)?.stale == 0 {
            println!(
                "kept           sheets of all days, {:.0} s later",
                begun.elapsed().as_secs_f64()
            );
            return Ok(());
        }
        thread::sleep(LOOK);
    }
    println!(
        "kept           sheets of all days but {}, {REST:?} later",
        weight(data)?.stale
    );
    Ok(())
}

fn weight(data: &Path) -> anyhow::Result<Weight> {
    let said = output(command("examples/weigh").arg(data))?;
    Ok(serde_json::from_str(&said)?)
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn weigh(data: &Path, messages: u64) -> anyhow::Result<()> {
    let mut tables: Vec<(String, u64)> = weight(data)?.tables.into_iter().collect();
    tables.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let share = |bytes: u64| bytes as f64 / messages as f64;
    let all: u64 = tables.iter().map(|(_, bytes)| bytes).sum();
    let raw = tables
        .iter()
        .find(|(name, _)| name == RAW)
        .map_or(0, |(_, bytes)| *bytes);
    let (raw, rest) = (share(raw), share(all - raw));
    println!(
        "database       {:.0} MB, {:.1} bytes a message: {raw:.1} as it came, {rest:.1} without (below {BYTES_BOUND}: {})",
        all as f64 / 1e6,
        share(all),
        super::ingest::said(rest < BYTES_BOUND)
    );
    let largest = tables
        .iter()
        .filter(|(name, bytes)| name != RAW && share(*bytes) > 0.05);
    let largest: Vec<_> = largest
        .map(|(name, bytes)| format!("{name} {:.1}", share(*bytes)))
        .collect();
    println!("  of these     {}", largest.join(", "));
    Ok(())
}

fn ask_all(url: &str, token: &str, truth: &FleetTruth, cluster: &str) -> anyhow::Result<()> {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .build();
    let client = Client {
        agent: config.new_agent(),
        url,
        authorization: format!("Bearer {token}"),
    };
    let (_, listed) = client.get("/api/v1/")?;
    let listed: Value = serde_json::from_str(&listed)?;
    println!(
        "\n| question | asked with | rows | bytes | p50 ms (below {BOUND}) | p95 ms |\n|---|---|---|---|---|---|"
    );
    for question in listed["questions"].as_array().context("a list of questions")? {
        let name = question["name"].as_str().context("a question's name")?;
        let takes = |wanted: &str| {
            let parameters = question["parameters"].as_array().into_iter().flatten();
            parameters.clone().any(|parameter| parameter["name"] == wanted)
        };
        let ways = [
            ("", true),
            ("per=day", takes("per")),
            ("per=day&by=version", takes("per") && takes("by")),
        ];
        for (way, _) in ways.iter().filter(|(_, possible)| *possible) {
            measure(&client, name, way, truth, cluster)?;
        }
    }
    println!();
    Ok(())
}

struct Client<'a> {
    agent: Agent,
    url: &'a str,
    authorization: String,
}

impl Client<'_> {
    fn get(&self, path: &str) -> anyhow::Result<(u16, String)> {
        let request = self.agent.get(format!("{}{path}", self.url));
        let mut response = request.header("Authorization", &self.authorization).call()?;
        let text = response
            .body_mut()
            .with_config()
            .limit(1 << 30)
            .read_to_string()?;
        Ok((response.status().as_u16(), text))
    }
}

/// A unit that a version changed, as questions are asked for it.
fn one_unit(truth: &FleetTruth) -> String {
    let changed = truth.changes.first();
    changed.map_or_else(String::new, |change| {
        format!("version={}&unit={}", change.version, change.unit)
    })
}

/// Asks a question in one way, many times.
fn measure(
    client: &Client<'_>,
    name: &str,
    way: &str,
    truth: &FleetTruth,
    cluster: &str,
) -> anyhow::Result<()> {
    let plain = format!(
        "/api/v1/{name}?from={}&to={}&limit=10000&{way}",
        truth.from, truth.to
    );
    let mut path = plain.trim_end_matches('&').to_owned();
    let (mut status, mut text) = client.get(&path)?;
    // Some ask about one cluster, or about one unit of one version.
    for one in [format!("cluster={cluster}"), one_unit(truth)] {
        if status == 400 {
            path = format!("{}&{one}", plain.trim_end_matches('&'));
            (status, text) = client.get(&path)?;
        }
    }
    if status != 200 {
        println!(
            "| {name} | {way} | – | – | {status}: {} | – |",
            text.replace(['\n', '|'], " ")
        );
        return Ok(());
    }
    let answer: Value = serde_json::from_str(&text)?;
    if name == "active-installations" {
        ensure!(
            answer["installations"] == truth.window.installations,
            "{} installations are active, {} say the answers",
            truth.window.installations,
            answer["installations"]
        );
    }
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let begun = Instant::now();
        client.get(&path)?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    let [half, most] = [times[TIMES / 2], times[TIMES * 95 / 100]];
    println!(
        "| {name} | {way} | {} | {} | {half:.1} {} | {most:.1} |",
        answer["count"],
        text.len(),
        super::ingest::said(half < BOUND)
    );
    Ok(())
}

/// A program as it is released.
pub(super) fn command(program: &str) -> Command {
    Command::new(target_folder().join("release").join(program))
}
