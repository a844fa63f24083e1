//! `cargo xtask up`: the main job, here: a cluster with its web interface, signal that reports it, and the collector that keeps what
//! arrives.
#![expect(clippy::print_stdout, reason = "the commands' own output")]

mod interface;
mod machine;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use heliograph_fleet::{Documents, Emulation};
use serde_json::{Value, json};
use signal_hook::consts::{SIGINT, SIGTERM};

use self::interface::Interface;
use self::machine::Machine;
use crate::collector::Collector;
use crate::run::{build_programs, output, say, target_folder};
use crate::stopwatch::{MAX_BUILD, Stopwatch};

/// The version that the emulated cluster and its interface are of.
const VERSION: &str = "1.8";
/// How long messages of the interface gather before they are delivered.
const GATHER: Duration = Duration::from_secs(1);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the collector listens; another port is taken where this one is in use
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    /// Where the cluster's web interface listens; another port is taken where this one is in use
    #[arg(long, default_value = "127.0.0.1:8081")]
    ui_listen: String,
    /// Where the collector and signal keep what they must [default: up/ in cargo's target folder]
    #[arg(long)]
    data: Option<PathBuf>,
    /// A real health report, instead of the emulated cluster's
    #[arg(long, value_name = "URL")]
    diagnostics_url: Vec<String>,
    /// A real package list, instead of the emulated cluster's
    #[arg(long, value_name = "URL")]
    cosmos_url: Vec<String>,
    /// Real /frameworks and /metrics/snapshot, instead of the emulated cluster's
    #[arg(long, value_name = "URL")]
    mesos_url: Vec<String>,
    /// End after the first report
    #[arg(long)]
    once: bool,
    /// What is shown beside the collector's address
    #[arg(skip)]
    pub(crate) also: String,
}

pub(crate) fn up(args: &Args) -> anyhow::Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let begun = Stopwatch::start();
    build_programs(
        "release",
        &[
            "heliograph-signal",
            "heliograph-collector",
            "heliograph-diagnostics",
            "heliograph-relay",
        ],
        &[],
    )?;
    begun.tell("building the programs", MAX_BUILD);
    let data = args.data.clone().unwrap_or_else(|| target_folder().join("up"));
    let store = data.join("collector");
    fs::create_dir_all(&store)?;

    let mut collector = Collector::start(&program("heliograph-collector"), &free(&args.listen), &store)?;
    let key_file = write_key(&data, &store)?;
    // Both answer for as long as they are here.
    let (_cluster, _machine, config) = configure(args, &data, &collector.url, &key_file)?;

    let words = ["report", "--config", &config.to_string_lossy()].map(str::to_owned);
    say(&format!("heliograph-signal {}", words.join(" ")));
    let signal = program("heliograph-signal");
    let ended = Command::new(&signal)
        .args(&words)
        .status()
        .context("heliograph-signal")?;
    let messages = output(
        Command::new(program("heliograph-collector"))
            .arg("messages")
            .arg("--data")
            .arg(&store),
    )?;
    show(&messages, &signal, &config, &collector.url, &store, args.once)?;
    println!("{}", args.also);
    if !ended.success() {
        bail!("heliograph-signal ended with {ended}");
    }
    if !args.once {
        let listen = free(&args.ui_listen);
        let interface = Interface::start(&program("heliograph-relay"), &config, VERSION, &listen)?;
        invite(&interface.url, &signal, &config, &store);
        say("running; Ctrl-C ends it");
        let spool = data.join("signal/spool");
        while !stop.load(Ordering::Relaxed) && collector.runs() {
            thread::sleep(Duration::from_millis(200));
            if tells(&spool) {
                // As a timer asks for it: the hour was reported, so only what waits is delivered.
                let ended = Command::new(&signal)
                    .args(&words)
                    .env("INVOCATION_ID", "up")
                    .status();
                ended.context("heliograph-signal")?;
                thread::sleep(GATHER);
            }
        }
    }
    collector.stop()
}

/// Whether something of the web interface waits.
fn tells(spool: &Path) -> bool {
    let files = fs::read_dir(spool).into_iter().flatten().flatten();
    files
        .map(|file| file.path())
        .any(|path| path.extension().is_some_and(|ending| ending == "ui"))
}

/// What to try in a browser, and how to see what became of it.
fn invite(url: &str, signal: &Path, config: &Path, store: &Path) {
    let (signal, config, store) = (signal.display(), config.display(), store.display());
    let collector = program("heliograph-collector");
    let collector = collector.display();
    println!(
        "the web interface     {url}   look around, log in, log out; what it tells goes by the cluster's relay"
    );
    println!(
        "what of it waits      {signal} preview --ui -c {config}   (for a moment: signal is asked at once here)"
    );
    println!("what waits and went   {signal} status -c {config}");
    println!("which pages           {collector} ask ui-pages --data {store}");
    println!("stop it               {signal} opt-out -c {config}   (opt-in again)\n");
}

