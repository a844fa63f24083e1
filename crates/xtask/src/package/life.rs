//! The life of the packages on a systemd of their own: installed, used, upgraded, in the place of the original, removed, purged.
//!
//! `/usr` is this machine's with what is installed over it, and dpkg takes this machine's packages for installed. So what the
//! packages need is there as far as it is here.
#![expect(clippy::print_stdout, reason = "the commands' own output")]
#![expect(clippy::disallowed_methods, reason = "it waits for real services")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use heliograph_fleet::sandbox::{PATIENCE, Sandbox, Setup};
use serde_json::{Value, json};

const SIGNAL: &str = "heliograph-signal";
const COLLECTOR: &str = "heliograph-collector";
const DIAGNOSTICS: &str = "heliograph-diagnostics";
const RELAY: &str = "heliograph-relay";
/// The units that run after an installation.
const RUNNING: [&str; 4] = [
    "heliograph-collector.service",
    "heliograph-diagnostics.service",
    "heliograph-relay.socket",
    "heliograph-signal.timer",
];
/// The unit that DC/OS 1.10 brings, but for its key, and for the host that it looks for first.
const UNIT_OF_DCOS: &str = "[Unit]\nDescription=DC/OS Signal: reports cluster telemetry and analytics to help improve DC/OS\n\
    [Service]\nType=simple\nRestart=on-failure\nRestartSec=20\nLimitNOFILE=16384\nSyslogIdentifier=dcos-signal\n\
    EnvironmentFile=/opt/mesosphere/environment\nEnvironmentFile=-/opt/mesosphere/etc/cfn_signal_metadata\n\
    ExecStart=/opt/mesosphere/bin/dcos-signal -segment-key ";

/// A host, and the folder of this machine that is its root.
struct Host {
    sandbox: Sandbox,
}

/// Lives through it.
pub(super) fn live(earlier: &[PathBuf], packages: &[PathBuf]) -> anyhow::Result<()> {
    let Some(host) = Host::start(earlier, packages) else {
        return Ok(());
    };
    let before = host.files()?;
    host.install(earlier)?;
    host.report()?;
    host.upgrade(packages)?;
    host.stand_in(packages)?;
    host.remove()?;
    host.purge(&before)
}

impl Host {
    fn start(earlier: &[PathBuf], packages: &[PathBuf]) -> Option<Host> {
        let mut setup = Setup::new()?.installing();
        for (packages, folder) in [(earlier, "earlier"), (packages, "packages")] {
            for package in packages {
                let inside = inside(folder, package);
                setup = setup.shown(package, &inside);
            }
        }
        let sandbox = setup.start();
        // Images of containers often say that installing starts no service.
        sandbox.run(&["rm", "-f", "/usr/sbin/policy-rc.d"]);
        Some(Host { sandbox })
    }

    fn install(&self, packages: &[PathBuf]) -> anyhow::Result<()> {
        self.dpkg("--install", &all(packages, "earlier", is_ours))?;
        for unit in RUNNING {
            self.wait(unit, |host| host.is_active(unit))?;
            self.run(&["systemctl", "is-enabled", unit])?;
        }
        for account in [SIGNAL, COLLECTOR, DIAGNOSTICS] {
            self.run(&["id", account])?;
        }
        ensure!(
            !self.is_active("heliograph-signal.service"),
            "installing waits for no report"
        );
        // Nobody has answered yet: the notice stands, and nothing is collected.
        let explained = self.run_as(SIGNAL, &["heliograph-signal", "explain"])?;
        println!(
            "installed: {} run; before an answer: {}",
            RUNNING.join(", "),
            first_line(&explained)
        );
        Ok(())
    }

