//! The command line, as it is typed.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use heliograph_collector::access::user::{Role, UserName};
use heliograph_collector::config::{PublicUrl, size};
use heliograph_collector::flat::Table;
use heliograph_collector::ingest::mention::Kind;
use heliograph_collector::key::KeyKind;
use heliograph_collector::quota::Limit;
use heliograph_collector::token::Scope;
use jiff::Timestamp;

use crate::command::ask::Ask;
use crate::command::flat::Flat;

/// Takes telemetry over the HTTP API of Segment, and says 200 only for what is on disk.
#[derive(Debug, Parser)]
#[command(name = "heliograph-collector", version)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Configuration file (TOML)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Directory of the database
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Print the complete default configuration and exit
    #[arg(long, global = true)]
    pub(crate) print_config: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the collector
    Serve(Serve),
    /// Add, list and revoke write keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Add, list and revoke tokens of those who read or administer
    #[command(subcommand)]
    Token(TokenCommand),
    /// Add, list, change and remove users of the dashboard
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Ask what messages add up to; without a question, list the questions
    Ask(Ask),
    /// Print what is stored, one JSON object a line, oldest first
    Messages(Messages),
    /// Print what became of messages by day, and the last ones that were refused, came twice, or differ from the plan
    Outcomes(Outcomes),
    /// Write what is stored as NDJSON, one message a line, oldest first; or as a table of flat rows
    #[command(args_conflicts_with_subcommands = true)]
    Export {
        #[command(subcommand)]
        table: Option<ExportTable>,
        #[command(flatten)]
        messages: Export,
    },
    /// Take messages that came by hand: bundles of heliograph-signal, JSON with one message a line, or batches as SDKs send them,
    /// gzip or not; twice is the same as once
    Import(Import),
    /// Make again what messages add up to, from those that are kept; while no server runs
    Rebuild(Rebuild),
    /// Copy all that the collector knows into one file, beside a running server; it holds secrets
    Backup {
        /// File to write; it is there when all is written
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Take the collector back to a backup, while no server runs; what is there is kept aside
    Restore {
        /// The backup
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Go on although the database that is there can't be read, and with it who was forgotten since the backup
        #[arg(long)]
        without_later_orders: bool,
    },
    /// Print the public key that receipts are signed with
    ReceiptKey,
    /// Print the description of the HTTP API (OpenAPI 3.1)
    Openapi,
    /// Print what a page needs to load the script for browsers: lines of HTML, with the hash that the script must have
    Tracker {
        /// Where browsers reach this collector; by default `public_url`
        #[arg(long, value_name = "URL")]
        url: Option<PublicUrl>,
    },
    /// Try the webhook that changed verdicts are told to
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Keep nothing more of somebody, and delete what there is
    Forget(Forget),
    /// List and lift what keeps those out who asked to be forgotten
    #[command(subcommand)]
    Suppressions(SuppressionsCommand),
    /// List what was asked to be deleted, and how far that is
    Deletions {
        /// Print the receipt of a deletion that is done, signed with the key that `receipt-key` prints
        #[arg(long, value_name = "ID")]
        receipt: Option<i64>,
    },
}

/// Tables of flat rows.
#[derive(Debug, Subcommand)]
pub(crate) enum ExportTable {
    /// A row for each report that counts: hour, cluster, texts and numbers of the plan
    Reports(Flat),
    /// A row for each unit of a health report: nodes in all, unhealthy, unknown
    Units(Flat),
    /// A row for each package or framework that a report names
    Packages(Flat),
    /// A row for each other message
    Events(Flat),
}

