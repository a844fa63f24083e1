//! A cluster of nodes with addresses of their own, each with a systemd of its own: one is killed, one cut off, one slow, one
//! started again; and what signal tells of it.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use heliograph_fleet::skip::skipped;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::net::Net;
use crate::sandbox::{PATIENCE, Sandbox, Setup};
use crate::scripted::{Says, Scripted};

const BASE: &str = "/system/health/v1";
const PORT: u16 = 1050;
/// The token by which the nodes know the master, and one of them does.
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// How often each node is asked. Long, so that a busy machine does not matter beside it.
const INTERVAL: Duration = Duration::from_secs(10);

/// A node: name, address, role, units that are well, units that are not.
type Plan = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const PLANS: [Plan; 4] = [
    ("m1", "10.79.0.11", "master", &["dcos-both", "dcos-master"], &[]),
    ("a1", "10.79.0.12", "agent", &["dcos-agent"], &["dcos-both"]),
    ("a2", "10.79.0.13", "agent", &["dcos-both", "dcos-agent"], &[]),
    ("a3", "fd79::14", "agent_public", &["dcos-both"], &["dcos-agent"]),
];

/// What a unit's counts must be: total, unhealthy, unknown; where only these nodes can be seen.
fn truth(seen: &[&str]) -> Map<String, Value> {
    let mut expected = Map::new();
    for unit in ["dcos-both", "dcos-master", "dcos-agent"] {
        let (mut total, mut unhealthy, mut unknown) = (0, 0, 0);
        for (name, _, _, well, ill) in PLANS {
            if !well.contains(&unit) && !ill.contains(&unit) {
                continue;
            }
            match seen.contains(&name) {
                true => total += 1,
                false => unknown += 1,
            }
            unhealthy += u64::from(seen.contains(&name) && ill.contains(&unit));
        }
        if total > 0 {
            expected.insert(format!("health-unit-{unit}-service-total"), json!(total));
            expected.insert(format!("health-unit-{unit}-service-unhealthy"), json!(unhealthy));
        }
        if unknown > 0 {
            expected.insert(format!("health-unit-{unit}-service-unknown"), json!(unknown));
        }
    }
    if seen.len() < PLANS.len() {
        expected.insert("nodes-unreachable".to_owned(), json!(PLANS.len() - seen.len()));
    }
    expected
}

struct Cluster {
    folder: TempDir,
    master: Daemon,
    nodes: Vec<Option<Daemon>>,
    systems: Vec<Sandbox>,
    net: Net,
}

impl Cluster {
    fn start() -> Option<Cluster> {
        let mut net = Net::new()?;
        let mut setups = Vec::new();
        for (name, address, _, well, ill) in PLANS {
            let length = if address.contains(':') { 64 } else { 24 };
            let other = match name {
                "m1" => Some("fd79::11/64"),
                _ => None,
            };
            let address = format!("{address}/{length}");
            net.add(
                name,
                &[Some(address.as_str()), other]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>(),
            );
            let mut setup = Setup::new()?
                .hostname(name)
                .netns(&net.namespace(name))
                .unit("dcos.target", "[Unit]\nDescription=All units of the test\n")
                .wanted_by("sandbox.target", "dcos.target");
            for (units, command) in [(well, "exec sleep infinity"), (ill, "echo last words; exit 3")] {
                for unit in units {
                    let file = format!("{unit}.service");
                    let text = format!(
                        "[Unit]\nDescription=A {unit}\n[Service]\nExecStart=/bin/sh -c '{command}'\n"
                    );
                    setup = setup.unit(&file, &text).wanted_by("dcos.target", &file);
                }
            }
            setups.push(setup);
        }
        // One after the other: each ends with the thread that started it.
        let systems: Vec<_> = setups.into_iter().map(Setup::start).collect();
        let folder = keys();
        let nodes = (1..PLANS.len())
            .map(|index| Some(node(&net, &systems, &folder, index)))
            .collect();
        let master = master(&net, &systems, &folder);
        Some(Cluster {
            folder,
            master,
            nodes,
            systems,
            net,
        })
    }

    fn node(&self, name: &str) -> usize {
        PLANS.iter().position(|plan| plan.0 == name).unwrap()
    }

    /// Ends a node's daemon without a word.
    fn kill(&mut self, name: &str) {
        let index = self.node(name);
        self.nodes[index - 1] = None;
    }

