//! The same through a cluster's own relay, behind nginx with the lines of `docs/UI.md`: the browser talks to its own origin, and what
//! arrives comes by signal's spool.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use heliograph_fleet::nginx::Nginx;
use heliograph_fleet::skip::skipped;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::site::{Plan, Site};
use super::visit::Visit;
use super::{SECRETS, TOLD, tour};
use crate::collector::{BINARY, TestCollector, run};
use crate::deletion::found;
use crate::sdk::chromium::{Chromium, Setup};

const CLUSTER: &str = "70b28f00-e38f-41b2-a723-aab344f535b9";

/// A relay beside the collector's program, with a configuration of its own.
pub(crate) struct Relay {
    child: Child,
    dir: TempDir,
    nginx: Option<Nginx>,
}

/// A program of the workspace; `None`, said loudly, where it was not built.
fn program(name: &str) -> Option<PathBuf> {
    let path = Path::new(BINARY).with_file_name(name);
    if !path.exists() {
        skipped(&format!("{name} is not built (`cargo build -p {name}` does it)"));
        return None;
    }
    Some(path)
}

impl Relay {
    pub(crate) fn start(collector: &TestCollector, enabled: bool) -> Option<Relay> {
        program("heliograph-signal")?;
        let dir = TempDir::new().unwrap();
        let key = dir.path().join("write-key");
        fs::write(&key, collector.key("cluster")).unwrap();
        let config = format!(
            "sink = \"{}\"\nwrite_key_file = \"{}\"\nstate_dir = \"{}\"\ncluster_id = \"{CLUSTER}\"\nenvironment_version = \"1.10\"\n\
             gen_provider = \"aws\"\nenabled = {enabled}\ndiagnostics_urls = []\ncosmos_urls = []\nmesos_urls = []\n",
            collector.url(),
            key.display(),
            dir.path().join("state").display(),
        );
        fs::write(dir.path().join("signal.toml"), config).unwrap();
        fs::write(
            dir.path().join("relay.toml"),
            "errors = true\nclient_burst = 1000\n",
        )
        .unwrap();
        let mut relay = Relay {
            child: listening(dir.path())?,
            dir,
            nginx: None,
        };
        let socket = format!("unix:{}:", relay.dir.path().join("socket").display());
        relay.nginx = Some(Nginx::before_relay(&socket, relay.dir.path().join("nginx"))?);
        Some(relay)
    }

    /// Where the proxy before it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.nginx.as_ref().unwrap().address
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Changes signal's configuration: the collector may be back on another port.
    pub(crate) fn reconfigure(&self, from: &str, to: &str) {
        let file = self.dir.path().join("signal.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, text.replace(from, to)).unwrap();
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Starts it again.
    pub(crate) fn restart(&mut self) {
        self.child = listening(self.dir.path()).unwrap();
    }

    pub(crate) fn signal(&self, arguments: &[&str]) -> Output {
        self.signal_command(arguments).output().unwrap()
    }

    pub(crate) fn signal_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("heliograph-signal").unwrap());
        command
            .args(arguments)
            .arg("-c")
            .arg(self.dir.path().join("signal.toml"))
            .env_remove("DO_NOT_TRACK");
        command
    }

