//! The command line: ours, and the original's single-dash flags, so that an installed `dcos-signal` unit keeps working.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use jiff::Timestamp;
use serde_json::Value;

use crate::config::DCOS_CONFIG;
use crate::config::key::Key;
use crate::config::setting::{Origin, Setting};

/// Reports the health, capacity and packages of a cluster, every hour, in plain sight.
#[derive(Debug, Parser)]
#[command(name = "heliograph-signal", version, about, max_term_width = 100)]
#[command(
    after_help = "The flags of dcos-signal are understood too, with one dash or two: -c, -cluster-id-path, -dcos-variant, \
-licensing-socket, -segment-key, -test, -v, -version.\n\n\
Exit codes: 0 done, or telemetry is off; 1 usage or configuration; 2 nothing could be collected though something is switched on; \
3 collected, but neither delivered nor kept."
)]
pub struct Arguments {
    /// What to do; without it: report
    #[command(subcommand)]
    command: Option<Command>,
    /// Configuration file, TOML or DC/OS' JSON [default: /etc/heliograph/signal.toml, else
    /// /opt/mesosphere/etc/dcos-signal-config.json; run as dcos-signal, only the latter]
    #[arg(long, short = 'c', alias = "c", global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// Print the complete default configuration
    #[arg(long)]
    print_config: bool,
    /// The file that holds the cluster's id
    #[arg(long, global = true, value_name = "PATH")]
    cluster_id_path: Option<String>,
    /// DC/OS Enterprise: the licensing service's socket
    #[arg(long, global = true, value_name = "PATH")]
    licensing_socket: Option<String>,
    /// The sink's write key; other users of this machine can see it, so better set write_key_file
    #[arg(long, global = true, value_name = "KEY")]
    segment_key: Option<String>,
    /// open or enterprise
    #[arg(long, global = true, value_name = "VARIANT")]
    dcos_variant: Option<String>,
    /// The same as preview
    #[arg(long)]
    test: bool,
    /// Stamp messages with this time, not the clock's (RFC 3339)
    #[arg(long, global = true, value_name = "TIME")]
    pub now: Option<Timestamp>,
    /// Log more
    #[arg(long, short, alias = "v", global = true)]
    pub verbose: bool,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Collect a report and send it
    Report {
        /// Wait for this cluster's minute of the hour, as our timer's unit asks
        #[arg(long)]
        spread: bool,
    },
    /// Show what a report would say, and send nothing
    Preview {
        /// The exact body that a report at this moment would send
        #[arg(long)]
        wire: bool,
        /// What waits of the web UI instead: each message, byte for byte as it would leave now
        #[arg(long, conflicts_with = "wire")]
        ui: bool,
    },
    /// Report each hour, until told to end: for containers
    Run,
    /// Tell whether telemetry is on, who decided, and what would be sent
    Explain,
    /// Tell what was tried, what waits, and what is wrong
    Status,
    /// Try sources, sink, key and clock, and send no data
    Doctor,
    /// List what was sent
    Log {
        /// What of it; without one: list
        #[command(subcommand)]
        command: Option<LogCommand>,
    },
    /// Compare what this version would send with an earlier one
    Diff {
        /// The version of the earlier one, or its plan's file
        old: String,
    },
    /// Switch telemetry of this host off
    OptOut,
    /// Undo opt-out, and skip the notice
    OptIn,
    /// Opt out, and ask the collector to delete all it holds of this cluster
    Forget,
    /// Carry reports out of a cluster without a way out
    Bundle {
        /// What to do
        #[command(subcommand)]
        command: BundleCommand,
    },
    /// Tell of an installation: for installers to call
    Event(EventArguments),
    /// Print the complete default configuration
    #[command(hide = true)]
    PrintConfig,
}

/// What of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum LogCommand {
    /// Print the exact body of a send
    Show {
        /// Its number
        number: u64,
    },
    /// Check hashes and receipts
    Verify,
}

/// What with a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum BundleCommand {
    /// Move what waits into a file
    Write {
        /// The file, which must not exist
        file: PathBuf,
    },
}

/// What an installer says.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct EventArguments {
    /// install, upgrade or uninstall
    pub action: String,
    /// started, succeeded or failed
    pub outcome: String,
    /// preflight, download, configure, bootstrap, start, verify or cleanup
    #[arg(long)]
    pub phase: Option<String>,
    /// The version before
    #[arg(long, value_name = "VERSION")]
    pub from: Option<String>,
    /// The version after
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
}

impl Arguments {
    /// Parses a command line, program name first.
    ///
    /// # Errors
    /// It can't be understood, or asks for help or the version.
    pub fn parse_from_line(line: impl IntoIterator<Item = OsString>) -> Result<Arguments, clap::Error> {
        let mut line = line.into_iter().peekable();
        let replaces_the_original = line
            .peek()
            .and_then(|program| Path::new(program).file_name())
            .is_some_and(|name| name == "dcos-signal");
        let mut arguments = Arguments::try_parse_from(with_two_dashes(line))?;
        // Under the original's name the original's configuration is meant, whatever else is installed.
        if replaces_the_original && arguments.config.is_none() {
            arguments.config = Some(DCOS_CONFIG.into());
        }
        Ok(arguments)
    }

    /// What to do.
    pub fn command(&self) -> Command {
        match self.command {
            _ if self.print_config => Command::PrintConfig,
            _ if self.test => Command::Preview {
                wire: false,
                ui: false,
            },
            ref command => command.clone().unwrap_or(Command::Report { spread: false }),
        }
    }

