//! `cargo xtask bench`: figures with how they were taken. Compare within one run, as ratios: machines are noisy.

mod measure;
mod signal;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(clap::Subcommand)]
enum Bench {
    /// One cycle of signal: CPU and memory by the size of the cluster
    Signal,
    /// Run a command and print what it used as JSON
    #[command(hide = true)]
    Measure { command: Vec<String> },
}

pub(crate) fn bench(args: &Args) -> anyhow::Result<()> {
    match &args.bench {
        // A figure of unoptimised code says nothing.
        Bench::Signal if cfg!(debug_assertions) => crate::run::run(&mut crate::run::cargo(&[
            "run",
            "--quiet",
            "--release",
            "--package",
            "xtask",
            "--",
            "bench",
            "signal",
        ])),
        Bench::Signal => signal::bench(),
        Bench::Measure { command } => measure::child(command),
    }
}
