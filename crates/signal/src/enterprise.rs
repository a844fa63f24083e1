//! DC/OS Enterprise: its sources want a token, and its licensing service knows the licence.
//!
//! [`account`] is the service account, whose key signs a word for the login endpoint; [`login`] what comes of that, a token that all
//! sources are shown; [`licence`] asks for the licence's id. What fails here costs itself: sources are asked all the same, and a
//! report without a licence is a report.

pub mod account;
pub mod licence;
pub mod login;

use std::path::PathBuf;

use crate::config::{Config, Variant};
use crate::environment::Environment;

/// Where DC/OS puts the service account of `dcos-signal`.
pub const DCOS_ACCOUNT: &str = "/run/dcos/etc/signal-service/service_account.json";
/// Where DC/OS' licensing service listens. (The original's default is a name in /tmp, which anybody may take.)
pub const DCOS_LICENSING: &str = "/run/dcos/dcos-licensing.sock";
/// The name of the systemd credential that holds a service account.
pub const ACCOUNT_CREDENTIAL: &str = "heliograph.service-account";

/// A file or socket, and whether somebody said that it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where.
    pub path: PathBuf,
    /// Said by the operator; else it is only where DC/OS has it, when it has it.
    pub expected: bool,
}

/// Where the service account is looked for; `None` where none is wanted.
pub fn account_place(config: &Config, environment: &Environment) -> Option<Place> {
    let said = config.service_account_file.clone();
    let said = said.or_else(|| environment.credential(ACCOUNT_CREDENTIAL));
    place(said, config.variant, DCOS_ACCOUNT)
}

/// Where the licensing service is asked; `None` where it is not, or what it says would not be sent. On open clusters, which have none,
/// units name its socket all the same.
pub fn licensing_place(config: &Config) -> Option<Place> {
    if config.license_id.is_some() || !config.selection.admits_licence() {
        return None;
    }
    let place = place(config.licensing_socket.clone(), config.variant, DCOS_LICENSING)?;
    Some(Place {
        expected: place.expected && config.variant == Variant::Enterprise,
        ..place
    })
}

fn place(said: Option<PathBuf>, variant: Variant, usual: &str) -> Option<Place> {
    match said {
        Some(path) => Some(Place { path, expected: true }),
        None => (variant == Variant::Enterprise).then(|| Place {
            path: usual.into(),
            expected: false,
        }),
    }
}
