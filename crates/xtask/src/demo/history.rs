//! What happened before: weeks of reports, up to the hour in which it is shown.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use anyhow::anyhow;
use heliograph_fleet::generate::{Change, Fleet, Preset, Settings};
use heliograph_wire::id::Hour;

use super::visitors::Visitors;
use super::{collector, key};
use crate::run::{run, say};

/// The component that the new version makes worse, by what it fails more often, and the version.
pub(super) const WORSE: (&str, f64) = ("dcos-mesos-dns-service", 8.0);
pub(super) const VERSION: &str = "1.11.0";
/// One that an earlier version makes better.
const BETTER: (&str, &str, f64) = ("dcos-history-service", "1.10.2", 0.3);
/// How much more often than usual everything fails: enough to be seen in a fleet that is generated in seconds.
const FAILURES: f64 = 3.0;
const DAY: i64 = 24;

/// Lets a fleet report to a store that is empty.
///
/// # Errors
/// When it can't be written or imported.
pub(super) fn make(store: &Path, installations: u32, days: u32) -> anyhow::Result<()> {
    let now = now()?;
    let today = now.to_string();
    let today = today.split('T').next().unwrap_or_default();
    let change = |unit: &str, version: &str, factor| Change {
        unit: unit.to_owned(),
        version: version.to_owned(),
        factor,
    };
    let settings = Settings {
        installations,
        days,
        until: today.parse().map_err(|error| anyhow!("{today}: {error}"))?,
        failures: FAILURES,
        changes: vec![
            change(WORSE.0, VERSION, WORSE.1),
            change(BETTER.0, BETTER.1, BETTER.2),
        ],
        ..Preset::Demo.settings()
    };
    // Hours of the fleet that are over.
    let over = (i64::from(days) - 1) * DAY + now.number().rem_euclid(DAY);
    say(&format!(
        "{installations} installations report for {days} days, up to now"
    ));
    let path = store.join("history.ndjson");
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&path)?);
    let mut visitors = Visitors::new(installations);
    let mut sent = 0_u64;
    Fleet::new(&settings).run(|message| -> io::Result<()> {
        if i64::from(message.hour) >= over {
            return Ok(());
        }
        sent += 1;
        out.write_all(message.text)?;
        out.write_all(b"\n")?;
        visitors.hear(&message, &mut out)
    })?;
    out.flush()?;
    say(&format!(
        "{sent} messages of clusters and {} of people who use their interfaces",
        visitors.sent
    ));
    key(store)?;
    run(collector().arg("import").arg(&path).arg("--data").arg(store))?;
    Ok(fs::remove_file(&path)?)
}

/// This hour.
#[expect(clippy::disallowed_methods, reason = "history ends now")]
fn now() -> anyhow::Result<Hour> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let hour = i64::try_from(since.as_secs() / 3600)?;
    Hour::from_number(hour).ok_or_else(|| anyhow!("no time of ours"))
}
