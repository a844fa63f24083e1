//! The configuration: defaults, then the file, then the environment, then the command line; each wins over those before it.

mod quantity;
mod table;

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use self::table::{SETTINGS, Setting};
use crate::facts::{self, Given};
use crate::judge::Rules;
use crate::listen::{self, Listen, tls};
use crate::selection::{Pattern, Selection};
use crate::{access, cluster, environment, journal, systemd};

/// Where the original listens when it does not listen on a socket, but on loopback only.
pub const DEFAULT_ADDRESS: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1050));

/// Where systemd looks for units.
const UNIT_PATH: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// What the original leaves out: units of the installation, which are not there to stay.
const EXCEPT: [&str; 3] = [
    "dcos-setup.service",
    "dcos-link-env.service",
    "dcos-download.service",
];

/// How the daemon runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where to listen, and to whom.
    pub listen: listen::Setup,
    /// What is logged.
    pub log: Level,
    /// Which units, and how systemd is asked.
    pub systemd: systemd::Setup,
    /// The bounds of judgement.
    pub rules: Rules,
    /// How much of the journal is shown.
    pub journal: journal::Bounds,
    /// What is known of this node without asking.
    pub node: Given,
    /// How the cluster is looked at.
    pub cluster: cluster::Setup,
    /// How long requests under way may take to end at a stop.
    pub grace: Duration,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Only what went wrong.
    Error,
    /// And what is odd.
    Warn,
    /// And what an operator wants to know.
    Info,
    /// And what helps to find faults.
    Debug,
}

/// A configuration that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("can't read the configuration {}", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// It is not TOML.
    #[error("the configuration {} is not TOML", .0.display())]
    NotToml(PathBuf, #[source] Box<toml::de::Error>),
    /// A key that there is not.
    #[error("{place}: there is no key `{key}`{}", hint(.nearest))]
    UnknownKey {
        /// File or variable.
        place: String,
        /// The key.
        key: String,
        /// The known key that looks most like it.
        nearest: Option<&'static str>,
    },
    /// A value that can't be understood.
    #[error("{place}: `{key}` should be {expected}, found {found}")]
    BadValue {
        /// File or variable.
        place: String,
        /// The key.
        key: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
}

fn hint(nearest: &Option<&'static str>) -> String {
    nearest.map_or_else(String::new, |key| format!(", did you mean `{key}`?"))
}

/// How alike an unknown key must be to a known one to be mentioned, from 0 to 1.
const ALIKE: f64 = 0.8;

impl Default for Config {
    fn default() -> Config {
        Config {
            listen: listen::Setup {
                places: vec![Listen::Tcp(DEFAULT_ADDRESS)],
                tls: tls::Files::default(),
                tokens: None,
                plaintext: false,
                journal_for: vec![access::SOCKET.to_owned()],
            },
            log: Level::Info,
            systemd: systemd::Setup {
                bus: None,
                selection: Selection {
                    choices: Vec::new(),
                    except: EXCEPT.iter().map(|name| Pattern::new(name)).collect(),
                },
                unit_path: UNIT_PATH.iter().map(PathBuf::from).collect(),
                timeout: Duration::from_secs(5),
                probe: Duration::from_secs(10),
                read: Duration::from_mins(5),
            },
            rules: Rules::default(),
            journal: journal::Bounds::default(),
            node: Given {
                ip: None,
                detect_ip: PathBuf::from(facts::DETECT_IP),
                role: None,
                mesos_id: String::new(),
                dcos_version: String::new(),
            },
            cluster: cluster::Setup::default(),
            grace: Duration::from_secs(5),
        }
    }
}

impl Config {
    /// Defaults, then the file, if there is one, then these settings of the environment.
    ///
    /// # Errors
    /// When a key or a value is not understood.
    pub fn read(file: Option<&Path>, environment: &[(String, String)]) -> Result<Config, ConfigError> {
        let mut config = Config::default();
        if let Some(file) = file {
            let text =
                fs::read_to_string(file).map_err(|error| ConfigError::Unreadable(file.to_owned(), error))?;
            config.take_toml(file, &text)?;
        }
        for (key, value) in environment {
            let place = format!("the variable {}{}", environment::PREFIX, key.to_ascii_uppercase());
            config.take(place, key, value, &format!("`{value}`"))?;
        }
        Ok(config)
    }

    /// The configuration as a file, each key with its explanation.
    pub fn to_toml(&self) -> String {
        let mut text =
            String::from("# The configuration of heliograph-diagnostics. Every key may be left out.\n");
        for setting in SETTINGS {
            for line in setting.doc.lines() {
                let _ = write!(text, "\n# {line}");
            }
            let variable = setting.key.to_ascii_uppercase();
            let _ = write!(text, "\n# Environment: {}{variable}", environment::PREFIX);
            let _ = writeln!(text, "\n{} = {}", setting.key, (setting.show)(self));
        }
        text
    }

    fn take_toml(&mut self, file: &Path, text: &str) -> Result<(), ConfigError> {
        let table: toml::Table = text
            .parse()
            .map_err(|error| ConfigError::NotToml(file.to_owned(), Box::new(error)))?;
        let place = format!("the configuration {}", file.display());
        for (key, value) in &table {
            let text = text_of(value);
            self.take(place.clone(), key, &text, &value.to_string())?;
        }
        Ok(())
    }

    fn take(&mut self, place: String, key: &str, text: &str, found: &str) -> Result<(), ConfigError> {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) else {
            return Err(ConfigError::UnknownKey {
                place,
                key: key.to_owned(),
                nearest: nearest(key),
            });
        };
        let Setting {
            key, expected, read, ..
        } = setting;
        read(self, text).ok_or_else(|| ConfigError::BadValue {
            place,
            key,
            expected,
            found: found.to_owned(),
        })
    }
}

