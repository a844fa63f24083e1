//! What a command uses: CPU, peak memory, time. The kernel tells it of all children of a process together, so each command
//! runs below a process of its own.
#![expect(clippy::print_stdout, reason = "the commands' own output")]
#![expect(clippy::disallowed_methods, reason = "a measurement asks for the time")]

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};
use nix::sys::resource::{UsageWho, getrusage};
use serde_json::{Value, json};

/// What one run used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    /// CPU seconds, user and system.
    pub(crate) cpu: f64,
    /// Peak resident memory in KiB.
    pub(crate) peak_kib: f64,
    /// Seconds.
    pub(crate) wall: f64,
}

/// Runs a command `times` times and returns the medians.
pub(crate) fn median(command: &[&str], times: usize) -> anyhow::Result<Used> {
    let mut all = Vec::new();
    for _ in 0..times {
        let output = Command::new(std::env::current_exe()?)
            .args(["bench", "measure", "--"])
            .args(command)
            .output()?;
        if !output.status.success() {
            bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let used: Value = serde_json::from_slice(&output.stdout)?;
        all.push(["cpu", "peak_kib", "wall"].map(|name| used[name].as_f64().unwrap_or(f64::NAN)));
    }
    let of = |index: usize| {
        let mut values: Vec<f64> = all.iter().map(|run| run[index]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Ok(Used {
        cpu: of(0),
        peak_kib: of(1),
        wall: of(2),
    })
}

/// Runs a command and prints what it used.
pub(crate) fn child(command: &[String]) -> anyhow::Result<()> {
    let (program, words) = command.split_first().context("a command")?;
    let begun = Instant::now();
    let status = Command::new(program).args(words).stdout(Stdio::null()).status()?;
    let wall = begun.elapsed().as_secs_f64();
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| {
        use nix::sys::time::TimeValLike as _;
        std::time::Duration::from_micros(u64::try_from(time.num_microseconds()).unwrap_or(0)).as_secs_f64()
    };
    println!(
        "{}",
        json!({"cpu": seconds(usage.user_time()) + seconds(usage.system_time()), "peak_kib": usage.max_rss(), "wall": wall})
    );
    Ok(())
}