    fn start_again(&mut self, name: &str) {
        let index = self.node(name);
        self.nodes[index - 1] = Some(node(&self.net, &self.systems, &self.folder, index));
    }

    /// Lets a node's daemon take connections, and answer none.
    fn stop(&self, name: &str) {
        self.nodes[self.node(name) - 1]
            .as_ref()
            .unwrap()
            .signal(rustix::process::Signal::STOP);
    }

    fn resume(&self, name: &str) {
        self.nodes[self.node(name) - 1]
            .as_ref()
            .unwrap()
            .signal(rustix::process::Signal::CONT);
    }

    /// Waits until the report shows exactly these nodes as known, and these reasons of others; returns how long that took.
    fn wait_for(&self, seen: &[&str], reasons: &[(&str, &str)]) -> Duration {
        let begin = Instant::now();
        loop {
            let report = self.master.get_locally(&format!("{BASE}/report"));
            if report.status == 200 {
                let report: Value = serde_json::from_str(&report.body).unwrap();
                let known = PLANS.iter().all(|(name, address, ..)| {
                    let node = &report["Nodes"][address];
                    let reason = reasons
                        .iter()
                        .find(|(of, _)| of == name)
                        .map_or("", |(_, reason)| *reason);
                    let is_known = node["Health"] != json!(3);
                    is_known == seen.contains(name)
                        && (is_known || node["Reason"].as_str().unwrap().contains(reason))
                });
                if known {
                    return begin.elapsed();
                }
            }
            assert!(begin.elapsed() < PATIENCE, "{} {}", report.status, report.body);
            sleep(Duration::from_millis(100));
        }
    }

    /// What signal would tell of the units, by the summary and by the whole report.
    fn previews(&self, signal: &PathBuf) -> [Map<String, Value>; 2] {
        let url = format!("http://{}{BASE}/report?cache=0", self.master.address());
        let whole = self.master.get_locally(&format!("{BASE}/report")).body;
        // One that knows of no summary, as the original's.
        let original = Scripted::saying(Says::Answer(200, whole));
        let by_report = preview(
            Command::new(signal),
            &format!("http://{}/report", original.address),
        );
        assert!(
            original.asked()[0].contains("accept: application/vnd.heliograph.summary+json"),
            "{:?}",
            original.asked()
        );
        [preview(self.net.command("m1", signal), &url), by_report]
    }
}

