//! `cargo xtask bench`: figures with how they were taken. Compare within one run, as ratios: machines are noisy.

mod dashboard;
mod diagnostics;
mod ingest;
mod measure;
mod questions;
mod signal;
mod spool;
mod verdicts;

use crate::run::{cargo, run};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which; all of them in their short forms where none is named
    #[command(subcommand)]
    bench: Option<Bench>,
}

#[derive(clap::Subcommand)]
enum Bench {
    /// A generated fleet: how long each page of the dashboard takes
    Dashboard(dashboard::Args),
    /// A master's view of a large cluster: time, size, memory; a node's own daemon: memory, CPU, what it sees
    Diagnostics,
    /// What the collector takes per CPU second, beside a server that throws everything away
    Ingest(ingest::Args),
    /// A generated fleet: how fast the collector takes it, keeps how much of it, and answers questions about it
    Questions(questions::Args),
    /// One cycle of signal: CPU and memory by the size of the cluster
    Signal,
    /// The spool: parcels a second, and reading a full one again
    Spool,
    /// Verdicts on fleets with a known truth: how many are wrong, how many true ones are found, and how soon
    Verdicts(verdicts::Args),
    /// Run a command and print what it used as JSON
    #[command(hide = true)]
    Measure { command: Vec<String> },
}

/// All of them, in their short forms: some 20 minutes on 2 cores.
const ALL: &[&[&str]] = &[
    &["signal"],
    &["spool"],
    &["diagnostics"],
    &["ingest", "--quick"],
    &["questions"],
    &["dashboard", "--quick"],
    &["verdicts", "--quick"],
];

pub(crate) fn bench(args: &Args) -> anyhow::Result<()> {
    let Some(bench) = &args.bench else {
        return ALL.iter().try_for_each(|words| run(&mut optimised(words)));
    };
    // A figure of unoptimised code says nothing.
    if cfg!(debug_assertions) {
        let words: Vec<_> = std::env::args().skip(2).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        return run(&mut optimised(&words));
    }
    match bench {
        Bench::Dashboard(args) => dashboard::bench(args),
        Bench::Diagnostics => diagnostics::bench(),
        Bench::Ingest(args) => ingest::bench(args),
        Bench::Questions(args) => questions::bench(args),
        Bench::Signal => signal::bench(),
        Bench::Spool => spool::bench(),
        Bench::Verdicts(args) => verdicts::bench(args),
        Bench::Measure { command } => measure::child(command),
    }
}

/// This program, optimised, with these words behind `bench`.
fn optimised(words: &[&str]) -> std::process::Command {
    let mut command = cargo(&["run", "--quiet", "--release", "--package", "xtask", "--", "bench"]);
    command.args(words);
    command
}
