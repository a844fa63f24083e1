//! Verdicts on simulated fleets, by the judge that the collector ships: see `crates/collector/examples/verdicts.rs`.

use crate::run::{cargo, run};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// 40 fleets in the corners and 10 elsewhere, instead of 1,000 and 200
    #[arg(long)]
    quick: bool,
    /// Only the settings whose names contain this
    #[arg(value_name = "NAME")]
    only: Option<String>,
}

pub(crate) fn bench(args: &Args) -> anyhow::Result<()> {
    let words = args
        .quick
        .then_some("--quick")
        .into_iter()
        .chain(args.only.as_deref());
    let build = [
        "run",
        "--quiet",
        "--release",
        "--package",
        "heliograph-collector",
        "--example",
        "verdicts",
        "--",
    ];
    run(cargo(&build).args(words))
}
