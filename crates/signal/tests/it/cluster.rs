//! A cluster to report from: its four sources, a sink, a folder with a configuration, and the binary to run with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, thread};

use heliograph_fleet::emulation::Builder;
use heliograph_fleet::{Documents, Emulation, Sink};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::run::{Run, run, signal};

/// The seed's cluster.
pub(crate) const CLUSTER_ID: &str = "70b28f00-e38f-41b2-a723-aab344f535b9";
/// Stands in the file that the configuration names.
pub(crate) const WRITE_KEY: &str = "write-key-of-the-tests";
/// An instant with everything that a timestamp must keep.
pub(crate) const NOW: &str = "2026-11-22T11:52:54.007Z";
/// The exit code of a report that the sink will never take: it is neither delivered nor kept to be.
pub(crate) const REFUSED: i32 = 3;

/// A cluster, its surroundings, and the configuration that signal is run with.
pub(crate) struct Cluster {
    pub(crate) sources: Emulation,
    pub(crate) sink: Sink,
    pub(crate) folder: TempDir,
    config: BTreeMap<&'static str, Value>,
    variables: BTreeMap<String, String>,
}

/// The documents of a recorded cluster.
pub(crate) fn recorded(name: &str) -> Documents {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/");
    Documents::from_dir(Path::new(fixtures).join(name)).unwrap()
}

impl Cluster {
    /// A cluster that is as these documents say, with every source and a sink configured.
    pub(crate) fn of(documents: Documents) -> Cluster {
        Cluster::served(Emulation::builder(documents))
    }

    /// As [`Cluster::of`], with a say in how the documents are served.
    pub(crate) fn served(builder: Builder) -> Cluster {
        let sources = builder.start().unwrap();
        let sink = Sink::start().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| json!(folder.path().join(name));
        fs::write(folder.path().join("cluster-id"), CLUSTER_ID).unwrap();
        fs::write(folder.path().join("write-key"), format!("{WRITE_KEY}\n")).unwrap();
        let config = BTreeMap::from([
            ("enabled", json!(true)),
            (
                "diagnostics_urls",
                json!([format!("{}?cache=0", sources.diagnostics_url())]),
            ),
            ("cosmos_urls", json!([sources.cosmos_url()])),
            (
                "mesos_urls",
                json!([sources.frameworks_url(), sources.metrics_url()]),
            ),
            ("sink", json!(sink.url())),
            ("write_key_file", path("write-key")),
            ("cluster_id_path", path("cluster-id")),
            ("state_dir", path("state")),
            ("gen_provider", json!("aws")),
            ("environment_version", json!("1.8")),
            ("source_timeout", json!("30s")),
            ("delivery_timeout", json!("30s")),
        ]);
        Cluster {
            sources,
            sink,
            folder,
            config,
            variables: BTreeMap::new(),
        }
    }

    /// Sets a key of the configuration.
    pub(crate) fn set(mut self, key: &'static str, value: impl Into<Value>) -> Cluster {
        self.config.insert(key, value.into());
        self
    }

    /// Takes a key out of the configuration.
    pub(crate) fn unset(mut self, key: &'static str) -> Cluster {
        self.config.remove(key);
        self
    }

    /// Sets a variable of the environment.
    pub(crate) fn var(mut self, name: &str, value: impl Into<String>) -> Cluster {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// A path in the cluster's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the cluster's folder.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// The configuration as JSON.
    pub(crate) fn config_json(&self) -> Value {
        json!(self.config)
    }

    /// The configuration as TOML: texts, numbers, booleans and flat lists are written as in JSON.
    pub(crate) fn config_toml(&self) -> String {
        let line = |(key, value): (&&str, &Value)| format!("{key} = {value}\n");
        self.config.iter().map(line).collect()
    }

    /// The command with these arguments, to be run in the cluster's environment and with its configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        // Several threads may run one cluster's commands: each writes a file of its own.
        let name = format!("signal-{:?}.toml", thread::current().id()).replace(['(', ')'], "-");
        let config = self.write(&name, self.config_toml());
        let mut command = self.bare_command(arguments);
        command.arg("--config").arg(config);
        command
    }

    /// As [`Cluster::command`], without the configuration.
    pub(crate) fn bare_command(&self, arguments: &[&str]) -> Command {
        let mut command = signal(arguments);
        command.envs(&self.variables);
        command
    }

    /// Runs [`Cluster::command`].
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        run(&mut self.command(arguments))
    }

    /// Runs [`Cluster::bare_command`].
    #[track_caller]
    pub(crate) fn bare_run(&self, arguments: &[&str]) -> Run {
        run(&mut self.bare_command(arguments))
    }

    /// The properties of each delivered message by its event. Fails where an event was delivered twice.
    #[track_caller]
    pub(crate) fn delivered(&self) -> BTreeMap<String, Value> {
        let mut delivered = BTreeMap::new();
        for message in self.sink.messages() {
            let event = message["event"].as_str().unwrap().to_owned();
            let before = delivered.insert(event.clone(), message["properties"].clone());
            assert_eq!(before, None, "{event} was delivered twice");
        }
        delivered
    }

    /// Fails if anyone was asked or told anything.
    #[track_caller]
    pub(crate) fn was_left_alone(&self) {
        let sources: Vec<_> = self
            .sources
            .requests()
            .into_iter()
            .map(|seen| seen.source)
            .collect();
        assert!(sources.is_empty(), "were asked: {sources:?}");
        assert_eq!(self.sink.requests().len(), 0, "requests to the sink");
    }
}

/// The properties of a preview's events, by event; those that are `null` are left out.
pub(crate) fn previewed(preview: &Value) -> BTreeMap<String, Value> {
    let tracks = preview.as_object().unwrap().values();
    tracks
        .filter(|track| !track.is_null())
        .map(|track| {
            (
                track["event"].as_str().unwrap().to_owned(),
                track["properties"].clone(),
            )
        })
        .collect()
}