    /// The operator answers, and hands over a key; then the service reports to the collector.
    fn report(&self) -> anyhow::Result<()> {
        let data = ["--config", "/etc/heliograph/collector.toml"];
        let add = [
            &["heliograph-collector", "key", "add", "--kind", "cluster"],
            &data[..],
        ]
        .concat();
        let key = self.run_as(COLLECTOR, &add)?;
        self.write("etc/heliograph/write-key", &key, 0o600)?;
        let config = self.path("etc/heliograph/signal.toml");
        let text = fs::read_to_string(&config)?
            .replace("#enabled = true", "enabled = true")
            .replace(
                "#sink = \"https://collector.example\"",
                "sink = \"http://127.0.0.1:8080\"",
            );
        ensure!(
            text.contains("\nenabled = true") && text.contains("\nsink = "),
            "signal.toml has another form"
        );
        fs::write(&config, text)?;
        // At once, not in this cluster's minute.
        let at_once = "[Service]\nExecStart=\nExecStart=/usr/bin/heliograph-signal report\n";
        self.write(
            "etc/systemd/system/heliograph-signal.service.d/at-once.conf",
            at_once,
            0o644,
        )?;
        self.run(&["systemctl", "daemon-reload"])?;
        self.run(&["systemctl", "start", "heliograph-signal.service"])
            .with_context(|| self.journal())?;
        self.wait("a report", |host| {
            host.messages().is_ok_and(|told| !told.is_empty())
        })?;
        let key = key.trim();
        let journal = self.run(&["journalctl", "--no-pager"])?;
        ensure!(!journal.contains(key), "the write key is in the journal");
        let told = self.messages()?;
        println!("reported: {} message, {}", told.len(), told[0]["event"]);
        Ok(())
    }

    fn upgrade(&self, packages: &[PathBuf]) -> anyhow::Result<()> {
        let process = self.run(&["systemctl", "show", "-PMainPID", RUNNING[0]])?;
        let kept = [
            "etc/heliograph/signal.toml",
            "var/lib/heliograph/signal/reporter",
            "var/lib/heliograph/signal/cluster-id",
        ];
        let read = || -> anyhow::Result<Vec<Vec<u8>>> {
            kept.iter()
                .map(|path| fs::read(self.path(path)).with_context(|| (*path).to_owned()))
                .collect()
        };
        let (before, told) = (read()?, self.messages()?);
        self.dpkg("--install", &all(packages, "packages", is_ours))?;
        for unit in RUNNING {
            self.wait(unit, |host| host.is_active(unit))?;
        }
        ensure!(
            read()? == before,
            "the upgrade changed the configuration or the state"
        );
        ensure!(self.messages()? == told, "the upgrade lost messages");
        let now = self.run(&["systemctl", "show", "-PMainPID", RUNNING[0]])?;
        ensure!(now != process, "the collector was not restarted");
        println!(
            "upgraded: configuration, state and {} message are as they were",
            told.len()
        );
        Ok(())
    }

