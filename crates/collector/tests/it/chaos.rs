//! Signal, a way between that breaks, and the collector, each of them killed at random: every report arrives exactly once.
//!
//! Several clusters report hour after hour, in this process and, to be killed, with the real binary. Between them and the real
//! collector is a way that breaks connections before and within a request, loses answers after the collector took the
//! data, cuts answers in half, and answers 429 and 503 of its own. The collector is killed with SIGKILL and started again all
//! the while. At the end all is well for a moment, and what waits is delivered.
//!
//! The short form runs always; `HELIOGRAPH_LONG=1` asks for the long one.
#![expect(
    clippy::disallowed_methods,
    reason = "which form runs is said in the environment, and files are compared with the real clock"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use heliograph_fleet::skip::skipped;
use heliograph_fleet::{Documents, Emulation};
use heliograph_signal::clock::Clock;
use heliograph_signal::config::{self, Config};
use heliograph_signal::cycle::{Asked, Cycle, Exit};
use heliograph_signal::environment::Environment;
use heliograph_wire::id::Hour;
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::chance::{Chance, long};
use crate::collector::TestCollector;
use crate::way::{Fate, Way};

const CLUSTERS: u64 = 8;
/// Reports of the short form and the long.
const SHORT: u64 = 304;
const LONG: u64 = 2000;
const EVENTS: [&str; 3] = ["health", "mesos_track", "package_list"];

/// What becomes of the next connection, as often as this.
fn fate(chance: &Chance) -> Fate {
    let (fate, part, wait) = (chance.below(100), chance.below(100), chance.below(5) / 4);
    match fate {
        0..8 => Fate::BrokenBefore,
        8..14 => Fate::TooMany(wait),
        14..20 => Fate::Unavailable,
        20..28 => Fate::BrokenWithin(part),
        28..40 => Fate::AnswerLost,
        40..46 => Fate::AnswerCut(part),
        _ => Fate::Passed,
    }
}

/// A cluster, and its reporter in this process and as a process of its own.
struct Reporter {
    name: String,
    _cluster: Emulation,
    folder: TempDir,
    config: Config,
    /// The real binary, where it was built.
    binary: Option<PathBuf>,
}

impl Reporter {
    fn new(number: u64, sink: SocketAddr, key: &str, binary: Option<PathBuf>) -> Reporter {
        let name = format!("cluster-{number}");
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dcos-1.8");
        let cluster = Emulation::builder(Documents::from_dir(fixtures).unwrap())
            .start()
            .unwrap();
        let folder = TempDir::new().unwrap();
        let text = json!({
            "enabled": true, "sink": format!("http://{sink}"), "write_key": key, "state_dir": folder.path().join("state"),
            "cluster_id": name, "gen_provider": "aws", "environment_version": "1.8", "delivery_timeout": "1s",
            "diagnostics_urls": [cluster.diagnostics_url()], "cosmos_urls": [cluster.cosmos_url()],
            "mesos_urls": [cluster.metrics_url(), cluster.frameworks_url()],
        });
        let path = folder.path().join("signal.json");
        fs::write(&path, text.to_string()).unwrap();
        let (config, _) =
            config::from_texts(&[(path, text.to_string())], &Environment::default(), vec![]).unwrap();
        Reporter {
            name,
            _cluster: cluster,
            folder,
            config,
            binary,
        }
    }

    fn report(&self, config: &Config, hour: u64) {
        let cycle = Cycle {
            config,
            environment: &Environment::default(),
            clock: Clock::new(Some(at(hour))),
            stop: &AtomicBool::new(false),
        };
        let ended = cycle.report(Asked::ByHand);
        assert!(
            matches!(ended, Ok(Exit::Done)),
            "{} hour {hour}: {ended:?}",
            self.name
        );
    }