impl ExportTable {
    /// Which, and what of it.
    pub(crate) fn parts(&self) -> (Table, &Flat) {
        match self {
            ExportTable::Reports(flat) => (Table::Reports, flat),
            ExportTable::Units(flat) => (Table::Units, flat),
            ExportTable::Packages(flat) => (Table::Packages, flat),
            ExportTable::Events(flat) => (Table::Events, flat),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Number or prefix of the key that they count as sent with, whatever the files say [default: as an export says, else the only key
    /// of the kind cluster]
    #[arg(long, value_name = "PREFIX_OR_ID")]
    pub(crate) key: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Rebuild {
    /// Change nothing; end with an error where anything differs from what is stored
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SuppressionsCommand {
    /// List them; they are known by a hash only
    List,
    /// Let somebody's messages count again
    Lift(Whom),
}

#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Send it an event that says nothing, and tell what it answers; where it said before that it is gone, it is told of changes again
    Test,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Add a token and print it: it is never shown again
    Add {
        /// What may be done with it: read, support or admin
        #[arg(long)]
        scope: Scope,
        /// What to call it in lists
        #[arg(long, value_name = "TEXT", default_value = "")]
        name: String,
    },
    /// List all tokens
    List,
    /// Revoke a token
    Revoke {
        /// The token's number, or its prefix, as in the list
        #[arg(value_name = "PREFIX_OR_ID")]
        token: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Add a user; the password is asked for, or read from standard input
    Add {
        /// What to call them
        name: UserName,
        /// What they may do: viewer, support or admin
        #[arg(long, default_value = "admin")]
        role: Role,
    },
    /// List all users
    List,
    /// Give a user another role, and log them out
    Role {
        /// Who
        name: UserName,
        /// What they may do: viewer, support or admin
        role: Role,
    },
    /// Give a user another password, and log them out; it is asked for, or read from standard input
    Password {
        /// Who
        name: UserName,
    },
    /// Remove a user
    Remove {
        /// Who
        name: UserName,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Forget {
    #[command(flatten)]
    pub(crate) whom: Whom,
    /// Keep what there is
    #[arg(long, conflicts_with = "delete_only")]
    pub(crate) suppress_only: bool,
    /// Keep what comes from now on
    #[arg(long)]
    pub(crate) delete_only: bool,
}

/// Somebody, by id.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Whom {
    /// A cluster
    #[arg(long, value_name = "ID")]
    cluster_id: Option<String>,
    /// Somebody who is known by an anonymousId
    #[arg(long, value_name = "ID")]
    anonymous_id: Option<String>,
    /// Somebody who is known by a userId
    #[arg(long, value_name = "ID")]
    user_id: Option<String>,
    /// A customer
    #[arg(long, value_name = "KEY")]
    customer_key: Option<String>,
}

impl Whom {
    /// Kind and id.
    pub(crate) fn named(&self) -> anyhow::Result<(Kind, &str)> {
        let stated = [
            (Kind::Cluster, &self.cluster_id),
            (Kind::Anonymous, &self.anonymous_id),
            (Kind::User, &self.user_id),
            (Kind::Customer, &self.customer_key),
        ];
        let found = stated
            .into_iter()
            .find_map(|(kind, id)| Some((kind, id.as_deref()?.trim())));
        found.filter(|(_, id)| !id.is_empty()).context("the id is empty")
    }
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address and port to listen on; port 0 is any free one
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Add a key and print it: it is never shown again
    Add {
        /// What may be sent with it: cluster, ui, server or peer
        #[arg(long)]
        kind: KeyKind,
        /// What to call it in lists
        #[arg(long, value_name = "TEXT", default_value = "")]
        name: String,
        #[command(flatten)]
        limits: Limits,
    },
    /// Set how much may be kept in a day of what comes with a key; a running server notices within a second
    Limit {
        /// The key's number, or its prefix, as in the list
        #[arg(value_name = "PREFIX_OR_ID")]
        key: String,
        #[command(flatten)]
        limits: Limits,
    },
    /// List all keys
    List,
    /// Revoke a key; a running server notices within a second
    Revoke {
        /// The key's number, or its prefix, as in the list
        #[arg(value_name = "PREFIX_OR_ID")]
        key: String,
    },
}

/// How much may be kept in a day (UTC).
#[derive(Debug, Args)]
pub(crate) struct Limits {
    /// A size, such as "10 GiB", or none, or default: as configured
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(crate) bytes_per_day: Option<Limit>,
    /// A number of messages, or none, or default: as configured
    #[arg(long, value_name = "N", value_parser = messages)]
    pub(crate) messages_per_day: Option<Limit>,
}

fn bytes(text: &str) -> Result<Limit, String> {
    let read = |text: &str| size(text)?.try_into().ok();
    limit(text, read).ok_or_else(|| "expected a size, such as \"10 GiB\", or none, or default".to_owned())
}

fn messages(text: &str) -> Result<Limit, String> {
    let read = |text: &str| text.parse().ok();
    limit(text, read).ok_or_else(|| "expected a number of messages, or none, or default".to_owned())
}

fn limit(text: &str, read: impl FnOnce(&str) -> Option<u64>) -> Option<Limit> {
    match text {
        "none" => Some(Limit::Unlimited),
        "default" => Some(Limit::Default),
        _ => read(text).map(Limit::Most),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Outcomes {
    /// Print only this outcome, such as rejected.no_event, or this group of them, such as rejected
    #[arg(long, value_name = "OUTCOME")]
    pub(crate) reason: Option<String>,
    /// Print at most so many messages
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
    /// Print so many days, today included
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub(crate) days: u32,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Messages {
    /// Print at most so many
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Print only messages of this event
    #[arg(long, value_name = "EVENT")]
    pub(crate) event: Option<String>,
    /// Print the reports too that stand beside another reporter's and do not count
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Export {
    /// File to write; it is there when all is written [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Only what happened at this time or later (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<Timestamp>,
    /// Only what happened before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<Timestamp>,
    /// Only messages of this event
    #[arg(long, value_name = "EVENT")]
    pub(crate) event: Option<String>,
    /// The reports too that stand beside another reporter's and do not count
    #[arg(long)]
    pub(crate) all: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn no_two_arguments_are_in_each_other_s_way() {
        Cli::command().debug_assert();
    }

    #[test]
    fn manual_and_completions_are_current() {
        heliograph_fleet::pages::are_current(Cli::command());
    }
}
