//! The project's own commands: `cargo xtask <command>`.

mod bench;
mod check;
mod checkout;
mod collector;
mod demo;
mod digest;
mod docs;
mod fresh;
mod fuzz;
mod package;
mod release;
mod run;
mod sdk;
mod shots;
mod soak;
mod stopwatch;
mod test;
mod tool;
mod up;
mod visit;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run it all here: a cluster, signal, the collector; ends on Ctrl-C and leaves nothing running
    Up(up::Args),
    /// The same on top of a fleet with weeks of history, and a dashboard that tells its story
    Demo(demo::Args),
    /// Install what the tests need, and run them all
    Test,
    /// Install what the tests need, where it may be installed
    Prepare,
    /// Everything that `test` does, and what takes longer or needs more tools; with `--release` all that a release must hold
    Check(check::Args),
    /// Try `up` and `test` on a Debian that has Rust and a C compiler, and nothing else: as root, half an hour
    Fresh(fresh::Args),
    /// Build the Debian packages, into target/packages
    Package(package::Args),
    /// Measure, and say how it was measured
    Bench(bench::Args),
    /// Take pictures of every page of the dashboard, at phone and desk width, light and dark
    Shots(shots::Args),
    /// Generate docs/data-dictionary.md, docs/openapi.json, and manual pages and completions in packaging/
    Docs,
    /// Load two collectors for an hour, and see that memory and open files do not grow
    Soak(soak::Args),
    /// Run the fuzz targets, where a nightly compiler and cargo-fuzz are installed
    Fuzz(fuzz::Args),
}

fn main() -> anyhow::Result<()> {
    std::env::set_current_dir(run::root())?;
    match Arguments::parse().command {
        Command::Up(args) => up::up(&args),
        Command::Demo(args) => demo::demo(&args),
        Command::Test => test::test(),
        Command::Prepare => {
            test::prepare();
            Ok(())
        }
        Command::Check(args) => check::check(&args),
        Command::Fresh(args) => fresh::fresh(&args),
        Command::Package(args) => package::package(&args),
        Command::Bench(args) => bench::bench(&args),
        Command::Shots(args) => shots::shots(&args),
        Command::Docs => docs::write(),
        Command::Soak(args) => soak::soak(&args),
        Command::Fuzz(args) => fuzz::fuzz(&args),
    }
}