    fn command(&self, binary: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(binary);
        command
            .args(words)
            .arg("--config")
            .arg(self.folder.path().join("signal.json"))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Reports with the real binary, and kills it after a while. Whether it was killed.
    fn report_and_kill(&self, binary: &Path, hour: u64, after: Duration) -> bool {
        let begun = SystemTime::now() - Duration::from_millis(50);
        let now = at(hour).to_string();
        let mut child = self.command(binary, &["report", "--now", &now]).spawn().unwrap();
        thread::sleep(after);
        let _ = child.kill();
        let status = child.wait().unwrap();
        if status.code().is_some() {
            assert!(status.success(), "{} hour {hour}: {status}", self.name);
            return false;
        }
        // A report that it had kept must arrive whatever happens. One that it had not is not signal's yet: its hour is asked for
        // again, as a timer that is behind would.
        if !self.has_kept(hour) && !self.has_sent(hour, begun) {
            self.report(&self.config, hour);
        }
        true
    }

    fn has_kept(&self, hour: u64) -> bool {
        let name = format!("state/spool/{}.report", Hour::of(at(hour)));
        self.folder.path().join(name).exists()
    }

    fn has_sent(&self, hour: u64, since: SystemTime) -> bool {
        let id = self.id(EVENTS[0], hour);
        let Ok(bodies) = fs::read_dir(self.folder.path().join("state/ledger/bodies")) else {
            return false;
        };
        bodies.flatten().any(|body| {
            let recent = body
                .metadata()
                .and_then(|body| body.modified())
                .is_ok_and(|written| written >= since);
            let hidden = body.file_name().to_string_lossy().starts_with('.');
            recent && !hidden && fs::read_to_string(body.path()).is_ok_and(|text| text.contains(&id))
        })
    }

    fn id(&self, event: &str, hour: u64) -> String {
        format!("{}:{event}:{}", self.name, Hour::of(at(hour)))
    }

    /// Lives through its hours; returns how often its process was killed.
    fn live(&self, hours: u64, chance: &Chance) -> usize {
        let mut kills = 0;
        for hour in 0..hours {
            match &self.binary {
                Some(binary) if chance.below(4) == 0 => {
                    kills += usize::from(self.report_and_kill(binary, hour, chance.millis(1, 120)));
                }
                _ => {
                    let config = Config {
                        delivery_timeout: chance.millis(20, 700),
                        ..self.config.clone()
                    };
                    self.report(&config, hour);
                }
            }
        }
        kills
    }

    /// Delivers what waits, and asks no source.
    fn deliver_the_rest(&self, hours: u64) {
        let config = Config {
            diagnostics_urls: vec![],
            cosmos_urls: vec![],
            mesos_urls: vec![],
            delivery_timeout: Duration::from_secs(60),
            ..self.config.clone()
        };
        for _ in 0..3 {
            self.report(&config, hours);
        }
        let spool = fs::read_dir(self.folder.path().join("state/spool")).unwrap();
        let left: Vec<_> = spool
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".report") || name == "aside")
            .collect();
        assert!(
            left.is_empty(),
            "{}: still waits, or was set aside: {left:?}",
            self.name
        );
        if let Some(binary) = &self.binary {
            let verified = self.command(binary, &["log", "verify"]).status().unwrap();
            assert!(verified.success(), "{}: the ledger was damaged", self.name);
        }
    }
}

fn at(hour: u64) -> Timestamp {
    "2026-10-01T00:30:00Z".parse::<Timestamp>().unwrap() + Duration::from_secs(3600 * hour)
}

/// The real binary, next to this one's folder.
fn signal_binary() -> Option<PathBuf> {
    let own = std::env::current_exe().unwrap();
    let binary = own.parent()?.parent()?.join("heliograph-signal");
    if binary.exists() {
        return Some(binary);
    }
    skipped(&format!(
        "kills of signal: {} is not built (cargo build -p heliograph-signal)",
        binary.display()
    ));
    None
}

/// Kills the collector at random and starts it again, until it is told to stop; returns how often.
fn torment(collector: &mut TestCollector, way: &Way, chance: &Chance, stop: &AtomicBool) -> usize {
    let mut kills = 0;
    while !stop.load(Ordering::SeqCst) {
        thread::sleep(chance.millis(100, 900));
        collector.kill();
        kills += 1;
        thread::sleep(chance.millis(0, 150));
        collector.restart();
        way.lead_to(collector.address());
    }
    kills
}

#[test]
fn every_report_arrives_exactly_once() {
    let (form, reports) = if long() { ("long", LONG) } else { ("short", SHORT) };
    let hours = reports / CLUSTERS;
    let mut collector = TestCollector::start();
    let chance = Chance::of(1);
    let way = Way::to(collector.address(), move || fate(&chance));
    let binary = signal_binary();
    let reporters: Vec<_> = (0..CLUSTERS)
        .map(|number| Reporter::new(number, way.address(), &collector.key("cluster"), binary.clone()))
        .collect();

    let stop = AtomicBool::new(false);
    let (signal_kills, collector_kills) = thread::scope(|scope| {
        let tormentor = scope.spawn(|| torment(&mut collector, &way, &Chance::of(2), &stop));
        let lives: Vec<_> = (3..)
            .zip(&reporters)
            .map(|(seed, reporter)| scope.spawn(move || reporter.live(hours, &Chance::of(seed))))
            .collect();
        let ended: Vec<_> = lives.into_iter().map(thread::ScopedJoinHandle::join).collect();
        stop.store(true, Ordering::SeqCst);
        let collector_kills = tormentor.join().unwrap();
        let signal_kills: usize = ended.into_iter().map(Result::unwrap).sum();
        (signal_kills, collector_kills)
    });
    way.calm();
    for reporter in &reporters {
        reporter.deliver_the_rest(hours);
    }

    let messages = collector.messages();
    let ids: BTreeSet<String> = messages
        .iter()
        .map(|message: &Value| message["messageId"].as_str().unwrap().to_owned())
        .collect();
    let expected: BTreeSet<String> = reporters
        .iter()
        .flat_map(|reporter| (0..hours).flat_map(move |hour| EVENTS.map(|event| reporter.id(event, hour))))
        .collect();
    let _ = writeln!(
        io::stderr(),
        "chaos, {form} form: {reports} reports of {CLUSTERS} clusters, {} messages stored, {} ids; signal killed {signal_kills} \
         times, the collector {collector_kills} times; {:?}",
        messages.len(),
        ids.len(),
        way.fates()
    );
    let lost: Vec<_> = expected.difference(&ids).collect();
    assert!(lost.is_empty(), "{} were lost: {lost:#?}", lost.len());
    let strange: Vec<_> = ids.difference(&expected).collect();
    assert!(strange.is_empty(), "nobody sent {strange:#?}");
    assert_eq!(messages.len(), ids.len(), "some were stored twice");
}
