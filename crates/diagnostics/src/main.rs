//! `heliograph-diagnostics`: the command line around the library.

mod cli;
mod command;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use heliograph_diagnostics::config::Config;
use heliograph_diagnostics::environment;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            // The one place where an error is told, with its causes. Without a standard error there is nobody to tell it to.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
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
    let mut config = Config::read(cli.common.config.as_deref(), &environment::settings())?;
    if config.node.dcos_version.is_empty() {
        config.node.dcos_version = environment::dcos_version().unwrap_or_default();
    }
    match command {
        Command::Check(check) => return command::check::run(&config, &check),
        Command::Serve(serve) => {
            if !serve.listen.is_empty() {
                config.listen.places = serve.listen;
            }
            config.node.role = serve.role.unwrap_or(config.node.role);
            command::serve::run(&config)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
