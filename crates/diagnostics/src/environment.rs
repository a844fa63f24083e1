//! The one place that reads the environment; everything else gets what it needs passed in. What the service manager says is in the
//! environment, too: the libraries that understand it are called from here.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use listenfd::ListenFd;
use sd_notify::NotifyState;

/// Prefix of the variables that stand for configuration keys: `HELIOGRAPH_DIAGNOSTICS_LISTEN` is `listen`.
pub const PREFIX: &str = "HELIOGRAPH_DIAGNOSTICS_";

/// The variables that begin with [`PREFIX`]: configuration keys, lower case, with their values. Sorted by key.
pub fn settings() -> Vec<(String, String)> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one reader of diagnostics of the environment"
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

/// The version of DC/OS, where its environment tells it.
pub fn dcos_version() -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one reader of diagnostics of the environment"
    )]
    std::env::var("DCOS_VERSION").ok()
}

/// The directory that systemd made for this daemon, if it did.
pub fn runtime_directory() -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one reader of diagnostics of the environment"
    )]
    let directories = std::env::var_os("RUNTIME_DIRECTORY")?;
    // Of several, separated by colons, the first.
    let directory = std::env::split_paths(&directories).next()?;
    directory.is_absolute().then_some(directory)
}

/// The sockets that the service manager has handed over, if it has. To be asked for once, before there are threads.
pub fn sockets() -> ListenFd {
    ListenFd::from_env()
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
