//! `heliograph-collector`: the command line around the library.

mod cli;
mod command;
mod progress;

use std::io::{self, BufWriter, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use heliograph_collector::clock::SystemClock;
use heliograph_collector::config::Config;
use heliograph_collector::entropy::SystemEntropy;
use heliograph_collector::environment;
use heliograph_collector::server::StartError;
use mimalloc::MiMalloc;

use crate::cli::{
    AdminCommand, Cli, Command, Common, KeyCommand, SuppressionsCommand, TokenCommand, WebhookCommand,
};

/// Many small pieces are taken on one thread and given back on another, which the system's allocator pays for dearly.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The exit code for a damaged database (`EX_DATAERR` of sysexits.h): a service manager must not start it again and again.
const DAMAGED: u8 = 65;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help that was asked for is no error; neither can be told where nobody listens.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The one place where an error is told, with its causes. Without a standard error there is nobody to tell it to.
            let _ = writeln!(io::stderr(), "error: {error:#}{}", advice(&error));
            let damaged = error.downcast_ref().is_some_and(StartError::is_damage);
            if damaged {
                ExitCode::from(DAMAGED)
            } else {
                ExitCode::FAILURE
            }
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

fn run(cli: Cli) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    if cli.common.print_config {
        out.write_all(Config::default().to_toml().as_bytes())?;
        return Ok(out.flush()?);
    }
    let Some(command) = cli.command else {
        Cli::command().print_help()?;
        return Ok(());
    };
    let mut config = configuration(&cli.common)?;
    match command {
        Command::Serve(serve) => {
            drop(out);
            config.listen = serve.listen.unwrap_or(config.listen);
            return command::serve::run(&config);
        }
        Command::Key(KeyCommand::Add { kind, name, limits }) => {
            let new = command::key::New {
                kind,
                name: &name,
                limits: &limits,
            };
            command::key::add(&config.data, &new, &SystemClock, &SystemEntropy, &mut out)?;
        }
        Command::Key(KeyCommand::Limit { key, limits }) => {
            command::key::limit(&config.data, &key, &limits, &mut out)?;
        }
        Command::Key(KeyCommand::List) => command::key::list(&config, &SystemClock, &mut out)?,
        Command::Key(KeyCommand::Revoke { key }) => {
            command::key::revoke(&config.data, &key, &SystemClock, &mut out)?;
        }
        Command::Token(TokenCommand::Add { scope, name }) => {
            command::token::add(&config.data, scope, &name, &SystemClock, &SystemEntropy, &mut out)?;
        }
        Command::Token(TokenCommand::List) => command::token::list(&config.data, &mut out)?,
        Command::Token(TokenCommand::Revoke { token }) => {
            command::token::revoke(&config.data, &token, &SystemClock, &mut out)?;
        }
        Command::Admin(asked) => admin(&config, asked, &mut out)?,
        Command::Ask(ask) => command::ask::run(&config.data, &ask, &SystemClock, &mut out)?,
        Command::Messages(asked) => return command::messages::print(&config.data, &asked, &mut out),
        Command::Outcomes(asked) => {
            command::outcomes::print(&config.data, &asked, &SystemClock, &mut out)?;
        }
        Command::Export {
            table: None,
            messages,
        } => {
            command::export::run(&config.data, &messages, &mut out)?;
        }
        Command::Export {
            table: Some(table), ..
        } => {
            let (table, asked) = table.parts();
            command::flat::run(&config.data, table, asked, &mut out)?;
        }
        Command::Import(import) => {
            let key = import.key.as_deref();
            command::import::run(&config, &import.files, key, &mut out)?;
        }
        Command::Rebuild(asked) => {
            // What it found is told, whether or not that is an error.
            let ended = command::rebuild::run(&config, asked.check, &SystemClock, &mut out);
            out.flush()?;
            ended?;
        }
        Command::Backup { file } => command::backup::make(&config.data, &file, &mut out)?,
        Command::Restore {
            file,
            without_later_orders,
        } => command::backup::take_back(&config.data, &file, without_later_orders, &mut out)?,
        Command::Openapi => out.write_all(heliograph_collector::openapi().as_bytes())?,
        Command::Tracker { url } => command::tracker::print(url.or(config.public_url).as_ref(), &mut out)?,
        Command::ReceiptKey => command::receipt_key::print(&config.data, &SystemEntropy, &mut out)?,
        Command::Webhook(WebhookCommand::Test) => {
            command::webhook::test(&config, &SystemClock, &SystemEntropy, &mut out)?;
        }
        Command::Forget(asked) => command::forget::run(&config.data, &asked, &mut out)?,
        Command::Suppressions(SuppressionsCommand::List) => {
            command::forgotten::list(&config.data, &mut out)?;
        }
        Command::Suppressions(SuppressionsCommand::Lift(whom)) => {
            command::forgotten::lift(&config.data, &whom, &SystemEntropy, &mut out)?;
        }
        Command::Deletions { receipt: None } => command::forgotten::deletions(&config.data, &mut out)?,
        Command::Deletions { receipt: Some(id) } => {
            command::forgotten::receipt(&config.data, id, &mut out)?;
        }
    }
    Ok(out.flush()?)
}

fn admin(config: &Config, asked: AdminCommand, out: &mut impl io::Write) -> anyhow::Result<()> {
    let data = &config.data;
    match asked {
        AdminCommand::Add { name, role } => {
            command::admin::add(data, &name, role, &SystemClock, &SystemEntropy, out)
        }
        AdminCommand::List => command::admin::list(data, out),
        AdminCommand::Role { name, role } => command::admin::role(data, &name, role, &SystemClock, out),
        AdminCommand::Password { name } => {
            command::admin::password(data, &name, &SystemClock, &SystemEntropy, out)
        }
        AdminCommand::Remove { name } => command::admin::remove(data, &name, &SystemClock, out),
    }
}

fn configuration(common: &Common) -> anyhow::Result<Config> {
    let mut config = Config::read(common.config.as_deref(), &environment::settings())?;
    if let Some(data) = &common.data {
        config.data.clone_from(data);
    }
    Ok(config)
}
