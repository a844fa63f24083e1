//! The last lines of the journal about a unit: its own, and systemd's about it. Read by `journalctl` as a child, bounded in lines,
//! bytes, age and time.

mod line;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::node::{Snapshot, UnitHealth};
use crate::unit::{Health, UnitName};

/// Most bytes of `journalctl`'s answer about a unit that are read; the newest lines come first in it.
const MAX_ANSWER: u64 = 256 << 10;
/// How long lines that were read are believed to be the last.
const BELIEVED: Duration = Duration::from_secs(10);
/// How long one request may keep reading, whatever the number of its units; what was not read then is left out.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where `journalctl` is looked for.
const PATH: &str = "/usr/bin:/bin:/usr/local/bin";

/// How much of the journal is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Most lines of a unit; 0 shows none.
    pub lines: usize,
    /// Most bytes of a unit.
    pub bytes: usize,
    /// How old a line may be.
    pub age: Duration,
    /// How long the journal of a unit may take to read.
    pub timeout: Duration,
    /// Where the journal is, when it is not the machine's.
    pub directory: Option<PathBuf>,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            lines: 50,
            bytes: 16 << 10,
            age: Duration::from_hours(24),
            timeout: Duration::from_secs(3),
            directory: None,
        }
    }
}

/// A journal, and what was read of it of late.
pub struct Journal {
    bounds: Bounds,
    read: Mutex<BTreeMap<UnitName, Lines>>,
}

/// What was read of a unit, and when.
struct Lines {
    at: Duration,
    text: Arc<str>,
}

impl Journal {
    /// The machine's journal, or that of the directory in the bounds.
    pub fn new(bounds: Bounds) -> Journal {
        Journal {
            bounds,
            read: Mutex::new(BTreeMap::new()),
        }
    }

    /// Adds the last lines to the units that are not healthy.
    pub async fn add_to(&self, snapshot: &mut Snapshot, now: Duration) {
        if self.bounds.lines == 0 {
            return;
        }
        // One reads at a time; who comes meanwhile finds what was read.
        let mut read = self.read.lock().await;
        let ill = |unit: &&mut UnitHealth| unit.verdict.health == Health::Unhealthy;
        read.retain(|_, lines| now.saturating_sub(lines.at) < BELIEVED);
        let reading = async {
            for unit in snapshot.units.iter_mut().filter(ill) {
                if read.contains_key(&unit.name) {
                    continue;
                }
                let text = self.tail(&unit.journal_of).await.unwrap_or_else(|error| {
                    tracing::debug!("the journal can't be read: {error}");
                    format!("({error})\n")
                });
                let text = Arc::from(text);
                read.insert(unit.name.clone(), Lines { at: now, text });
            }
        };
        if timeout(PATIENCE, reading).await.is_err() {
            tracing::debug!("the journal was not read of all units in time");
        }
        for unit in snapshot.units.iter_mut().filter(ill) {
            if let Some(lines) = read.get(&unit.name) {
                unit.journal = Arc::clone(&lines.text);
            }
        }
    }

    /// The last lines about these units together, oldest first.
    async fn tail(&self, units: &[UnitName]) -> io::Result<String> {
        let mut command = Command::new("journalctl");
        command
            .args([
                "--output=json",
                "--output-fields=MESSAGE",
                "--reverse",
                "--quiet",
                "--no-pager",
            ])
            .arg(format!("--lines={}", self.bounds.lines))
            .arg(format!("--since=-{}s", self.bounds.age.as_secs()))
            .args(units.iter().map(|unit| format!("--unit={unit}")));
        if let Some(directory) = &self.bounds.directory {
            command.arg("--directory").arg(directory);
        }
        command
            .env_clear()
            .env("PATH", PATH)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let read = async {
            let mut child = command.spawn()?;
            let mut answer = Vec::new();
            if let Some(output) = child.stdout.take() {
                output.take(MAX_ANSWER).read_to_end(&mut answer).await?;
            }
            // What it would still say is not wanted; it ends when it finds its pipe closed.
            child.wait().await?;
            Ok(answer)
        };
        let answer = timeout(self.bounds.timeout, read)
            .await
            .unwrap_or_else(|_| Err(io::Error::other("the journal was not read in time")))?;
        Ok(self.text(&answer))
    }

    /// The newest lines that fit, oldest first.
    fn text(&self, answer: &[u8]) -> String {
        let mut left = self.bounds.bytes;
        let mut lines = Vec::new();
        for line in answer.split(|byte| *byte == b'\n').filter_map(line::of) {
            let Some(rest) = left.checked_sub(line.len()) else {
                break;
            };
            left = rest;
            lines.push(line);
        }
        lines.reverse();
        lines.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_stay() {
        let answer: String = (0..10)
            .rev()
            .map(|second| {
                format!("{{\"__REALTIME_TIMESTAMP\":\"{second}000000\",\"MESSAGE\":\"line {second}\"}}\n")
            })
            .collect();
        let journal = |bytes| {
            Journal::new(Bounds {
                bytes,
                ..Bounds::default()
            })
        };
        let all = journal(1 << 10).text(answer.as_bytes());
        assert_eq!(all.lines().count(), 10);
        assert!(all.starts_with("1970-01-01 00:00:00 +0000 UTC line 0\n"), "{all}");
        let line = "1970-01-01 00:00:09 +0000 UTC line 9\n";
        assert_eq!(journal(line.len()).text(answer.as_bytes()), line);
        assert_eq!(journal(line.len() - 1).text(answer.as_bytes()), "");
        // The last line was cut off by the bound of the answer.
        assert_eq!(journal(1 << 10).text(&answer.as_bytes()[..70]).lines().count(), 1);
    }
}