    /// All that there is of the cluster's side, but for the configuration.
    fn folders(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.dir.path().join("state")];
        let mut at = 0;
        while let Some(folder) = folders.get(at) {
            let inner: Vec<_> = fs::read_dir(folder).map_or_else(
                |_| Vec::new(),
                |entries| {
                    let paths = entries.map(|entry| entry.unwrap().path());
                    paths.filter(|path| path.is_dir()).collect()
                },
            );
            folders.extend(inner);
            at += 1;
        }
        folders.into_iter().filter(|folder| folder.exists()).collect()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The program, once it listens on the socket in its folder.
fn listening(folder: &Path) -> Option<Child> {
    let log = fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .unwrap();
    let mut child = Command::new(program("heliograph-relay")?)
        .arg("--listen")
        .arg(format!("unix:{}", folder.join("socket").display()))
        .arg("--config")
        .arg(folder.join("relay.toml"))
        .arg("--signal-config")
        .arg(folder.join("signal.toml"))
        .env_remove("DO_NOT_TRACK")
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(
        line.starts_with("listening on unix:"),
        "it says {line:?}: {}",
        fs::read_to_string(folder.join("log")).unwrap()
    );
    Some(child)
}

pub(crate) fn begin(plan: Plan, path: &str, enabled: bool) -> Option<(Visit, Relay)> {
    let collector = TestCollector::start();
    let relay = Relay::start(&collector, enabled)?;
    let site = Site::start(plan, "", relay.address(), true);
    let chromium = Chromium::open_as(&format!("{}{path}", site.url()), &Setup::default())?;
    let visit = Visit {
        site,
        chromium,
        collector,
    };
    Some((visit, relay))
}

#[test]
fn what_a_cluster_s_interface_tells_arrives_by_its_spool_without_saying_who() {
    for (link, path, lost, routing) in [
        (
            "",
            "/?token=s3cret",
            "history.pushState(null, '', '/secret/10.0.0.7');",
            "history",
        ),
        (
            "#",
            "/hash/?token=s3cret#/",
            "location.hash = '#/secret/10.0.0.7';",
            "hash",
        ),
    ] {
        let plan = Plan {
            loads: vec![format!(
                "{} await click('#who a'); await click('#nav a'); await click('#fail');",
                tour(link, lost)
            )],
            init: json!({"errors": true}),
            ..Plan::default()
        };
        let Some((mut visit, relay)) = begin(plan, path, true) else {
            return;
        };
        visit.until_taken(TOLD.len() + 3);
        visit.check_nothing_else();
        assert_eq!(
            visit.collector.messages().len(),
            0,
            "nothing leaves but with signal"
        );
        let delivered = relay.signal(&["report"]);
        assert!(delivered.status.success(), "{delivered:?}");
        let told = visit.told();
        assert_eq!(told[..TOLD.len()], TOLD, "{routing}");
        assert_eq!(
            told[TOLD.len()..],
            ["page /login", "page /", "ui_error TypeError on /"]
        );
        let stored = visit.stored();
        let users: BTreeSet<_> = stored
            .iter()
            .filter_map(|message| message["userId"].as_str())
            .collect();
        assert_eq!(users.len(), 1, "{users:?}");
        for message in &stored {
            let common = if message["type"] == "identify" {
                &message["traits"]
            } else {
                &message["properties"]
            };
            for (name, value) in [
                ("clusterId", CLUSTER),
                ("environmentVersion", "1.10"),
                ("provider", "aws"),
                ("variant", "open"),
            ] {
                assert_eq!(common[name], value, "{message}");
            }
            assert_eq!(message["context"]["library"]["name"], "heliograph-tracker");
            assert!(message["context"]["reporter"].is_string());
            let mut members: Vec<_> = message["context"].as_object().unwrap().keys().collect();
            members.retain(|name| *name != "drift");
            assert_eq!(members, ["library", "reporter"]);
        }
        let usage = run(
            visit.collector.data(),
            &["ask", "ui-use", "--cluster", CLUSTER, "--format", "json"],
        );
        let usage: Value = serde_json::from_slice(&usage.stdout).unwrap();
        assert_eq!(
            ["logIns", "pageViews", "installations"].map(|name| usage["rows"][0][name].clone()),
            [json!(1), json!(11), json!(1)],
            "{usage}"
        );
        // Neither the vendor nor the cluster's own files have it.
        let log = fs::read_to_string(relay.dir.path().join("log")).unwrap();
        assert!(!SECRETS.iter().any(|secret| log.contains(secret)), "{log}");
        assert!(visit.collector.stop().success());
        let mut folders = relay.folders();
        assert!(
            folders.iter().any(|folder| folder.ends_with("ledger")),
            "{folders:?}"
        );
        folders.push(visit.collector.data().to_owned());
        for folder in folders {
            // The ledger and the spool name the sink, which is this machine.
            let secrets: Vec<_> = SECRETS
                .iter()
                .copied()
                .filter(|secret| *secret != "localhost")
                .collect();
            assert_eq!(found(&folder, &secrets), [""; 0], "{}", folder.display());
        }
    }
}

#[test]
fn where_the_cluster_s_telemetry_is_off_its_interface_is_silent() {
    let acts = "await tracked(); heliograph.login('jane@example.com'); await click('a[href=\"/nodes\"]'); await sleep(2600);
        report({ remembered: remembered() }); report('done');";
    let plan = Plan {
        loads: vec![acts.to_owned()],
        ..Plan::default()
    };
    let Some((mut visit, relay)) = begin(plan, "/", false) else {
        return;
    };
    visit.until("it is used", |visit| visit.site.has_said("done"));
    assert_eq!(visit.site.reports()[0]["remembered"], json!([]));
    assert_eq!(visit.site.batches().len(), 0);
    assert!(!relay.folders().iter().any(|folder| folder.ends_with("spool")));
    // Whoever sends all the same is told that, and nothing is kept.
    let mut client = crate::client::Client::to(relay.address()).unwrap();
    let body = json!({"batch": [{"type": "page", "name": "/", "anonymousId": "a", "messageId": "m"}]});
    let answer = client.send("POST", "/telemetry/v1/batch", &[], body.to_string().as_bytes());
    assert_eq!(
        answer.unwrap_or_else(|_| panic!("it does not answer")).status,
        204
    );
    assert!(!relay.folders().iter().any(|folder| folder.ends_with("spool")));
}
