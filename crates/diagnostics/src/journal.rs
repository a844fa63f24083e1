//! The last lines of the journal about a unit: its own, and systemd's about it. Read by `journalctl` as a child, bounded in lines,
//! bytes, age and time.

mod line;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use crate::node::{Snapshot, UnitHealth};
use crate::unit::{Health, UnitName};

/// Most bytes of `journalctl`'s answer about a unit that are read; the newest lines come first in it.
const MAX_ANSWER: u64 = 256 << 10;
/// How long lines that were read are believed to be the last.
const BELIEVED: Duration = Duration::from_secs(10);
/// How long one request may wait and keep reading, whatever the number of its units; what was not read then is left out.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most bytes of all units of a machine together: when everything fails, its document is still one that a master takes.
const MAX_TOTAL: usize = 1 << 20;
/// What reads the journal.
const PROGRAM: &str = "journalctl";
/// Where it is looked for.
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
    /// One reads at a time; who comes meanwhile finds what was read.
    turn: tokio::sync::Mutex<()>,
    program: PathBuf,
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
            read: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            program: PROGRAM.into(),
        }
    }

    /// Adds the last lines to the units that are not healthy.
    pub async fn add_to(&self, snapshot: &mut Snapshot, now: Duration) {
        if self.bounds.lines == 0 {
            return;
        }
        let ill = |unit: &&mut UnitHealth| unit.verdict.health == Health::Unhealthy;
        let reading = async {
            let _turn = self.turn.lock().await;
            self.known()
                .retain(|_, lines| now.saturating_sub(lines.at) < BELIEVED);
            for unit in snapshot.units.iter_mut().filter(ill) {
                if self.known().contains_key(&unit.name) || self.is_full() {
                    continue;
                }
                let text = self.tail(&unit.journal_of).await.unwrap_or_else(|error| {
                    tracing::debug!("the journal can't be read: {error}");
                    format!("({error})\n")
                });
                let text = Arc::from(text);
                self.known().insert(unit.name.clone(), Lines { at: now, text });
            }
        };
        if timeout(PATIENCE, reading).await.is_err() {
            tracing::debug!("the journal was not read of all units in time");
        }
        let known = self.known();
        for unit in snapshot.units.iter_mut().filter(ill) {
            if let Some(lines) = known.get(&unit.name) {
                unit.journal = Arc::clone(&lines.text);
            }
        }
    }

    /// What was read. It holds also where somebody who added to it failed.
    fn known(&self) -> MutexGuard<'_, BTreeMap<UnitName, Lines>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Most bytes of a unit.
    fn most(&self) -> usize {
        self.bounds.bytes.min(MAX_TOTAL)
    }

    /// Whether there is no room for another unit's lines.
    fn is_full(&self) -> bool {
        let bytes: usize = self.known().values().map(|lines| lines.text.len()).sum();
        bytes + self.most() > MAX_TOTAL
    }

    /// The last lines about these units together, oldest first.
    async fn tail(&self, units: &[UnitName]) -> io::Result<String> {
        let mut command = Command::new(&self.program);
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
        let mut left = self.most();
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
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;
    use crate::unit::{ActiveState, LoadState, UnitState, Verdict};

    /// A journal that this script reads.
    fn scripted(directory: &Path, script: &str, bounds: Bounds) -> Journal {
        let program = directory.join("journalctl");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        Journal {
            program,
            ..Journal::new(bounds)
        }
    }

    /// So many units that failed.
    fn failed(units: usize) -> Snapshot {
        let unit = |number| {
            let name: UnitName = format!("u{number:04}.service").parse().unwrap();
            UnitHealth {
                name: name.clone(),
                title: String::new(),
                description: String::new(),
                verdict: Verdict::unhealthy("it failed"),
                state: UnitState {
                    load: LoadState::Loaded,
                    active: ActiveState::Failed,
                    sub: "failed".to_owned(),
                },
                since: None,
                restarts: None,
                journal_of: vec![name],
                journal: Arc::default(),
            }
        };
        Snapshot {
            units: (0..units).map(unit).collect(),
            taken: None,
            problem: None,
        }
    }

    #[tokio::test]
    async fn a_journal_that_never_ends_is_cut_off() {
        let directory = tempfile::tempdir().unwrap();
        let entry = r#"{"__REALTIME_TIMESTAMP":"0","MESSAGE":"again"}"#;
        let endless = format!("exec yes '{entry}'");
        let journal = scripted(directory.path(), &endless, Bounds::default());
        let mut snapshot = failed(1);
        journal.add_to(&mut snapshot, Duration::ZERO).await;
        let text = &snapshot.units[0].journal;
        assert!(
            text.ends_with("UTC again\n") && text.len() <= journal.bounds.bytes,
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_journal_that_hangs_holds_up_nobody_for_long() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("processes");
        let hangs = format!("echo $$ >> {}; exec sleep 1000", file.display());
        let journal = Arc::new(scripted(directory.path(), &hangs, Bounds::default()));
        let begin = tokio::time::Instant::now();
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let journal = Arc::clone(&journal);
            asking.spawn(async move {
                let mut snapshot = failed(100);
                journal.add_to(&mut snapshot, Duration::ZERO).await;
                snapshot.units[0].journal.to_string()
            });
        }
        let said = asking.join_all().await;
        // All wait as long as one: twenty in a row would be a minute and a half.
        assert!(begin.elapsed() < PATIENCE * 3, "{:?}", begin.elapsed());
        assert!(
            said.iter()
                .all(|text| text == "(the journal was not read in time)\n")
        );
        // None is left behind.
        for process in std::fs::read_to_string(file).unwrap().lines() {
            let gone = async {
                while std::fs::read_to_string(format!("/proc/{process}/comm"))
                    .is_ok_and(|name| name == "sleep\n")
                {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            timeout(PATIENCE, gone).await.unwrap();
        }
    }

    #[tokio::test]
    async fn all_units_together_are_bounded() {
        let directory = tempfile::tempdir().unwrap();
        let entry = format!(
            r#"{{"__REALTIME_TIMESTAMP":"0","MESSAGE":"{}"}}"#,
            "x".repeat(1000)
        );
        let script = format!("exec cat {}/lines", directory.path().display());
        std::fs::write(directory.path().join("lines"), format!("{entry}\n").repeat(200)).unwrap();
        for (most, expected) in [(128 << 10, MAX_TOTAL / 2), (usize::MAX, 128 << 10)] {
            let bounds = Bounds {
                bytes: most,
                ..Bounds::default()
            };
            let journal = scripted(directory.path(), &script, bounds);
            let mut snapshot = failed(20);
            journal.add_to(&mut snapshot, Duration::ZERO).await;
            let bytes: usize = snapshot.units.iter().map(|unit| unit.journal.len()).sum();
            assert!(bytes > expected && bytes <= MAX_TOTAL, "{bytes}");
            assert!(snapshot.units[19].journal.is_empty());
        }
    }

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
