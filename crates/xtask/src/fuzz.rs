//! `cargo xtask fuzz`: each target for a while, from the committed corpus.
#![expect(clippy::print_stdout, reason = "the commands' own output")]

use std::process::Command;

use anyhow::bail;

use crate::run;

const TARGETS: &[&str] = &[
    "health", "mesos", "config", "disk", "deltas", "decoder", "pixel", "moment",
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which target; without it: all
    target: Option<String>,
    /// Seconds for each
    #[arg(long, default_value_t = 600)]
    seconds: u32,
}

pub(crate) fn fuzz(args: &Args) -> anyhow::Result<()> {
    if !run::works(Command::new("cargo").args(["+nightly", "fuzz", "--version"])) {
        bail!(
            "fuzzing needs a nightly compiler and cargo-fuzz (`cargo install cargo-fuzz`); the corpus alone runs with `cargo xtask test`"
        );
    }
    let wanted = |target: &&&str| args.target.as_deref().is_none_or(|wanted| wanted == **target);
    let targets: Vec<_> = TARGETS.iter().filter(wanted).collect();
    if targets.is_empty() {
        bail!("there is no such target; there are {}", TARGETS.join(", "));
    }
    for target in targets {
        // What is found goes to a folder of its own: the committed corpus stays small.
        let found = run::target_folder().join("fuzz").join(target);
        std::fs::create_dir_all(&found)?;
        let mut command = Command::new("cargo");
        command
            .args(["+nightly", "fuzz", "run", "--features", "libfuzzer", target])
            .arg(&found);
        command
            .arg(format!("fuzz/corpus/{target}"))
            .args(["--", "-max_len=8192", "-timeout=20"]);
        run::run(command.arg(format!("-max_total_time={}", args.seconds)))?;
    }
    println!(
        "{} targets, {} s each: nothing found",
        if args.target.is_some() { 1 } else { TARGETS.len() },
        args.seconds
    );
    Ok(())
}