    /// The unit of DC/OS, unchanged, runs ours when `dcos-signal` is installed.
    fn stand_in(&self, packages: &[PathBuf]) -> anyhow::Result<()> {
        self.dpkg("--purge", &[RELAY.to_owned(), SIGNAL.to_owned()])?;
        let key = fs::read_to_string(self.path("etc/heliograph/write-key"))?;
        let original = "#!/bin/sh\ntouch /run/the-original-ran\n";
        self.write(
            "opt/mesosphere/packages/dcos-signal--1/bin/dcos-signal",
            original,
            0o755,
        )?;
        fs::create_dir_all(self.path("opt/mesosphere/bin"))?;
        std::os::unix::fs::symlink(
            "/opt/mesosphere/packages/dcos-signal--1/bin/dcos-signal",
            self.path("opt/mesosphere/bin/dcos-signal"),
        )?;
        self.write("opt/mesosphere/environment", "DCOS_VERSION=1.10\n", 0o644)?;
        self.write(
            "var/lib/dcos/cluster-id",
            "70b28f00-e38f-41b2-a723-aab344f535b9",
            0o644,
        )?;
        let config = json!({
            "diagnostics_urls": ["http://127.0.0.1:1050/system/health/v1/report?cache=0"],
            "cosmos_urls": [], "mesos_urls": [], "gen_provider": "aws", "enabled": "true",
        });
        let folder = "opt/mesosphere/etc";
        self.write(
            &format!("{folder}/dcos-signal-config.json"),
            &config.to_string(),
            0o644,
        )?;
        let extra = json!({"sink": "http://127.0.0.1:8080"}).to_string();
        self.write(&format!("{folder}/dcos-signal-extra.json"), &extra, 0o644)?;
        let unit = format!("{UNIT_OF_DCOS}{key}");
        self.write("etc/systemd/system/dcos-signal.service", &unit, 0o644)?;
        self.run(&["systemctl", "daemon-reload"])?;
        self.run(&["systemctl", "start", "dcos-signal.service"])?;
        self.wait("the original", |host| host.path("run/the-original-ran").exists())?;
        fs::remove_file(self.path("run/the-original-ran"))?;

        self.dpkg(
            "--install",
            &all(packages, "packages", |name| name.starts_with("dcos-signal")),
        )?;
        self.run(&["systemctl", "start", "dcos-signal.service"])?;
        self.wait("a report by the unit of DC/OS", |host| {
            host.messages().is_ok_and(|told| {
                told.iter()
                    .any(|message| message["anonymousId"] == "70b28f00-e38f-41b2-a723-aab344f535b9")
            })
        })?;
        ensure!(!self.path("run/the-original-ran").exists(), "the original ran");
        self.dpkg("--purge", &["dcos-signal".to_owned()])?;
        self.run(&["systemctl", "start", "dcos-signal.service"])?;
        self.wait("the original again", |host| {
            host.path("run/the-original-ran").exists()
        })?;
        println!("stood in: the unit of DC/OS ran dcos-signal, and the original after its removal");
        for path in ["opt/mesosphere", "var/lib/dcos"] {
            fs::remove_dir_all(self.path(path))?;
        }
        fs::remove_file(self.path("etc/systemd/system/dcos-signal.service"))?;
        fs::remove_file(self.path("run/the-original-ran"))?;
        self.dpkg("--install", &all(packages, "packages", is_ours))
    }

    fn remove(&self) -> anyhow::Result<()> {
        let names = [RELAY, SIGNAL, DIAGNOSTICS, COLLECTOR].map(str::to_owned);
        self.dpkg("--remove", &names)?;
        for unit in RUNNING {
            ensure!(!self.is_active(unit), "{unit} still runs");
        }
        for kept in ["etc/heliograph/collector.toml", "var/lib/heliograph/collector"] {
            ensure!(
                self.path(kept).exists(),
                "{kept} went with the packages, and not only when they are purged"
            );
        }
        println!("removed: nothing runs; configuration and data are kept");
        Ok(())
    }

    fn purge(&self, before: &BTreeMap<PathBuf, bool>) -> anyhow::Result<()> {
        // What the operator made is the operator's, and goes with them.
        fs::remove_file(self.path("etc/heliograph/write-key"))?;
        self.dpkg(
            "--purge",
            &[RELAY, SIGNAL, DIAGNOSTICS, COLLECTOR].map(str::to_owned),
        )?;
        // Accounts stay, so that no other gets their numbers.
        fs::remove_dir_all(self.path("etc/systemd/system/heliograph-signal.service.d"))?;
        let expected = |path: &Path| {
            let text = path.to_string_lossy();
            [
                "etc/passwd",
                "etc/group",
                "etc/shadow",
                "etc/gshadow",
                "etc/subuid",
                "etc/subgid",
                "etc/.pwd.lock",
            ]
            .iter()
            .any(|name| text.starts_with(name))
                || text.starts_with("var/lib/dpkg")
                || text.starts_with("var/lib/systemd")
                || text.starts_with("var/log")
                || text.starts_with("var/tmp")
                || text.starts_with("var/cache")
        };
        let after = self.files()?;
        let left: Vec<_> = after
            .keys()
            .filter(|path| !before.contains_key(*path) && !expected(path))
            .collect();
        ensure!(left.is_empty(), "left behind: {left:?}");
        println!("purged: no file is left but the accounts");
        Ok(())
    }