/// A write key for signal, made once and kept in a file that only we can read.
fn write_key(data: &Path, store: &Path) -> anyhow::Result<PathBuf> {
    let path = data.join("write-key");
    if !path.exists() {
        let mut command = Command::new(program("heliograph-collector"));
        let key = output(
            command
                .args(["key", "add", "--kind", "cluster", "--name", "up", "--data"])
                .arg(store),
        )?;
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?
            .write_all(key.as_bytes())?;
    }
    Ok(path)
}

/// Signal's configuration, and what it asks, unless real endpoints are given: an emulated cluster, and this machine's systemd
/// in place of that cluster's units.
fn configure(
    args: &Args,
    data: &Path,
    sink: &str,
    key_file: &Path,
) -> anyhow::Result<(Option<Emulation>, Option<Machine>, PathBuf)> {
    let mut settings = json!({
        "enabled": true, "sink": sink, "write_key_file": key_file, "state_dir": data.join("signal"),
        "cluster_id_path": data.join("cluster-id"), "create_cluster_id": true,
        "diagnostics_urls": args.diagnostics_url, "cosmos_urls": args.cosmos_url, "mesos_urls": args.mesos_url,
    });
    let real = !(args.diagnostics_url.is_empty() && args.cosmos_url.is_empty() && args.mesos_url.is_empty());
    let (mut cluster, mut machine) = (None, None);
    if real {
        say("real endpoints are asked");
    } else {
        cluster = Some(Emulation::builder(Documents::from_dir("fixtures/dcos-1.8")?).start()?);
        say("an emulated DC/OS cluster answers: the seed's example, one master and two agents");
        let started = Machine::start(&program("heliograph-diagnostics"));
        say(&Machine::told(&started));
        machine = started.ok();
    }
    if let Some(cluster) = &cluster {
        settings["diagnostics_urls"] = json!([cluster.diagnostics_url()]);
        settings["cosmos_urls"] = json!([cluster.cosmos_url()]);
        settings["mesos_urls"] = json!([cluster.frameworks_url(), cluster.metrics_url()]);
        settings["cluster_id"] = "70b28f00-e38f-41b2-a723-aab344f535b9".into();
        settings["gen_provider"] = "aws".into();
        settings["environment_version"] = VERSION.into();
    }
    if let Some(machine) = &machine {
        settings["diagnostics_urls"] = json!([machine.url()]);
    }
    let path = data.join("signal.json");
    fs::write(&path, serde_json::to_string_pretty(&settings)?)?;
    Ok((cluster, machine, path))
}

/// What was reported, what arrived, where it is, and how to see more.
fn show(
    messages: &str,
    signal: &Path,
    config: &Path,
    url: &str,
    store: &Path,
    once: bool,
) -> anyhow::Result<()> {
    let messages: Vec<Value> = messages
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    println!(
        "\n{} messages are stored (one report an hour counts); the newest:\n",
        messages.len()
    );
    for message in messages.iter().rev().take(3).rev() {
        let properties = message["properties"].as_object().map_or(0, serde_json::Map::len);
        let text = |name: &str| message[name].as_str().unwrap_or("?").to_owned();
        println!(
            "  {:<13} {} properties, collected {}, received {}",
            text("event"),
            properties,
            text("timestamp"),
            text("receivedAt")
        );
        println!("  {:<13} {}", "", text("messageId"));
    }
    let collector = program("heliograph-collector");
    println!("\nstored in             {}", store.display());
    let (program_path, file) = (signal.display(), config.display());
    if once {
        println!("(without --once the cluster goes on answering, and preview and report can be tried)");
    } else {
        println!("what it would send    {program_path} preview -c {file}");
        println!("report again          {program_path} report -c {file}");
    }
    println!("who decides, and how  {program_path} explain -c {file}");
    println!(
        "what arrived          {} messages --data {}",
        collector.display(),
        store.display()
    );
    println!("the collector         {url}\n");
    Ok(())
}

pub(crate) fn program(name: &str) -> PathBuf {
    target_folder().join("release").join(name)
}

/// The address, or one on a free port where its own is in use.
fn free(listen: &str) -> String {
    if TcpListener::bind(listen).is_ok() {
        return listen.to_owned();
    }
    let host = listen.rsplit_once(':').map_or(listen, |(host, _)| host);
    say(&format!("{listen} is in use; taking a free port"));
    format!("{host}:0")
}
