//! The one place that reads the environment; everything else gets what it needs passed in. What the service manager says is in the
//! environment, too: the libraries that understand it are called from here.

use std::io;
use std::time::Duration;

use listenfd::ListenFd;
use sd_notify::NotifyState;

/// Prefix of the variables that stand for configuration keys: `HELIOGRAPH_COLLECTOR_LISTEN` is `listen`.
pub const PREFIX: &str = "HELIOGRAPH_COLLECTOR_";
/// Sockets that are taken over. More than one service has any use for.
const MOST_SOCKETS: u32 = 64;

/// `LISTEN_FDS` makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("LISTEN_FDS is for this process, but no number from 1 to {MOST_SOCKETS}")]
pub struct BadSockets;

/// The variables that begin with [`PREFIX`]: configuration keys, lower case, with their values. Sorted by key.
pub fn settings() -> Vec<(String, String)> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the collector's one reader of the environment"
    )]
    let variables = std::env::vars_os();
    let mut settings: Vec<_> = variables
        .filter_map(|(name, value)| {
            let key = name.to_str()?.strip_prefix(PREFIX)?.to_ascii_lowercase();
            Some((key, value.to_string_lossy().into_owned()))
        })
        .collect();
    settings.sort();
    settings
}

/// The sockets that were handed over to this process (`LISTEN_PID`, `LISTEN_FDS`), if any were. To be asked for once, before there
/// are threads: the variables are taken away, so that no child believes that they are meant for it.
///
/// # Errors
/// When their number is none.
pub fn sockets() -> Result<ListenFd, BadSockets> {
    if number("LISTEN_PID") != Some(std::process::id()) {
        return Ok(ListenFd::empty());
    }
    match number("LISTEN_FDS") {
        Some(1..=MOST_SOCKETS) => Ok(ListenFd::from_env()),
        _ => Err(BadSockets),
    }
}

/// How long the service manager waits for a sign of life before it starts this process again, if it does.
pub fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|patience| !patience.is_zero())
}

/// Tells the service manager, if there is one.
///
/// # Errors
/// When it can't be told.
pub fn notify(states: &[NotifyState<'_>]) -> io::Result<()> {
    sd_notify::notify(states)
}

fn number(name: &str) -> Option<u32> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the collector's one reader of the environment"
    )]
    let value = std::env::var(name);
    value.ok()?.parse().ok()
}
