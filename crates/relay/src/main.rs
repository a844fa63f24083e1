//! `heliograph-relay`: the command line around the library.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use heliograph_relay::clock;
use heliograph_relay::config::{Config, DEFAULTS, Listen};
use heliograph_relay::server::Relay;
use heliograph_signal::environment::Environment;
use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};

/// The configuration that is read when no other is named.
const USUAL_FILE: &str = "/etc/heliograph/relay.toml";

/// Takes the messages of the cluster's web UI on its own origin, as far as signal's gate and the plan let them.
#[derive(Debug, Parser)]
#[command(name = "heliograph-relay", version)]
#[command(after_help = "Exit codes: 0 ended when it was told to; 1 usage or configuration.")]
struct Cli {
    /// Configuration file (TOML) [default: /etc/heliograph/relay.toml, where it is there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// heliograph-signal's configuration, where it is not at its usual place
    #[arg(long, value_name = "FILE")]
    signal_config: Option<PathBuf>,
    /// Where to listen: a loopback address with a port, or unix:/path; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    listen: Vec<Listen>,
    /// Print the complete default configuration and exit
    #[arg(long)]
    print_config: bool,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::from(error.use_stderr()));
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    if cli.print_config {
        return Ok(io::stdout().lock().write_all(DEFAULTS.as_bytes())?);
    }
    let environment = Environment::of_process();
    let variables: BTreeMap<_, _> = environment
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let usual = Path::new(USUAL_FILE);
    let file = cli.config.as_deref().or_else(|| usual.exists().then_some(usual));
    let mut config = Config::read(file, &variables)?;
    if !cli.listen.is_empty() {
        config.listen = cli.listen;
    }
    config.signal_config = cli.signal_config.or(config.signal_config);
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_target(false)
        .with_ansi(false)
        .with_writer(io::stderr)
        .init();
    let handed = ListenFd::from_env();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("can't start the runtime")?;
    runtime.block_on(serve(config, environment, handed))
}

async fn serve(config: Config, environment: Environment, handed: ListenFd) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let relay = Relay::start(config, environment, handed, clock::dates()).await?;
    let places: Vec<String> = relay.places().iter().map(ToString::to_string).collect();
    let mut out = io::stdout();
    writeln!(out, "listening on {}", places.join(" and ")).and_then(|()| out.flush())?;
    notify(&[NotifyState::Ready]);
    if let Some(patience) = sd_notify::watchdog_enabled().filter(|patience| !patience.is_zero()) {
        tokio::spawn(async move {
            loop {
                notify(&[NotifyState::Watchdog]);
                tokio::time::sleep(patience / 3).await;
            }
        });
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    notify(&[NotifyState::Stopping]);
    relay.stop().await;
    Ok(())
}

/// Tells the service manager, if there is one.
fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("the service manager can't be told: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn manual_and_completions_are_current() {
        heliograph_fleet::pages::are_current(Cli::command());
    }
}