/// A CA, certificates for the nodes, and the token.
fn keys() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    fs::write(file("ca"), issuer.pem()).unwrap();
    for (name, address, ..) in PLANS {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![address.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        fs::write(file(name), certificate.pem()).unwrap();
        fs::write(file(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }
    let mut token = fs::OpenOptions::new();
    let token = token.write(true).create_new(true).mode(0o600).open(file("token"));
    std::io::Write::write_all(&mut token.unwrap(), format!("master {TOKEN}\n").as_bytes()).unwrap();
    folder
}

/// The daemon of a node that is asked: by certificate, and the last one by token.
fn node(net: &Net, systems: &[Sandbox], folder: &TempDir, index: usize) -> Daemon {
    let (name, address, role, ..) = PLANS[index];
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (certificate, key) = (file(name), file(&format!("{name}.key")));
    let by = match name {
        "a3" => ("TOKEN_FILE", file("token")),
        _ => ("TLS_CA", file("ca")),
    };
    let place = match address.contains(':') {
        true => format!("[{address}]:{PORT}"),
        false => format!("{address}:{PORT}"),
    };
    let more = [
        ("ROLE", role),
        ("TLS_CERT", certificate.as_str()),
        ("TLS_KEY", key.as_str()),
        (by.0, by.1.as_str()),
        ("MEMBERS", ""),
    ];
    Daemon::on(net, name, &systems[index], &[&place], &more)
}

/// The daemon that looks at the cluster.
fn master(net: &Net, systems: &[Sandbox], folder: &TempDir) -> Daemon {
    let file = |name: &str| folder.path().join(name).display().to_string();
    let members: Vec<_> = PLANS.iter().map(|(_, address, ..)| *address).collect();
    let (members, interval) = (members.join(","), format!("{}s", INTERVAL.as_secs()));
    let (certificate, key, ca, token) = (file("m1"), file("m1.key"), file("ca"), file("token"));
    let more = [
        ("ROLE", "master"),
        ("IP", PLANS[0].1),
        ("MEMBERS", members.as_str()),
        ("PULL_INTERVAL", interval.as_str()),
        ("PULL_TIMEOUT", "3s"),
        ("PULL_CA", ca.as_str()),
        ("PULL_TOKEN_FILE", token.as_str()),
        ("TLS_CERT", certificate.as_str()),
        ("TLS_KEY", key.as_str()),
    ];
    Daemon::on(net, "m1", &systems[0], &[], &more)
}

/// What `heliograph-signal preview` tells of the units.
fn preview(mut signal: Command, url: &str) -> Map<String, Value> {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("signal.json");
    let settings = json!({"enabled": true, "diagnostics_urls": [url], "cosmos_urls": [], "mesos_urls": [],
        "cluster_id": "70b28f00-e38f-41b2-a723-aab344f535b9", "state_dir": folder.path().join("state")});
    fs::write(&config, settings.to_string()).unwrap();
    let output = signal
        .arg("preview")
        .arg("--config")
        .arg(&config)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let preview: Value = serde_json::from_slice(&output.stdout).unwrap();
    let properties = preview["diagnostics"]["properties"].as_object().unwrap().clone();
    let of_health = |(name, _): &(String, Value)| name.starts_with("health-") || name.starts_with("nodes-");
    properties.into_iter().filter(of_health).collect()
}

/// The real binary of signal, next to this one's folder.
fn signal() -> Option<PathBuf> {
    let own = std::env::current_exe().unwrap();
    let binary = own.parent()?.parent()?.join("heliograph-signal");
    if !binary.exists() {
        skipped("signal's preview: heliograph-signal is not built (cargo build -p heliograph-signal)");
    }
    Some(binary).filter(|binary| binary.exists())
}

/// Says so when it goes.
struct Stopping<'a>(&'a AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_cluster_is_seen_as_it_is_whatever_becomes_of_its_nodes() {
    let Some(mut cluster) = Cluster::start() else {
        return;
    };
    let all = PLANS.map(|plan| plan.0);
    let signal = signal();
    let tells = |cluster: &Cluster, seen: &[&str]| {
        if let Some(signal) = &signal {
            for preview in cluster.previews(signal) {
                assert_eq!(preview, truth(seen));
            }
        }
    };
    cluster.wait_for(&all, &[]);
    tells(&cluster, &all);

    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        // Nobody ever sees fewer members than there are.
        let socket = cluster.master.socket();
        let stop = &stop;
        // Also when a check fails.
        let _stopping = Stopping(stop);
        scope.spawn(move || {
            let mut watched = 0;
            while !stop.load(Ordering::Relaxed) {
                if let Some(answer) = Daemon::try_get(&socket, &format!("{BASE}/nodes"))
                    && answer.status == 200
                {
                    let nodes: Value = serde_json::from_str(&answer.body).unwrap();
                    assert_eq!(nodes["nodes"].as_array().unwrap().len(), PLANS.len(), "{nodes:#}");
                    watched += 1;
                }
                sleep(Duration::from_millis(50));
            }
            assert!(watched > 0);
        });
        let within = 2 * INTERVAL;

        cluster.kill("a1");
        cluster.net.cut("a2");
        cluster.stop("a3");
        let reasons = [
            ("a1", "nothing listens there"),
            ("a2", ""),
            ("a3", "no answer within 3 s"),
        ];
        let took = cluster.wait_for(&["m1"], &reasons);
        assert!(took < within, "it took {took:?}");
        tells(&cluster, &["m1"]);

        cluster.start_again("a1");
        cluster.net.mend("a2");
        cluster.resume("a3");
        let took = cluster.wait_for(&all, &[]);
        assert!(took < within, "it took {took:?}");
        tells(&cluster, &all);
    });

    // A master that starts again shows nothing until it has seen all, be some of them silent.
    cluster.net.cut("a2");
    cluster.master = master(&cluster.net, &cluster.systems, &cluster.folder);
    let begin = Instant::now();
    loop {
        let answer = cluster.master.get_locally(&format!("{BASE}/nodes"));
        if answer.status == 200 {
            let nodes: Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(nodes["nodes"].as_array().unwrap().len(), PLANS.len(), "{nodes:#}");
            break;
        }
        assert!(answer.status == 503 && begin.elapsed() < PATIENCE, "{answer:?}");
        sleep(Duration::from_millis(50));
    }
    cluster.wait_for(&["m1", "a1", "a3"], &[]);
}
