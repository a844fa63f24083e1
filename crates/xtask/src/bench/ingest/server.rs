//! A server under measurement: a process of its own on a core of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The kernel counts CPU time for `/proc` in hundredths of a second, on every machine.
const TICKS: f64 = 100.0;

/// Two cores: the server's and the load generator's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cores {
    all: CpuSet,
    pub(super) server: usize,
    pub(super) generator: usize,
}

impl Cores {
    /// The last two that this process may use.
    pub(super) fn choose() -> anyhow::Result<Cores> {
        let all = sched_getaffinity(Pid::from_raw(0))?;
        let mut usable = (0..CpuSet::count())
            .rev()
            .filter(|core| all.is_set(*core) == Ok(true));
        match (usable.next(), usable.next()) {
            (Some(server), Some(generator)) => Ok(Cores {
                all,
                server,
                generator,
            }),
            _ => bail!("this takes two cores: one for the server, one for the load"),
        }
    }

    /// Runs this thread, and what it starts, on one core.
    pub(super) fn pin(core: usize) -> anyhow::Result<()> {
        let mut one = CpuSet::new();
        one.set(core)?;
        Ok(sched_setaffinity(Pid::from_raw(0), &one)?)
    }

    /// Runs this thread on all cores again.
    pub(super) fn unpin(&self) -> anyhow::Result<()> {
        Ok(sched_setaffinity(Pid::from_raw(0), &self.all)?)
    }
}

/// The process; killed when it is dropped.
pub(in crate::bench) struct Server {
    child: Child,
    pub(in crate::bench) address: SocketAddr,
}

impl Server {
    /// Starts a command that prints `listening on http://…`, on the server's core.
    pub(super) fn start(command: Command, cores: &Cores) -> anyhow::Result<Server> {
        Cores::pin(cores.server)?;
        let started = Server::spawn(command);
        cores.unpin()?;
        started
    }

    /// The same on any core.
    pub(in crate::bench) fn spawn(mut command: Command) -> anyhow::Result<Server> {
        let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = started.with_context(|| format!("{command:?}"))?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let address = line.trim_end().strip_prefix("listening on http://");
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            let _ = child.kill();
            let _ = child.wait();
            bail!("{command:?} did not start: {line}");
        };
        Ok(Server { child, address })
    }

    /// CPU seconds so far, user and system, of all its threads.
    pub(in crate::bench) fn cpu(&self) -> anyhow::Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Behind the name, which may hold anything, stand the fields from the third on.
        let (_, fields) = stat.rsplit_once(')').context("/proc/PID/stat")?;
        let mut times = fields.split_whitespace().skip(11);
        let mut next = || {
            times
                .next()
                .context("/proc/PID/stat")?
                .parse::<f64>()
                .context("ticks")
        };
        Ok((next()? + next()?) / TICKS)
    }

    /// The most memory it had at once, in MiB.
    pub(in crate::bench) fn peak_mib(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib.context("VmHWM in /proc/PID/status")?.parse::<f64>()? / 1024.0)
    }

    /// Tells it to stop and waits until it has.
    pub(in crate::bench) fn stop(mut self) -> anyhow::Result<()> {
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?;
        let ended = self.child.wait()?;
        if ended.success() {
            Ok(())
        } else {
            bail!("the server ended with {ended}")
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already, unless something went wrong.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