    /// All that lies in `/etc` and `/var`, and whether it is a folder.
    fn files(&self) -> anyhow::Result<BTreeMap<PathBuf, bool>> {
        let root = self.sandbox.root();
        let mut found = BTreeMap::new();
        let mut open = vec![root.join("etc"), root.join("var")];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let is_folder = entry.file_type()?.is_dir();
                found.insert(entry.path().strip_prefix(&root)?.to_owned(), is_folder);
                if is_folder {
                    open.push(entry.path());
                }
            }
        }
        Ok(found)
    }

    fn messages(&self) -> anyhow::Result<Vec<Value>> {
        let words = [
            "heliograph-collector",
            "messages",
            "--config",
            "/etc/heliograph/collector.toml",
        ];
        let lines = self.run_as(COLLECTOR, &words)?;
        lines
            .lines()
            .map(|line| Ok(serde_json::from_str(line)?))
            .collect()
    }

    fn dpkg(&self, what: &str, packages: &[String]) -> anyhow::Result<()> {
        let mut words = vec![
            "env",
            "DEBIAN_FRONTEND=noninteractive",
            "dpkg",
            "--force-confold",
            // Those of other packages, whose accounts the sandbox has not got.
            "--no-triggers",
            what,
        ];
        words.extend(packages.iter().map(String::as_str));
        self.run(&words).map(|_| ())
    }

    fn is_active(&self, unit: &str) -> bool {
        self.run(&["systemctl", "is-active", unit]).is_ok()
    }

    fn run_as(&self, account: &str, words: &[&str]) -> anyhow::Result<String> {
        // The sandbox has no PAM, which `runuser` asks.
        let words_before = [
            "setpriv",
            "--reuid",
            account,
            "--regid",
            account,
            "--clear-groups",
        ];
        self.run(&[&words_before[..], words].concat())
    }

    /// Runs a command there, which must end well, and returns what it printed.
    fn run(&self, words: &[&str]) -> anyhow::Result<String> {
        let output = self.sandbox.run(words);
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        ensure!(
            output.status.success(),
            "{}: {}\n{out}{err}",
            words.join(" "),
            output.status
        );
        Ok(out.into_owned())
    }

    fn wait(&self, what: &str, is_so: impl Fn(&Host) -> bool) -> anyhow::Result<()> {
        let begin = Instant::now();
        while !is_so(self) {
            if begin.elapsed() > PATIENCE {
                bail!("{what}: not within {PATIENCE:?}\n{}", self.journal());
            }
            sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    /// What the journal says last.
    fn journal(&self) -> String {
        let words = ["journalctl", "--no-pager", "--lines", "40"];
        self.run(&words).unwrap_or_default()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.sandbox.root().join(path)
    }

    fn write(&self, path: &str, text: &str, mode: u32) -> anyhow::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, text)?;
        Ok(fs::set_permissions(&path, fs::Permissions::from_mode(mode))?)
    }
}

/// Our own packages; the other is for DC/OS.
fn is_ours(name: &str) -> bool {
    name.starts_with("heliograph-")
}

fn all(packages: &[PathBuf], folder: &str, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let wanted = |package: &&PathBuf| {
        package
            .file_name()
            .is_some_and(|name| wanted(&name.to_string_lossy()))
    };
    packages
        .iter()
        .filter(wanted)
        .map(|package| inside(folder, package))
        .collect()
}

fn inside(folder: &str, package: &Path) -> String {
    let name = package.file_name().unwrap_or_default().to_string_lossy();
    format!("/packages/{folder}/{name}")
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
