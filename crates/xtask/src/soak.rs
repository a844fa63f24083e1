//! `cargo xtask soak`: two collectors, the first forwarding to the second, under a mixed load for an hour; memory and open files are
//! looked at every few seconds, and must not grow.
//!
//! The load is bounded: it is the time that is to show something, not the speed. Judged is the last third against the one
//! before it; the first is for filling caches.
#![expect(clippy::print_stdout, reason = "the command's own output")]
#![expect(clippy::disallowed_methods, reason = "a measurement asks for the time")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use ureq::Agent;

use crate::run::{cargo, output, run, say, target_folder};

/// How often memory and files are looked at.
const LOOK: Duration = Duration::from_secs(5);
/// Rests between requests, for each kind of load.
const BATCHES: Duration = Duration::from_millis(20);
const REPORTS: Duration = Duration::from_millis(50);
const QUESTIONS: Duration = Duration::from_millis(400);
const STRANGE: Duration = Duration::from_millis(100);
const ORDERS: Duration = Duration::from_secs(10);
/// How much more memory the last third may take than the one before, as a share and in KiB.
const SHARE: f64 = 0.10;
const ROOM: f64 = 8.0 * 1024.0;
/// How many more files.
const FILES: f64 = 10.0;
/// Least looks of a third.
const LEAST: usize = 5;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long
    #[arg(long, default_value_t = 60)]
    minutes: u64,
}

/// A collector, killed when dropped.
struct Collector {
    child: Child,
    url: String,
    looks: Vec<(f64, f64)>,
}

/// What is needed to load it.
struct Load {
    agent: Agent,
    url: String,
    server: String,
    cluster: String,
    admin: String,
    stop: AtomicBool,
    requests: AtomicU64,
    failures: AtomicU64,
}

pub(crate) fn soak(args: &Args) -> anyhow::Result<()> {
    run(&mut cargo(&[
        "build",
        "--quiet",
        "--package",
        "heliograph-collector",
    ]))?;
    let folder = tempfile::tempdir_in(target_folder())?;
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let peer = key(&second, "peer")?;
    let file = |name: &str, text: &str| -> anyhow::Result<String> {
        let path = folder.path().join(name);
        fs::write(&path, text)?;
        Ok(path.to_string_lossy().into_owned())
    };
    let mut standby = Collector::start(&second, &[])?;
    let settings = [
        ("FORWARD_URL", standby.url.clone()),
        ("FORWARD_AS", "peer".to_owned()),
        ("FORWARD_WRITE_KEY_FILE", file("peer", &peer)?),
        ("FORWARD_TOKEN_FILE", file("token", &token(&second)?)?),
    ];
    let load = Load {
        agent: Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .new_agent(),
        server: key(&first, "server")?,
        cluster: key(&first, "cluster")?,
        admin: token(&first)?,
        url: String::new(),
        stop: AtomicBool::new(false),
        requests: AtomicU64::new(0),
        failures: AtomicU64::new(0),
    };
    let mut collector = Collector::start(&first, &settings)?;
    let load = Load {
        url: collector.url.clone(),
        ..load
    };
    say(&format!("{} minutes of mixed load on {}", args.minutes, load.url));
    let ended = thread::scope(|scope| {
        for sender in 0..2 {
            let load = &load;
            scope.spawn(move || load.every(BATCHES, |number| load.batch(sender, number)));
        }
        scope.spawn(|| load.every(REPORTS, |number| load.report(number)));
        scope.spawn(|| load.every(QUESTIONS, |number| load.ask(number)));
        scope.spawn(|| load.every(STRANGE, |number| load.strange(number)));
        scope.spawn(|| load.every(ORDERS, |number| load.forget(number)));
        let until = Instant::now() + Duration::from_secs(args.minutes * 60);
        let looked = (|| -> anyhow::Result<()> {
            while Instant::now() < until {
                thread::sleep(LOOK);
                collector.look()?;
                standby.look()?;
            }
            Ok(())
        })();
        load.stop.store(true, Ordering::Relaxed);
        looked
    });
    ended?;
    let (requests, failures) = (
        load.requests.load(Ordering::Relaxed),
        load.failures.load(Ordering::Relaxed),
    );
    println!("{requests} requests, {failures} that were not answered as they should be");
    let grown = [
        collector.grown("the first collector")?,
        standby.grown("the standby")?,
    ];
    collector.stop()?;
    standby.stop()?;
    ensure!(
        failures == 0,
        "{failures} requests were not answered as they should be"
    );
    ensure!(grown == [false, false], "memory or open files grow");
    Ok(())
}

impl Load {
    fn every(&self, rest: Duration, mut each: impl FnMut(u64) -> bool) {
        for number in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            self.requests.fetch_add(1, Ordering::Relaxed);
            if !each(number) {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
            thread::sleep(rest);
        }
    }

    fn post(&self, path: &str, authorization: &str, body: &Value) -> Option<u16> {
        let request = self
            .agent
            .post(format!("{}{path}", self.url))
            .header("authorization", authorization)
            .header("content-type", "application/json");
        let answer = request.send(body.to_string()).ok()?;
        Some(answer.status().as_u16())
    }

    /// Of an eighth of the requests all messages are repeats.
    fn batch(&self, sender: u64, number: u64) -> bool {
        let number = if number % 8 == 7 { number / 2 } else { number };
        let batch: Vec<Value> = (0..20)
            .map(|part| {
                json!({
                    "type": "track", "event": format!("event {}", number % 50), "messageId": format!("{sender}-{number}-{part}"),
                    "userId": format!("user-{}", (number * 20 + part) % 5000), "properties": {"n": number, "text": "x".repeat(200)},
                })
            })
            .collect();
        self.post("/v1/batch", &basic(&self.server), &json!({"batch": batch})) == Some(200)
    }