/// A value as it would stand in a variable: a list's items are separated by commas. What no key takes for a table, a date or a
/// list within a list.
fn text_of(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Boolean(truth) => truth.to_string(),
        toml::Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(","),
        _ => "?".to_owned(),
    }
}

fn nearest(key: &str) -> Option<&'static str> {
    let alike = |setting: &Setting| strsim::jaro_winkler(key, setting.key);
    let best = SETTINGS.iter().max_by(|a, b| alike(a).total_cmp(&alike(b)))?;
    (alike(best) >= ALIKE).then_some(best.key)
}

impl Level {
    const ALL: [Level; 4] = [Level::Error, Level::Warn, Level::Info, Level::Debug];

    fn of(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Role;

    fn read(text: &str) -> Result<Config, ConfigError> {
        let mut config = Config::default();
        config.take_toml(Path::new("x.toml"), text).map(|()| config)
    }

    #[test]
    fn the_printed_default_is_the_default() {
        let text = Config::default().to_toml();
        assert_eq!(read(&text).unwrap(), Config::default());
        for setting in SETTINGS {
            assert!(text.contains(&format!("\n{} = ", setting.key)), "{}", setting.key);
        }
    }

    #[test]
    fn every_key_is_read_and_shown() {
        let text = r#"
            listen = ["unix:/run/x", "[::1]:0"]
            tls_cert = "/c"
            tls_key = "/k"
            tls_ca = "/a"
            token_file = "/t"
            network_plaintext = true
            journal_for = ["master-1"]
            log = "debug"
            units = ["dcos.target", "a.service", "b-*"]
            except = ["b-c.*"]
            flap_window = "1m"
            flap_restarts = 4
            flap_starts = 5
            transition_limit = "2m"
            oneshot_limit = "1h"
            journal_lines = 9
            journal_bytes = 1000
            journal_age = "2h"
            journal_timeout = "4s"
            journal_directory = "/var/log/journal"
            role = "agent_public"
            ip = "fd00::1"
            detect_ip = "/bin/ip"
            mesos_id = "S1"
            dcos_version = "1.10"
            unit_path = ["/a", "/b"]
            bus = "unix:path=/run/bus"
            systemd_timeout = "2s"
            probe_interval = "3s"
            read_interval = "7m"
            members = ["self", "agent=10.0.0.1:7", "srv:_d._tcp.example", "file:/etc/nodes", "dcos"]
            exhibitor_url = "http://10.0.0.2/status"
            mesos_url = "http://10.0.0.3:5050/slaves"
            master_port = 1
            agent_port = 2
            pull_interval = "10s"
            pull_timeout = "1s"
            pull_concurrency = 3
            list_timeout = "4s"
            member_hold = "5m"
            pull_token_file = "/etc/token"
            pull_ca = "/etc/ca.pem"
            refresh_timeout = "6s"
            grace = "1s"
        "#;
        let config = read(text).unwrap();
        assert_eq!(
            config,
            Config {
                listen: listen::Setup {
                    places: vec![
                        Listen::Unix(PathBuf::from("/run/x")),
                        Listen::Tcp("[::1]:0".parse().unwrap())
                    ],
                    tls: tls::Files {
                        certificate: Some(PathBuf::from("/c")),
                        key: Some(PathBuf::from("/k")),
                        ca: Some(PathBuf::from("/a")),
                    },
                    tokens: Some(PathBuf::from("/t")),
                    plaintext: true,
                    journal_for: vec!["master-1".to_owned()],
                },
                log: Level::Debug,
                systemd: systemd::Setup {
                    bus: Some("unix:path=/run/bus".to_owned()),
                    selection: Selection {
                        choices: ["dcos.target", "a.service", "b-*"]
                            .map(|choice| choice.parse().unwrap())
                            .to_vec(),
                        except: vec![Pattern::new("b-c.*")],
                    },
                    unit_path: vec![PathBuf::from("/a"), PathBuf::from("/b")],
                    timeout: Duration::from_secs(2),
                    probe: Duration::from_secs(3),
                    read: Duration::from_mins(7),
                },
                rules: Rules {
                    window: Duration::from_mins(1),
                    restarts: 4,
                    starts: 5,
                    transition: Duration::from_mins(2),
                    oneshot: Duration::from_hours(1),
                },
                journal: journal::Bounds {
                    lines: 9,
                    bytes: 1000,
                    age: Duration::from_hours(2),
                    timeout: Duration::from_secs(4),
                    directory: Some(PathBuf::from("/var/log/journal")),
                },
                node: Given {
                    ip: Some("fd00::1".parse().unwrap()),
                    detect_ip: PathBuf::from("/bin/ip"),
                    role: Some(Role::AgentPublic),
                    mesos_id: "S1".to_owned(),
                    dcos_version: "1.10".to_owned(),
                },
                cluster: cluster::Setup {
                    members: [
                        "self",
                        "agent=10.0.0.1:7",
                        "srv:_d._tcp.example",
                        "file:/etc/nodes",
                        "dcos"
                    ]
                    .map(|listing| listing.parse().unwrap())
                    .to_vec(),
                    dcos: cluster::DcosUrls {
                        exhibitor: "http://10.0.0.2/status".parse().unwrap(),
                        mesos: "http://10.0.0.3:5050/slaves".parse().unwrap(),
                    },
                    master_port: 1,
                    agent_port: 2,
                    interval: Duration::from_secs(10),
                    timeout: Duration::from_secs(1),
                    concurrency: 3,
                    list_timeout: Duration::from_secs(4),
                    hold: Duration::from_mins(5),
                    keys: cluster::KeyFiles {
                        token: Some(PathBuf::from("/etc/token")),
                        ca: Some(PathBuf::from("/etc/ca.pem")),
                    },
                    patience: Duration::from_secs(6),
                },
                grace: Duration::from_secs(1),
            }
        );
        assert_eq!(read(&config.to_toml()).unwrap(), config);
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (text, message) in [
            (
                "listem = \"x\"",
                "the configuration x.toml: there is no key `listem`, did you mean `listen`?",
            ),
            ("xyz = 1", "the configuration x.toml: there is no key `xyz`"),
            (
                "role = \"slave\"",
                "the configuration x.toml: `role` should be one of \"master\", \"agent\", \"agent_public\", or nothing, found \"slave\"",
            ),
            (
                "grace = [{}]",
                "the configuration x.toml: `grace` should be a duration, such as \"10s\", found [{}]",
            ),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), message);
        }
        assert!(matches!(read("= 1"), Err(ConfigError::NotToml(..))));
    }

    #[test]
    fn the_environment_wins() {
        let setting = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
        let config = Config::read(None, &setting("listen", "127.0.0.1:1,unix:/run/x")).unwrap();
        assert_eq!(config.listen.places.len(), 2);
        let error = Config::read(None, &setting("log", "loud")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the variable HELIOGRAPH_DIAGNOSTICS_LOG: `log` should be one of \"error\", \"warn\", \"info\", \"debug\", found `loud`"
        );
    }
}
