//! A cluster: diagnostics on a systemd whose units come and go, an emulated Mesos and Cosmos, signal in its loop, and a relay.

use std::fs;
use std::path::Path;
use std::process::Command;

use heliograph_fleet::sandbox::{Sandbox, Setup};
use heliograph_fleet::{Documents, Emulation};
use serde_json::json;

use super::watched::Watched;
use crate::up::program;

/// One unit stays, one fails, one is started again and again.
const UNITS: [(&str, &str); 3] = [
    ("steady.service", "[Service]\nExecStart=/bin/sleep infinity\n"),
    ("failing.service", "[Service]\nExecStart=/bin/false\n"),
    (
        "restless.service",
        "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep 3\nRestart=always\nRestartSec=3\n",
    ),
];
/// No systemd is there.
const NOWHERE: &str = "unix:path=/nonexistent";

/// The cluster; it ends with this value.
pub(super) struct Site {
    /// Where browsers send.
    pub(super) relay: String,
    /// Where health is asked for.
    pub(super) diagnostics: String,
    _systemd: Option<Sandbox>,
    _sources: Emulation,
}

impl Site {
    /// Starts all of it in this folder; it reports to this sink.
    pub(super) fn start(folder: &Path, sink: &str, key: &Path) -> anyhow::Result<(Site, Vec<Watched>)> {
        let systemd = Setup::new().map(|setup| {
            let setup = setup
                .unit("dcos.target", "[Unit]\nDescription=All units of the cluster\n")
                .wanted_by("sandbox.target", "dcos.target");
            let add = |setup: Setup, (name, text): (&str, &str)| {
                setup.unit(name, text).wanted_by("dcos.target", name)
            };
            UNITS.into_iter().fold(setup, add).start()
        });
        let mut command = Command::new(program("heliograph-diagnostics"));
        command
            .args(["--config", "/dev/null", "serve", "--listen", "127.0.0.1:0"])
            .env(
                "HELIOGRAPH_DIAGNOSTICS_BUS",
                systemd.as_ref().map_or_else(|| NOWHERE.to_owned(), Sandbox::bus),
            );
        if let Some(systemd) = &systemd {
            let units = systemd.root().join("etc/systemd/system");
            command
                .env("HELIOGRAPH_DIAGNOSTICS_UNIT_PATH", units)
                .env("HELIOGRAPH_DIAGNOSTICS_JOURNAL_DIRECTORY", systemd.journal());
        }
        let (daemon, diagnostics) = Watched::listening("diagnostics", &mut command)?;
        let sources = Emulation::builder(Documents::from_dir("fixtures/dcos-1.8")?).start()?;
        let config = folder.join("signal.json");
        let settings = json!({
            "enabled": true, "sink": sink, "write_key_file": key, "state_dir": folder.join("signal"),
            "cluster_id": "70b28f00-e38f-41b2-a723-aab344f535b9", "gen_provider": "aws", "environment_version": "1.10",
            "diagnostics_urls": [format!("{diagnostics}/system/health/v1/report?cache=0")], "cosmos_urls": [sources.cosmos_url()],
            "mesos_urls": [sources.frameworks_url(), sources.metrics_url()],
        });
        fs::write(&config, settings.to_string())?;
        let signal = Watched::silent(
            "signal run",
            Command::new(program("heliograph-signal"))
                .arg("run")
                .arg("--config")
                .arg(&config),
        )?;
        let (keeper, relay) = Watched::listening(
            "relay",
            Command::new(program("heliograph-relay"))
                .args([
                    "--config",
                    "/dev/null",
                    "--listen",
                    "127.0.0.1:0",
                    "--signal-config",
                ])
                .arg(&config),
        )?;
        let site = Site {
            relay,
            diagnostics,
            _systemd: systemd,
            _sources: sources,
        };
        Ok((site, vec![daemon, signal, keeper]))
    }
}