    /// What the flags say of the configuration.
    pub fn settings(&self) -> Vec<Setting> {
        let flags = [
            ("cluster_id_path", "--cluster-id-path", &self.cluster_id_path),
            ("licensing_socket", "--licensing-socket", &self.licensing_socket),
            ("write_key", "--segment-key", &self.segment_key),
            ("variant", "--dcos-variant", &self.dcos_variant),
        ];
        let said = |(name, flag, value): (&str, &'static str, &Option<String>)| {
            let value = Value::from(value.clone()?);
            Some(Setting {
                key: Key::named(name)?,
                value,
                origin: Origin::Flag(flag),
            })
        };
        flags.into_iter().filter_map(said).collect()
    }
}

/// Flags of the original that take a value.
const VALUED: &[&str] = &[
    "c",
    "cluster-id-path",
    "licensing-socket",
    "segment-key",
    "dcos-variant",
];
/// Flags of the original that don't.
const SWITCHES: &[&str] = &["test", "v", "version", "h", "help"];

/// The line with the original's flags, which Go reads with one dash or two, in the form that ours have. Go takes the word after
/// a valued flag as its value, whatever it looks like, and `-test=false` as not said.
fn with_two_dashes(line: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut line = line.into_iter();
    let mut words: Vec<OsString> = line.next().into_iter().collect();
    while let Some(word) = line.next() {
        let Some(text) = word.to_str() else {
            words.push(word);
            continue;
        };
        if text == "--" {
            words.push(word);
            words.extend(line);
            break;
        }
        let flag = text
            .strip_prefix("--")
            .or_else(|| text.strip_prefix('-'))
            .unwrap_or_default();
        let (name, value) = flag
            .split_once('=')
            .map_or((flag, None), |(name, value)| (name, Some(value)));
        if VALUED.contains(&name) {
            let mut whole = OsString::from(format!("--{name}="));
            match value {
                Some(value) => whole.push(value),
                None => match line.next() {
                    Some(value) => whole.push(value),
                    None => whole = format!("--{name}").into(),
                },
            }
            words.push(whole);
        } else if SWITCHES.contains(&name) {
            let name = if name == "h" { "help" } else { name };
            match value {
                None | Some("1" | "t" | "T" | "true" | "TRUE" | "True") => {
                    words.push(format!("--{name}").into())
                }
                Some("0" | "f" | "F" | "false" | "FALSE" | "False") => {}
                // Left as it is, so that the error shows what was written.
                Some(_) => words.push(word),
            }
        } else {
            words.push(word);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::parse_from_line(
            std::iter::once("signal")
                .chain(line.split_whitespace())
                .map(OsString::from),
        )
    }

    #[test]
    fn the_originals_flags_are_understood() {
        let line = "-c /x.json -cluster-id-path=/id --licensing-socket /s -segment-key -odd- -dcos-variant enterprise -v -test";
        let arguments = parse(line).unwrap();
        assert_eq!(
            arguments.command(),
            Command::Preview {
                wire: false,
                ui: false,
            }
        );
        assert_eq!(arguments.config.as_deref(), Some("/x.json".as_ref()));
        assert!(arguments.verbose);
        let said: Vec<_> = arguments
            .settings()
            .iter()
            .map(|setting| (setting.key.name, setting.value.clone()))
            .collect();
        let expected = [
            ("cluster_id_path", "/id"),
            ("licensing_socket", "/s"),
            ("write_key", "-odd-"),
            ("variant", "enterprise"),
        ];
        assert_eq!(said, expected.map(|(name, value)| (name, Value::from(value))));
    }

    #[test]
    fn switches_take_go_booleans() {
        assert_eq!(
            parse("-test=true").unwrap().command(),
            Command::Preview {
                wire: false,
                ui: false,
            }
        );
        assert_eq!(
            parse("-test=false -v=0").unwrap().command(),
            Command::Report { spread: false }
        );
        assert!(parse("-test=maybe").is_err());
    }

    #[test]
    fn under_the_originals_name_its_configuration_is_read() {
        let parse = |line: &str| Arguments::parse_from_line(line.split(' ').map(OsString::from)).unwrap();
        assert_eq!(parse("/usr/bin/dcos-signal -v").config, Some(DCOS_CONFIG.into()));
        assert_eq!(parse("dcos-signal -c x.json").config, Some("x.json".into()));
        assert_eq!(parse("/usr/bin/heliograph-signal -v").config, None);
    }

    #[test]
    fn manual_and_completions_are_current() {
        heliograph_fleet::pages::are_current(<Arguments as clap::CommandFactory>::command());
    }

    #[test]
    fn ours_and_errors() {
        assert_eq!(parse("").unwrap().command(), Command::Report { spread: false });
        assert_eq!(
            parse("preview -c x.toml --now 2026-11-22T11:52:54Z")
                .unwrap()
                .command(),
            Command::Preview {
                wire: false,
                ui: false,
            }
        );
        assert_eq!(
            parse("-version").unwrap_err().kind(),
            clap::error::ErrorKind::DisplayVersion
        );
        assert_eq!(
            parse("-h").unwrap_err().kind(),
            clap::error::ErrorKind::DisplayHelp
        );
        for line in ["preveiw", "-nonsense", "-c", "--now yesterday"] {
            assert!(parse(line).unwrap_err().use_stderr(), "{line}");
        }
    }
}
