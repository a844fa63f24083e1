//! The daemon of one node, on a real systemd with thirty units: what it takes while nothing happens, and what is read of a service
//! that comes and goes.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use heliograph_fleet::sandbox::{Sandbox, Setup};
use serde_json::Value;

use crate::run::target_folder;

const UNITS: usize = 30;
/// The service that is up for half a second of every 2.7.
const FLAPPING: &str = "dcos-flapping.service";
/// How long each is measured.
const LENGTH: Duration = Duration::from_secs(120);
/// The daemon's first read, and what the runtime sets up, are over by then.
const SETTLED: Duration = Duration::from_secs(15);
/// How often the flapping service is read.
const PACE: Duration = Duration::from_millis(97);

/// What `/proc` counts a process' children in.
const TICK: Duration = Duration::from_millis(10);

/// What must hold: MB of memory, percent of a core, percent of the readings.
const BOUNDS: (f64, f64, f64) = (10.0, 0.1, 95.0);

pub(super) fn bench() -> anyhow::Result<()> {
    let Some(setup) = Setup::new() else {
        println!("\nA node's own daemon was not measured: that takes a real systemd.");
        return Ok(());
    };
    let sandbox = with_units(setup).start();
    let daemon = Daemon::start(&sandbox)?;
    sleep(SETTLED);
    let before = daemon.cpu()?;
    sleep(LENGTH);
    let percent = (daemon.cpu()? - before).as_secs_f64() / LENGTH.as_secs_f64() * 100.0;
    // Also with what a request needs.
    daemon.units()?;
    let memory = daemon.memory()?;

    sandbox.systemctl(&["start", "--no-block", FLAPPING]);
    let begun = Instant::now();
    let (mut unhealthy, mut readings) = (0_u32, 0_u32);
    while begun.elapsed() < LENGTH {
        let units = daemon.units()?;
        let flapping = units.iter().find(|unit| unit["id"] == FLAPPING);
        readings += 1;
        unhealthy += u32::from(flapping.context("it is not looked at")?["health"] == 1);
        sleep(PACE);
    }
    let seen = f64::from(unhealthy) / f64::from(readings) * 100.0;

    println!(
        "\nA node's own daemon, on a real systemd with {UNITS} units, {} s each:\n",
        LENGTH.as_secs()
    );
    println!("| | |");
    println!("|---|---|");
    println!("| memory (VmHWM) | {memory:.1} MB |");
    println!("| CPU while nothing happens | {percent:.4} % of a core |");
    println!(
        "| readings of a service up 0.5 s of every 2.7 s, from its first start on | {seen:.1} % of {readings} unhealthy |"
    );
    println!("\nthe original 0.4.0, on 2 cores of another machine: 12 to 22 MB; 78 % of the readings");
    let (mb, core, share) = BOUNDS;
    if memory > mb || percent > core || seen < share {
        bail!(
            "it must take at most {mb} MB and {core} % of a core, and be unhealthy in {share} % of the readings"
        );
    }
    Ok(())
}

fn with_units(setup: Setup) -> Setup {
    let mut setup = setup
        .unit("dcos.target", "[Unit]\nDescription=All units\n")
        .wanted_by("sandbox.target", "dcos.target")
        .unit(
            FLAPPING,
            "[Unit]\nStartLimitIntervalSec=0\n\
             [Service]\nExecStart=/bin/sh -c 'sleep 0.5; exit 1'\nRestart=always\nRestartSec=2200ms\n",
        )
        .unit("never.target", "[Unit]\n")
        .wanted_by("never.target", FLAPPING);
    for number in 1..UNITS {
        let name = format!("dcos-component-{number}.service");
        setup = setup
            .unit(
                &name,
                "[Unit]\nDescription=Component: sleeps\n[Service]\nExecStart=/bin/sleep infinity\n",
            )
            .wanted_by("dcos.target", &name);
    }
    setup
}

/// The daemon as a child; it ends with this value.
struct Daemon {
    child: Child,
    socket: PathBuf,
    _folder: tempfile::TempDir,
}

impl Daemon {
    fn start(sandbox: &Sandbox) -> anyhow::Result<Daemon> {
        let folder = tempfile::tempdir()?;
        let socket = folder.path().join("socket");
        let config = folder.path().join("diagnostics.toml");
        let settings = [
            format!("listen = [\"unix:{}\"]", socket.display()),
            format!("bus = \"{}\"", sandbox.bus()),
            "units = [\"dcos.target\", \"never.target\"]".to_owned(),
            format!("journal_directory = \"{}\"", sandbox.journal().display()),
            "log = \"error\"".to_owned(),
        ];
        fs::write(&config, settings.join("\n"))?;
        let mut child = Command::new(target_folder().join("release/heliograph-diagnostics"))
            .arg("--config")
            .arg(&config)
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("heliograph-diagnostics")?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let daemon = Daemon {
            child,
            socket,
            _folder: folder,
        };
        if line.is_empty() {
            bail!("heliograph-diagnostics did not start");
        }
        Ok(daemon)
    }

    /// This node's units.
    fn units(&self) -> anyhow::Result<Vec<Value>> {
        let mut stream = UnixStream::connect(&self.socket)?;
        // HTTP/1.0: the answer is not chunked.
        stream.write_all(b"GET /system/health/v1 HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").context("no answer")?;
        let node: Value = serde_json::from_str(body)?;
        Ok(node["units"].as_array().cloned().unwrap_or_default())
    }

    /// The time that its threads have run, and its children: the readers of the journal.
    fn cpu(&self) -> anyhow::Result<Duration> {
        let mut total = Duration::ZERO;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let times = fs::read_to_string(thread?.path().join("schedstat"))?;
            let run = times.split(' ').next().context("no time")?;
            total += Duration::from_nanos(run.parse()?);
        }
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, fields) = stat.rsplit_once(") ").context("no times")?;
        let ticks: u64 = fields
            .split(' ')
            .skip(13)
            .take(2)
            .flat_map(str::parse::<u64>)
            .sum();
        Ok(total + TICK * u32::try_from(ticks)?)
    }

    /// The most memory that it had so far, in MB.
    fn memory(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line
            .and_then(|line| line.split_whitespace().next())
            .context("no VmHWM")?;
        Ok(kib.parse::<f64>()? * 1024.0 / 1e6)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
