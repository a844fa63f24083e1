//! `serve`: runs until it is told to stop by SIGTERM or SIGINT; reads its certificate again on SIGHUP.

mod manager;

use std::io::{self, Write as _};

use anyhow::Context as _;
use heliograph_collector::config::{Config, Level};
use heliograph_collector::server::{Collector, Sources};
use heliograph_collector::writer::chain;
use heliograph_collector::{environment, open_files};
use tokio::signal::unix::{SignalKind, signal};
use tracing::level_filters::LevelFilter;

/// Runs the collector; prints one line when it is ready.
pub(crate) fn run(config: &Config) -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_max_level(filter(config.log))
        .with_ansi(false)
        .with_writer(io::stderr)
        .init();
    let sockets = environment::sockets()?;
    let config = &fitted(config);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("can't start the runtime")?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).context("can't listen for SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("can't listen for SIGINT")?;
        let mut hang_up = signal(SignalKind::hangup()).context("can't listen for SIGHUP")?;
        let collector = Collector::start_on(sockets, config, Sources::default()).await?;
        announce(&collector).context("can't print the address")?;
        manager::ready();
        tokio::spawn(manager::feed(collector.beat()));
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = hang_up.recv() => {
                    manager::reloading();
                    reload(&collector);
                    manager::ready();
                }
            }
        }
        tracing::info!("stopping");
        manager::stopping();
        collector.stop().await;
        Ok(())
    })
}

fn reload(collector: &Collector) {
    match collector.reload() {
        Ok(true) => tracing::info!("the certificate and its key were read again"),
        Ok(false) => tracing::info!("there is no certificate to read again"),
        Err(error) => tracing::error!(
            "THE NEW CERTIFICATE IS OF NO USE, the old one is used on: {}",
            chain(&error)
        ),
    }
}

/// The configuration with as many connections as files may be open.
fn fitted(config: &Config) -> Config {
    let mut config = config.clone();
    let fitting = open_files::make_room(config.connections);
    if fitting < config.connections {
        tracing::warn!(
            "the limit on open files has room for {fitting} connections only, {} are configured",
            config.connections
        );
        config.connections = fitting;
    }
    config
}

fn announce(collector: &Collector) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "listening on {}", collector.urls().join(", "))?;
    out.flush()?;
    if let Some(link) = collector.invitation() {
        // Whoever reads no further than the first line has closed the pipe.
        let _ = writeln!(
            out,
            "nobody can log in yet: make the first user within an hour, at {link}"
        );
        let _ = out.flush();
    }
    Ok(())
}

fn filter(level: Level) -> LevelFilter {
    match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    }
}
