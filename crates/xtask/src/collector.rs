//! The collector as a child.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::run::say;

/// It; ends with this value.
pub(crate) struct Collector {
    child: Child,
    /// Where it listens.
    pub(crate) url: String,
}

impl Collector {
    /// Starts a program of it.
    pub(crate) fn start(program: &Path, listen: &str, store: &Path) -> anyhow::Result<Collector> {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", listen, "--data"]).arg(store);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("heliograph-collector")?;
        let mut line = String::new();
        let ready = child
            .stdout
            .take()
            .map(|out| BufReader::new(out).read_line(&mut line));
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"))
            .map(str::to_owned);
        let Some((url, Some(Ok(_)))) = url.map(|url| (url, ready)) else {
            let _ = child.kill();
            bail!("the collector did not start: {line}");
        };
        say(&format!("the collector listens on {url}"));
        Ok(Collector { child, url })
    }

    /// Whether it is still there.
    pub(crate) fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        if self.runs() {
            kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?;
        }
        let ended = self.child.wait()?;
        // Ctrl-C reaches it as well as us.
        if ended.success() {
            Ok(())
        } else {
            bail!("the collector ended with {ended}")
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
