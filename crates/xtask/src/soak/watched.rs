//! A program as a child whose memory and open files are looked at: it must not take more and more.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How much more memory the last third may take than the one before, as a share and in KiB.
const SHARE: f64 = 0.10;
const ROOM: f64 = 4.0 * 1024.0;
/// How many more files.
const FILES: f64 = 10.0;
/// Least looks of a third.
const LEAST: usize = 5;
/// Clock ticks in a second, on every Linux that we run on.
const TICKS: f64 = 100.0;

/// What a program takes.
#[derive(Debug, Clone, Copy)]
struct Look {
    /// Memory of its own (files that are mapped are the kernel's), in KiB.
    memory: f64,
    files: f64,
}

/// A program, killed when dropped.
pub(super) struct Watched {
    name: &'static str,
    child: Child,
    looks: Vec<Look>,
}

impl Watched {
    /// Starts a program that prints nothing.
    pub(super) fn silent(name: &'static str, command: &mut Command) -> anyhow::Result<Watched> {
        let child = command.stdin(Stdio::null()).spawn().context(name)?;
        Ok(Watched {
            name,
            child,
            looks: Vec::new(),
        })
    }

    /// Starts one that says where it listens; with it its URL.
    pub(super) fn listening(name: &'static str, command: &mut Command) -> anyhow::Result<(Watched, String)> {
        let mut watched = Watched::silent(name, command.stdout(Stdio::piped()))?;
        let mut line = String::new();
        if let Some(out) = watched.child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        match line.trim_end().strip_prefix("listening on ") {
            Some(url) => Ok((watched, url.to_owned())),
            None => bail!("{name} did not start: {line}"),
        }
    }

    /// Notes what it takes.
    pub(super) fn look(&mut self) -> anyhow::Result<()> {
        let id = self.child.id();
        let gone = || format!("{} has ended", self.name);
        let status = fs::read_to_string(format!("/proc/{id}/status")).with_context(gone)?;
        let memory = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"))
            .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
            .with_context(gone)?;
        let files = fs::read_dir(format!("/proc/{id}/fd")).with_context(gone)?.count();
        #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
        let files = files as f64;
        self.looks.push(Look { memory, files });
        Ok(())
    }

    /// What it takes now.
    pub(super) fn now(&self) -> String {
        self.looks.last().map_or_else(String::new, |look| {
            format!(
                "{} {:.1} MiB {} files",
                self.name,
                look.memory / 1024.0,
                look.files
            )
        })
    }

    /// Prints what it took, a row of a table, and says whether that grew.
    pub(super) fn judged(&self) -> anyhow::Result<(String, bool)> {
        let third = self.looks.len() / 3;
        ensure!(third >= LEAST, "too short to be judged: give it more minutes");
        let (before, after) = (
            median(&self.looks[third..2 * third]),
            median(&self.looks[2 * third..]),
        );
        let row = format!(
            "| {} | {:.1} MiB | {:.1} MiB | {} | {} | {:.0} s |",
            self.name,
            before.memory / 1024.0,
            after.memory / 1024.0,
            before.files,
            after.files,
            self.cpu().unwrap_or_default(),
        );
        let grown = after.memory > before.memory * (1.0 + SHARE) + ROOM || after.files > before.files + FILES;
        Ok((row, grown))
    }

    /// Seconds of CPU that it has used.
    fn cpu(&self) -> Option<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
        Some((ticks(11)? + ticks(12)?) / TICKS)
    }

    /// Tells it to end, which it must do well.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?;
        let ended = self.child.wait()?;
        ensure!(ended.success(), "{} ended with {ended}", self.name);
        Ok(())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn median(looks: &[Look]) -> Look {
    let of = |part: fn(&Look) -> f64| {
        let mut values: Vec<f64> = looks.iter().map(part).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    Look {
        memory: of(|look| look.memory),
        files: of(|look| look.files),
    }
}
