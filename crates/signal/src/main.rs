//! `heliograph-signal`: parses, sets up the log, runs one command, and turns its end into an exit code.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use heliograph_signal::cause::chain;
use heliograph_signal::cli::{Arguments, BundleCommand, Command, LogCommand};
use heliograph_signal::clock::Clock;
use heliograph_signal::command::{
    bundle, diff, doctor, event, explain, forget, log, opt, run, status, waiting,
};
use heliograph_signal::config::{self, Loaded, key};
use heliograph_signal::cycle::{Asked, Cycle, Exit};
use heliograph_signal::environment::Environment;
use signal_hook::consts::{SIGINT, SIGTERM};

type Failure = Box<dyn std::error::Error>;

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
    let mut out = Vec::new();
    let ended = execute(&arguments, &environment, &mut out);
    // What a command had to say before it failed is still worth reading.
    let printed = print(&out);
    match ended {
        Ok(code) if code == ExitCode::SUCCESS => printed,
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{}", chain(error.as_ref()));
            ExitCode::from(USAGE)
        }
    }
}

fn execute(arguments: &Arguments, environment: &Environment, out: &mut Vec<u8>) -> Result<ExitCode, Failure> {
    let command = arguments.command();
    match &command {
        Command::PrintConfig => {
            out.extend(key::print_defaults().bytes());
            return Ok(ExitCode::SUCCESS);
        }
        Command::Diff { old } => {
            diff::diff(old, out)?;
            return Ok(ExitCode::SUCCESS);
        }
        _ => {}
    }
    let Loaded { config, warnings, .. } =
        config::load(arguments.config.as_deref(), environment, arguments.settings())?;
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    let clock = Clock::new(arguments.now);
    let stop = Arc::new(AtomicBool::new(false));
    if command == Command::Run {
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&stop))?;
        }
        let reload = || {
            let loaded = config::load(arguments.config.as_deref(), environment, arguments.settings());
            loaded
                .map(|loaded| loaded.config)
                .map_err(|error| error.to_string())
        };
        run::run(config, &reload, environment.clone(), clock, &stop)?;
        return Ok(ExitCode::SUCCESS);
    }
    let cycle = Cycle {
        config: &config,
        environment,
        clock,
        stop: &stop,
    };
    match command {
        Command::Report { spread } => return report(&cycle, spread),
        Command::Preview { ui: true, .. } => waiting::of_ui(&cycle, out)?,
        Command::Preview { wire, .. } => {
            let (text, exit) = if wire {
                cycle.preview_wire()?
            } else {
                cycle.preview()?
            };
            if let Some(text) = text {
                writeln!(out, "{text}")?;
            }
            return Ok(code(exit));
        }
        Command::Event(said) => {
            let (phase, from, to) = (said.phase.as_deref(), said.from.as_deref(), said.to.as_deref());
            let happened = event::Happened {
                action: &said.action,
                outcome: &said.outcome,
                phase,
                from,
                to,
            };
            return Ok(code(event::event(&cycle, &happened)?));
        }
        Command::Explain => explain::explain(&cycle, out)?,
        Command::Status => status::status(&cycle, out)?,
        Command::Doctor => return Ok(well(doctor::doctor(&cycle, out)?)),
        Command::Log { command: None } => log::list(&cycle, out)?,
        Command::Log {
            command: Some(LogCommand::Show { number }),
        } => log::show(&cycle, number, out)?,
        Command::Log {
            command: Some(LogCommand::Verify),
        } => return Ok(well(log::check(&cycle, out)?)),
        Command::OptOut => opt::out(&cycle, out)?,
        Command::OptIn => opt::r#in(&cycle, out)?,
        Command::Forget => forget::forget(&cycle, out)?,
        Command::Bundle {
            command: BundleCommand::Write { file },
        } => bundle::write(&cycle, &file, out)?,
        // Handled above.
        Command::Run | Command::Diff { .. } | Command::PrintConfig => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn report(cycle: &Cycle<'_>, spread: bool) -> Result<ExitCode, Failure> {
    // A unit that failed is started anew by its service manager, which says so in the environment.
    let by_timer = spread || cycle.environment.get("INVOCATION_ID").is_some();
    if spread {
        cycle.wait_for_offset()?;
    }
    Ok(code(cycle.report(if by_timer {
        Asked::ByTimer
    } else {
        Asked::ByHand
    })?))
}

fn well(found: bool) -> ExitCode {
    if found {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(USAGE)
    }
}

fn code(exit: Exit) -> ExitCode {
    ExitCode::from(exit as u8)
}

/// Writes to standard output; a reader that has gone away is no error of ours.
fn print(text: &[u8]) -> ExitCode {
    match std::io::stdout().lock().write_all(text) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            tracing::error!("standard output can't be written: {error}");
            ExitCode::from(USAGE)
        }
        _ => ExitCode::SUCCESS,
    }
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
