//! `serve`: runs until it is told to stop by SIGTERM or SIGINT.

use std::io::{self, Write as _};

use anyhow::Context as _;
use heliograph_diagnostics::config::{Config, Level};
use heliograph_diagnostics::listen::Listen;
use heliograph_diagnostics::server::{Diagnostics, Sources};
use tokio::signal::unix::{SignalKind, signal};
use tracing::level_filters::LevelFilter;

/// Runs the daemon; prints one line when it is ready.
pub(crate) fn run(config: &Config) -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_max_level(filter(config.log))
        .with_ansi(false)
        .with_writer(io::stderr)
        .init();
    // One thread: a second would cost memory and save nothing.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("can't start the runtime")?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).context("can't listen for SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("can't listen for SIGINT")?;
        let diagnostics = Diagnostics::start(config, Sources::default()).await?;
        announce(diagnostics.addresses()).context("can't print the address")?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        diagnostics.stop().await;
        Ok(())
    })
}

fn announce(addresses: &[Listen]) -> io::Result<()> {
    let places: Vec<String> = addresses
        .iter()
        .map(|listen| match listen {
            Listen::Tcp(address) => format!("http://{address}"),
            Listen::Unix(_) => listen.to_string(),
        })
        .collect();
    let mut out = io::stdout().lock();
    writeln!(out, "listening on {}", places.join(" and "))?;
    out.flush()
}

fn filter(level: Level) -> LevelFilter {
    match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    }
}