    /// A thousand clusters, each hour of theirs in turn.
    fn report(&self, number: u64) -> bool {
        let (cluster, hour) = (number % 1000, number / 1000);
        let at = format!("2026-10-{:02}T{:02}", 1 + hour / 24 % 30, hour % 24);
        let cluster = format!("cluster-{cluster}");
        let batch: Vec<Value> = ["health", "mesos_track", "package_list"]
            .iter()
            .map(|event| {
                json!({
                    "type": "track", "event": event, "anonymousId": cluster, "messageId": format!("{cluster}:{event}:{at}Z"),
                    "properties": {"clusterId": cluster, "environmentVersion": "1.10", "health-unit-dcos-net-service-total": 5},
                    "context": {"reporter": format!("{:032x}", 7)}, "timestamp": format!("{at}:30:00Z"),
                })
            })
            .collect();
        self.post("/v1/batch", &basic(&self.cluster), &json!({"batch": batch})) == Some(200)
    }

    fn ask(&self, number: u64) -> bool {
        let paths = [
            "/api/v1/component-reliability?per=day&from=2026-10-01&to=2026-10-30",
            "/api/v1/active-installations?by=version",
            "/api/v1/popularity?format=csv",
            "/api/v1/ingest-quality",
            "/metrics",
            "/readyz",
            "/regulations",
        ];
        let path = paths[usize::try_from(number).unwrap_or_default() % paths.len()];
        let request = self
            .agent
            .get(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.admin));
        match request.call() {
            Ok(mut answer) => answer.body_mut().read_to_vec().is_ok() && answer.status() == 200,
            Err(_) => false,
        }
    }

    /// What is at fault, and connections that say nothing, or half of something.
    fn strange(&self, number: u64) -> bool {
        let refused = |status: Option<u16>| status.is_some_and(|status| (400..500).contains(&status));
        match number % 4 {
            0 => refused(self.post("/v1/batch", &basic("no key at all"), &json!({"batch": []}))),
            1 => refused(self.post("/v1/batch", &basic(&self.server), &json!({"batch": "none"}))),
            2 => {
                self.post(
                    "/v1/track",
                    &basic(&self.server),
                    &json!({"userId": "u", "event": "e", "messageId": number.to_string()}),
                ) == Some(200)
            }
            _ => {
                let address = self.url.trim_start_matches("http://");
                let sent = TcpStream::connect(address).and_then(|mut stream| {
                    stream.write_all(b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
                });
                sent.is_ok()
            }
        }
    }

    fn forget(&self, number: u64) -> bool {
        let order = json!({
            "regulationType": "SUPPRESS_WITH_DELETE", "subjectType": "USER_ID", "subjectIds": [format!("user-{}", number * 7 % 5000)],
        });
        self.post("/regulations", &format!("Bearer {}", self.admin), &order) == Some(200)
    }
}

impl Collector {
    fn start(data: &Path, settings: &[(&str, String)]) -> anyhow::Result<Collector> {
        let mut command = Command::new(program());
        for (key, value) in settings {
            command.env(format!("HELIOGRAPH_COLLECTOR_{key}"), value);
        }
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("heliograph-collector")?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        match line.trim_end().strip_prefix("listening on ") {
            Some(url) => Ok(Collector {
                url: url.to_owned(),
                child,
                looks: Vec::new(),
            }),
            None => bail!("a collector did not start: {line}"),
        }
    }

    /// Notes how much memory (KiB) it takes, and how many files it has open.
    fn look(&mut self) -> anyhow::Result<()> {
        let id = self.child.id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).context("a collector has ended")?;
        let memory = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok())
            .context("no memory is told")?;
        let files = fs::read_dir(format!("/proc/{id}/fd"))?.count();
        #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
        self.looks.push((memory, files as f64));
        Ok(())
    }

    /// Whether the last third is more than the one before it.
    fn grown(&self, name: &str) -> anyhow::Result<bool> {
        let third = self.looks.len() / 3;
        ensure!(third >= LEAST, "too short to be judged: give it more minutes");
        let middle = &self.looks[third..2 * third];
        let last = &self.looks[2 * third..];
        let (before, after) = (median(middle), median(last));
        println!(
            "{name}: {:.0} MiB and {:.0} files, then {:.0} MiB and {:.0} files",
            before.0 / 1024.0,
            before.1,
            after.0 / 1024.0,
            after.1
        );
        Ok(after.0 > before.0 * (1.0 + SHARE) + ROOM || after.1 > before.1 + FILES)
    }

    fn stop(mut self) -> anyhow::Result<()> {
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?;
        let ended = self.child.wait()?;
        ensure!(ended.success(), "a collector ended with {ended}");
        Ok(())
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn median(looks: &[(f64, f64)]) -> (f64, f64) {
    let of = |part: fn(&(f64, f64)) -> f64| {
        let mut values: Vec<f64> = looks.iter().map(part).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    (of(|look| look.0), of(|look| look.1))
}

fn basic(key: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{key}:")))
}

fn program() -> std::path::PathBuf {
    target_folder().join("debug/heliograph-collector")
}

fn key(data: &Path, kind: &str) -> anyhow::Result<String> {
    let printed = output(
        Command::new(program())
            .args(["key", "add", "--kind", kind, "--data"])
            .arg(data),
    )?;
    Ok(printed.trim_end().to_owned())
}

fn token(data: &Path) -> anyhow::Result<String> {
    let printed = output(
        Command::new(program())
            .args(["token", "add", "--scope", "admin", "--data"])
            .arg(data),
    )?;
    Ok(printed.trim_end().to_owned())
}
