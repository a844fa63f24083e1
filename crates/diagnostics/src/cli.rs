//! The command line, as it is typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use heliograph_diagnostics::listen::Listen;
use heliograph_diagnostics::node::Role;

/// The health of every systemd unit, from systemd itself.
#[derive(Debug, Parser)]
#[command(name = "heliograph-diagnostics", version)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Configuration file (TOML) [default: /etc/heliograph/diagnostics.toml, where it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print the complete default configuration and exit
    #[arg(long, global = true)]
    pub(crate) print_config: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the daemon
    Serve(Serve),
    /// Print how this node's units are; exits with 1 when one is unhealthy, with 3 when none is and one is unknown. Asks the
    /// daemon of this machine; where none runs, systemd
    Check(Check),
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Print this node's document as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the last lines of the journal about units that are unhealthy
    #[arg(long)]
    pub(crate) journal: bool,
    /// Ask systemd even where a daemon runs; what happened before is then not seen
    #[arg(long)]
    pub(crate) direct: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen: an address with a port, or unix:/path; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Vec<Listen>,
    /// What this node is in its cluster: master, agent or agent_public
    #[arg(long)]
    pub(crate) role: Option<Role>,
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
