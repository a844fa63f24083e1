//! `serve`: runs until it is told to stop by SIGTERM or SIGINT; on SIGHUP it reads certificates and tokens again.

mod manager;

use std::io::{self, Write as _};

use anyhow::Context as _;
use heliograph_diagnostics::config::{Config, Level};
use heliograph_diagnostics::environment;
use heliograph_diagnostics::server::{Diagnostics, Sources};
use listenfd::ListenFd;
use tokio::signal::unix::{SignalKind, signal};
use tracing::level_filters::LevelFilter;

/// Runs the daemon; prints one line when it is ready.
pub(crate) fn run(config: &Config) -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_max_level(filter(config.log))
        .with_ansi(false)
        .with_writer(io::stderr)
        .init();
    let sockets = environment::sockets();
    // One thread: a second would cost memory and save nothing.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("can't start the runtime")?;
    let served = runtime.block_on(serve(config, sockets));
    // What hangs in a look-up or on a disk is not waited for.
    runtime.shutdown_background();
    served
}

async fn serve(config: &Config, sockets: ListenFd) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("can't listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("can't listen for SIGINT")?;
    let mut hangup = signal(SignalKind::hangup()).context("can't listen for SIGHUP")?;
    let diagnostics = Diagnostics::start_on(sockets, config, Sources::default()).await?;
    announce(&diagnostics.places()).context("can't print the address")?;
    manager::ready();
    tokio::spawn(manager::feed(diagnostics.rounds()));
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => {
                manager::reloading();
                reload(&diagnostics);
                manager::ready();
            }
        }
    }
    tracing::info!("stopping");
    manager::stopping();
    diagnostics.stop().await;
    Ok(())
}

/// Reads certificates and tokens again.
fn reload(diagnostics: &Diagnostics) {
    match diagnostics.reload() {
        Ok(()) => tracing::info!("certificates and tokens were read again"),
        Err(error) => tracing::error!(
            "certificates and tokens stay as they were: {:#}",
            anyhow::Error::from(error)
        ),
    }
}

fn announce(places: &[String]) -> io::Result<()> {
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
