//! What the documents take for granted: the programs, a collector with a little in it, a cluster, and names that stand for others.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use heliograph_fleet::{Documents, Emulation, skip};
use serde_json::json;
use tempfile::TempDir;

use crate::project::{read, root};

/// A message of the user whom documents forget, and one of the interface.
const BATCH: &str =
    r#"{"batch":[{"type":"track","event":"tried","userId":"ID","anonymousId":"ID","messageId":"1"}]}"#;

/// What a shell of the stage knows: a function that a document defines before, and where signal's configuration is.
const FUNCTIONS: &str = r#"
curl() { command curl --fail-with-body "$@"; }
admin() { curl -s -H "Authorization: Bearer $(cat token)" -H "Content-Type: application/json" "$@"; }
heliograph-signal() {
    case " $* " in
        *" -c "*) command heliograph-signal "$@" ;;
        *) command heliograph-signal "$@" -c signal.toml ;;
    esac
}"#;

pub(crate) struct Stage {
    folder: TempDir,
    cluster: Emulation,
    collector: Option<Child>,
    url: String,
    prefix: String,
    /// What later statements are to find: `export …`.
    exports: String,
}

/// Where cargo puts the workspace's programs, as seen from this test.
fn programs() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(2).unwrap().to_owned()
}

impl Stage {
    /// Nothing where the programs are not built: with `--workspace`, as `cargo xtask test` has it, they are.
    pub(crate) fn new() -> Option<Stage> {
        for program in [
            "heliograph-collector",
            "heliograph-signal",
            "heliograph-diagnostics",
        ] {
            if !programs().join(program).exists() {
                skip::skipped(&format!("{program} is not built: cargo build --workspace"));
                return None;
            }
        }
        let cluster = Emulation::builder(Documents::from_dir(root().join("fixtures/dcos-1.8")).unwrap())
            .start()
            .unwrap();
        let mut stage = Stage {
            folder: TempDir::new().unwrap(),
            cluster,
            collector: None,
            url: String::new(),
            prefix: String::new(),
            exports: String::new(),
        };
        stage.fill();
        Some(stage)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn fill(&mut self) {
        for folder in ["data", "state", "other", "etc", "work"] {
            fs::create_dir(self.path(folder)).unwrap();
        }
        fs::create_dir(self.path("data/plan.d")).unwrap();
        let operations = read("docs/OPERATIONS.md");
        let events = operations
            .split("```toml\n")
            .find(|block| block.starts_with("[[event]]"))
            .unwrap();
        fs::write(
            self.path("data/plan.d/events.toml"),
            events.split("```").next().unwrap(),
        )
        .unwrap();
        self.start();
        let key = self.shell("heliograph-collector key add --kind server");
        key.trim()[..8].clone_into(&mut self.prefix);
        fs::write(self.path("work/password-file"), "correct horse battery staple\n").unwrap();
        fs::write(self.path("work/batch.json"), BATCH).unwrap();
        fs::write(
            self.path("etc/write-key"),
            self.shell("heliograph-collector key add --kind cluster"),
        )
        .unwrap();
        for name in [
            "work/signal.toml",
            "etc/signal.toml",
            "etc/dcos-signal-config.json",
        ] {
            fs::write(self.path(name), self.configuration(name)).unwrap();
        }
        self.shell("gzip --keep batch.json && heliograph-collector import batch.json");
        self.shell("heliograph-collector token add --scope support --name t > token");
        // A bundle of a cluster whose reports reach nobody.
        let offline = fs::read_to_string(self.path("work/signal.toml")).unwrap();
        let offline = offline
            .replace(
                &format!("sink = \"{}\"", self.url),
                "sink = \"http://127.0.0.1:1\"\ndelivery_timeout = \"1s\"",
            )
            .replace("/state\"", "/other\"");
        fs::write(self.path("work/offline.toml"), offline).unwrap();
        self.shell("heliograph-signal report -c offline.toml && heliograph-signal bundle write bundle.json -c offline.toml");
    }

    fn configuration(&self, name: &str) -> String {
        let settings = json!({
            "diagnostics_urls": [self.cluster.diagnostics_url()],
            "cosmos_urls": [self.cluster.cosmos_url()],
            "mesos_urls": [self.cluster.frameworks_url(), self.cluster.metrics_url()],
            "cluster_id": "70b28f00-e38f-41b2-a723-aab344f535b9",
            "environment_version": "1.8",
            "enabled": "true",
            "sink": self.url,
            "write_key_file": self.path("etc/write-key"),
            "state_dir": self.path("state"),
        });
        if name.ends_with("json") {
            return settings.to_string();
        }
        let lines = settings.as_object().unwrap().iter();
        lines.map(|(name, value)| format!("{name} = {value}\n")).collect()
    }

    fn start(&mut self) {
        let mut collector = Command::new(programs().join("heliograph-collector"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(self.path("data"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = collector.stdout.take().unwrap();
        // What it prints further (the link of the first user) has room in the pipe; the reader must live as long as it does.
        let mut out = BufReader::new(out);
        while !line.contains("http://") {
            line.clear();
            assert!(
                out.read_line(&mut line).unwrap() > 0,
                "the collector did not start"
            );
        }
        std::mem::forget(out);
        let url = line.split_whitespace().find(|word| word.starts_with("http://"));
        url.unwrap().clone_into(&mut self.url);
        self.collector = Some(collector);
    }

    fn stop(&mut self) {
        if let Some(mut collector) = self.collector.take() {
            let _ = collector.kill();
            let _ = collector.wait();
        }
    }

    /// Runs a statement, which must end with 0.
    pub(crate) fn run(&mut self, document: &str, statement: &str) {
        // What says so wants the data for itself.
        let alone = ["rebuild", "restore"]
            .iter()
            .any(|command| statement.starts_with(&format!("heliograph-collector {command}")));
        if alone {
            self.stop();
        }
        if statement.contains("--receipt") {
            self.shell("for turn in $(seq 100); do heliograph-collector deletions --receipt 1 && exit 0; sleep 0.1; done; exit 1");
        }
        let told = self.shell(&self.translated(statement));
        if statement.starts_with("export ") {
            self.exports += &format!("{statement}\n");
        }
        println!("{document}: {statement}\n{told}");
        if alone {
            self.start();
        }
    }

    /// The statement with what is here in place of what stands for it.
    fn translated(&self, statement: &str) -> String {
        let folder = |name: &str| self.path(name).display().to_string();
        let pairs = [
            ("https://collector.example", self.url.clone()),
            ("http://127.0.0.1:8080", self.url.clone()),
            ("/var/lib/heliograph/collector", folder("data")),
            ("/opt/mesosphere/etc/", format!("{}/", folder("etc"))),
            ("/etc/heliograph", folder("etc")),
            (" PREFIX", format!(" {}", self.prefix)),
            ("--receipt 3", "--receipt 1".to_owned()),
        ];
        pairs
            .iter()
            .fold(statement.to_owned(), |text, (from, to)| text.replace(from, to))
    }

    fn shell(&self, script: &str) -> String {
        let output = Command::new("bash")
            .args([
                "-c",
                &format!(
                    "set -o pipefail\nPATH=\"$PROGRAMS:$PATH\"\n{FUNCTIONS}\n{}\n{script}",
                    self.exports
                ),
            ])
            .current_dir(self.path("work"))
            .env("PROGRAMS", programs())
            .env_remove("DO_NOT_TRACK")
            .env("HELIOGRAPH_COLLECTOR_DATA", self.path("data"))
            .env("HELIOGRAPH_STATE_DIR", self.path("state"))
            .env(
                "TOKEN",
                fs::read_to_string(self.path("work/token"))
                    .unwrap_or_default()
                    .trim(),
            )
            .stdin(fs::File::open(self.path("work/password-file")).map_or(Stdio::null(), Stdio::from))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            panic!(
                "{script}\nended with {}\n{told}{}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        told
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop();
    }
}
