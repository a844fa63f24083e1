//! `heliograph-diagnostics`: the command line around the library.

mod cli;
mod command;

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use heliograph_diagnostics::config::Config;
use heliograph_diagnostics::environment;
use heliograph_diagnostics::listen::Listen;

use crate::cli::{Cli, Command};

/// The configuration that is read when no other is named.
const USUAL_FILE: &str = "/etc/heliograph/diagnostics.toml";

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            // The one place where an error is told, with its causes. Without a standard error there is nobody to tell it to.
            let _ = writeln!(io::stderr(), "error: {error:#}{}", advice(&error));
            ExitCode::FAILURE
        }
    }
}

/// What to do about it, where that is known.
fn advice(error: &anyhow::Error) -> &'static str {
    let denied = |cause: &(dyn std::error::Error + 'static)| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    };
    if error.chain().any(denied) {
        "; run it as the account that owns this, or give this account access"
    } else {
        ""
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    if cli.common.print_config {
        io::stdout()
            .lock()
            .write_all(Config::default().to_toml().as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(command) = cli.command else {
        Cli::command().print_help()?;
        return Ok(ExitCode::SUCCESS);
    };
    let mut config = configuration(cli.common.config.as_deref())?;
    match command {
        Command::Check(check) => return command::check::run(&config, &check),
        Command::Serve(serve) => {
            if !serve.listen.is_empty() {
                config.listen.places = serve.listen;
            }
            config.node.role = serve.role.or(config.node.role);
            command::serve::run(&config)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The configuration of the file that is named, else of the usual one, if it is there.
fn configuration(file: Option<&Path>) -> anyhow::Result<Config> {
    let usual = Path::new(USUAL_FILE);
    let file = file.or_else(|| usual.exists().then_some(usual));
    let mut config = Config::read(file, &environment::settings())?;
    if config.node.dcos_version.is_empty() {
        config.node.dcos_version = environment::dcos_version().unwrap_or_default();
    }
    if config.listen.places == Config::default().listen.places
        && let Some(directory) = environment::runtime_directory()
    {
        config.listen.places.push(Listen::Unix(directory.join("socket")));
    }
    Ok(config)
}
