//! What is shown in the pictures: a collector that a fleet has reported to for weeks, and one that nobody has.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

use anyhow::{Context, bail};
use heliograph_fleet::generate::{ClusterTruth, Fleet, FleetTruth, Kind, Preset, Settings};
use serde_json::json;

use super::{clear, people};
use crate::run::{output, run, say};

/// Who looks.
pub(super) const USER: &str = "ada";
pub(super) const PASSWORD: &str = "correct horse battery";
/// A component that the fleet's newest version makes worse.
const ILL: &str = "dcos-mesos-dns-service";
/// Hours of a day.
const DAY: u32 = 24;

/// The collectors' data.
pub(super) struct Scene {
    program: PathBuf,
    pub(super) full: PathBuf,
    pub(super) empty: PathBuf,
    truth: FleetTruth,
    /// A file that is there once more than reports was told.
    told: PathBuf,
}

impl Scene {
    /// Makes both, below a folder; or takes those that are there.
    pub(super) fn prepare(
        program: &Path,
        folder: &Path,
        installations: u32,
        days: u32,
        keep: bool,
    ) -> anyhow::Result<Scene> {
        let (full, empty) = (folder.join("data/full"), folder.join("data/empty"));
        let truth = folder.join("data/truth.json");
        if !(keep && truth.exists()) {
            clear(&folder.join("data"))?;
            fs::create_dir_all(&full)?;
            for data in [&full, &empty] {
                add_user(program, data)?;
            }
            let told = report(program, &full, installations, days)?;
            fs::write(&truth, serde_json::to_vec(&told)?)?;
        }
        Ok(Scene {
            program: program.to_owned(),
            full,
            empty,
            truth: serde_json::from_slice(&fs::read(&truth)?)?,
            told: folder.join("data/told"),
        })
    }

    /// Tells the running collector what reports don't: people in user interfaces, messages that are wrong, a cluster that is
    /// forgotten.
    pub(super) fn tell(&self, url: &str) -> anyhow::Result<()> {
        if self.told.exists() {
            return Ok(());
        }
        let clusters: Vec<&ClusterTruth> = self.usual().collect();
        people::visit(url, &self.key("cluster")?, &clusters, &self.truth)?;
        let key = self.key("server")?;
        for message in [
            json!({"type": "track", "event": "health", "anonymousId": "x", "messageId": "1", "properties": {"clusterId": "x"}}),
            json!({"type": "track", "anonymousId": "x", "messageId": "2"}),
            json!({"type": "screen", "messageId": "3"}),
        ] {
            people::post(url, &key, &json!({"batch": [message]}))?;
        }
        if let Some(cluster) = clusters.last() {
            let forget = ["forget", "--cluster-id", &cluster.id, "--data"];
            run(Command::new(&self.program).args(forget).arg(&self.full))?;
        }
        Ok(fs::write(&self.told, "")?)
    }

    fn key(&self, kind: &str) -> anyhow::Result<String> {
        key(&self.program, &self.full, kind)
    }

    /// Installations that are of interest: those that reported for longest first.
    fn usual(&self) -> impl Iterator<Item = &ClusterTruth> {
        let mut usual: Vec<&ClusterTruth> = self.truth.clusters.iter().collect();
        usual.retain(|cluster| cluster.kind == Kind::Usual && !cluster.silent);
        usual.sort_by_key(|cluster| {
            (
                std::cmp::Reverse(cluster.versions.len()),
                std::cmp::Reverse(cluster.hours),
            )
        });
        usual.into_iter()
    }

    /// Pages of the collector that has reports, by name and path.
    pub(super) fn pages(&self) -> Vec<(String, String)> {
        let mut pages: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, path: String| pages.push((name.to_owned(), path));
        for name in [
            "overview",
            "components",
            "releases",
            "packages",
            "capacity",
            "ui",
            "support",
            "live",
            "data",
            "settings",
        ] {
            add(name, format!("/{name}"));
        }
        add("unit", format!("/components/unit?unit={ILL}"));
        add("account", "/account".to_owned());
        add("look-ups", "/settings/look-ups".to_owned());
        add(
            "filtered",
            "/overview?version=1.11.0&tier=confirmed&without=ci".to_owned(),
        );
        add("nothing", "/components?version=7.0".to_owned());
        add("not-found", "/support?search=nobody".to_owned());
        add("wrong", "/components?from=x".to_owned());
        if let Some(cluster) = self.usual().next() {
            add("cluster", format!("/support/cluster?cluster={}", cluster.id));
            add("raw", format!("/live?cluster={}", cluster.id));
        }
        if let Some(keyed) = self.usual().find(|cluster| !cluster.customer_key.is_empty()) {
            add("search", format!("/support?search={}", keyed.customer_key));
        }
        pages
    }

    /// Pages of the collector that nobody has reported to.
    pub(super) fn pages_of_nothing(&self) -> Vec<(String, String)> {
        let pages = [
            ("welcome", "/overview"),
            ("no-ui", "/ui"),
            ("no-live", "/live"),
            ("no-data", "/data"),
            ("no-support", "/support"),
        ];
        pages
            .map(|(name, path)| (name.to_owned(), path.to_owned()))
            .to_vec()
    }
}

/// Lets a fleet report until now.
fn report(program: &Path, data: &Path, installations: u32, days: u32) -> anyhow::Result<FleetTruth> {
    let now = output(Command::new("date").args(["-u", "+%F %H"]))?;
    let (today, hour) = now
        .trim()
        .split_once(' ')
        .context("`date` does not tell the day and the hour")?;
    let until = today
        .parse()
        .map_err(|error| anyhow::anyhow!("{today}: {error}"))?;
    let settings = Settings {
        installations,
        days,
        until,
        ..Preset::Demo.settings()
    };
    let hours = (days - 1) * DAY + hour.parse::<u32>()?;
    say(&format!("{installations} installations report for {days} days"));
    let file = data.join("fleet.ndjson");
    let mut out = BufWriter::new(File::create(&file)?);
    let truth = Fleet::new(&settings).run(|message| -> io::Result<()> {
        if message.hour >= hours {
            return Ok(());
        }
        out.write_all(message.text)?;
        out.write_all(b"\n")
    })?;
    out.into_inner()?;
    key(program, data, "cluster")?;
    run(Command::new(program)
        .arg("import")
        .arg(&file)
        .arg("--data")
        .arg(data))?;
    fs::remove_file(&file)?;
    Ok(truth)
}

fn key(program: &Path, data: &Path, kind: &str) -> anyhow::Result<String> {
    let mut command = Command::new(program);
    command
        .args(["key", "add", "--kind", kind, "--name", "shots", "--data"])
        .arg(data);
    Ok(output(&mut command)?.trim().to_owned())
}

fn add_user(program: &Path, data: &Path) -> anyhow::Result<()> {
    let mut child = Command::new(program)
        .args(["admin", "add", USER, "--role", "admin", "--data"])
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    if let Some(mut typed) = child.stdin.take() {
        writeln!(typed, "{PASSWORD}")?;
    }
    if !child.wait()?.success() {
        bail!("the user can't be added");
    }
    Ok(())
}
