//! `heliograph-signal`: parses, sets up the log, runs one command, and turns its end into an exit code.

use std::io::Write;
use std::process::ExitCode;

use heliograph_signal::cli::{Arguments, Command};
use heliograph_signal::clock::Clock;
use heliograph_signal::config::{self, key};
use heliograph_signal::cycle::Cycle;
use heliograph_signal::environment::Environment;

/// Usage or configuration.
const USAGE: u8 = 1;

fn main() -> ExitCode {
    let arguments = match Arguments::parse_from_line(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let environment = Environment::of_process();
    log_to_stderr(&arguments, &environment);
    run(&arguments, &environment).unwrap_or_else(|error| {
        tracing::error!("{error}{}", causes(error.as_ref()));
        ExitCode::from(USAGE)
    })
}

fn run(arguments: &Arguments, environment: &Environment) -> Result<ExitCode, Box<dyn std::error::Error>> {
    if arguments.command() == Command::PrintConfig {
        return Ok(print(&key::print_defaults()));
    }
    let loaded = config::load(arguments.config.as_deref(), environment, arguments.settings())?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let cycle = Cycle {
        config: &loaded.config,
        environment,
        clock: Clock::new(arguments.now),
    };
    match arguments.command() {
        Command::Preview => {
            let (text, exit) = cycle.preview()?;
            let printed = text.map_or(ExitCode::SUCCESS, |text| print(&(text + "\n")));
            Ok(if printed == ExitCode::SUCCESS {
                ExitCode::from(exit as u8)
            } else {
                printed
            })
        }
        Command::Report | Command::PrintConfig => Ok(ExitCode::from(cycle.report()? as u8)),
    }
}

/// Writes to standard output; a reader that has gone away is no error of ours.
fn print(text: &str) -> ExitCode {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            tracing::error!("standard output can't be written: {error}");
            ExitCode::from(USAGE)
        }
        _ => ExitCode::SUCCESS,
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

fn log_to_stderr(arguments: &Arguments, environment: &Environment) {
    let level = if arguments.verbose {
        tracing::Level::DEBUG
    } else {
        tracing::Level::INFO
    };
    let log = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(false);
    // The journal stamps lines itself.
    if environment.get("JOURNAL_STREAM").is_some() {
        log.without_time().init()
    } else {
        log.init()
    }
}
