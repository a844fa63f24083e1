//! The configuration: defaults, then the file, then the environment, then the command line; each wins over those before it.

mod origins;
mod public_url;
mod quantity;
mod table;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

pub use self::origins::Origins;
pub use self::public_url::PublicUrl;
pub use self::quantity::size;
use self::table::{SETTINGS, Setting, WEBHOOK_URL};
use crate::access::session::Lifetime;
pub use crate::client::proxies::Proxies;
use crate::environment;
use crate::forward::Forwarding;
use crate::ingest::planned::Unplanned;
pub use crate::limit::bucket::Rate;
use crate::quota::Defaults;
use crate::retention::Retention;
use crate::webhook::Target;

/// How the collector runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Address and port, or `unix:` and a path, to listen on.
    pub listen: String,
    /// Where metrics are shown; nowhere else then.
    pub metrics_listen: Option<String>,
    /// Directory of the database.
    pub data: PathBuf,
    /// What is logged.
    pub log: Level,
    /// Least time between two commits under load.
    pub commit_pace: Duration,
    /// Most requests that wait to be written.
    pub queue: usize,
    /// Memory of all requests under way together, in bytes.
    pub request_memory: usize,
    /// Certificate that TLS is spoken with.
    pub tls_cert: Option<PathBuf>,
    /// Its key.
    pub tls_key: Option<PathBuf>,
    /// How long a request's head may take to arrive.
    pub header_timeout: Duration,
    /// How long a request's body may take to arrive.
    pub body_timeout: Duration,
    /// Where browsers reach the collector, if that is not where they say they do.
    pub public_url: Option<PublicUrl>,
    /// Which pages may read answers.
    pub cors_origins: Origins,
    /// How long a connection may be idle.
    pub idle_timeout: Duration,
    /// Largest head of a request, in bytes.
    pub header_size: usize,
    /// Most fields of a request's head.
    pub header_count: usize,
    /// Most connections.
    pub connections: usize,
    /// Most connections of one client.
    pub client_connections: usize,
    /// After the judge of releases has judged, it rests for so many times as long as that took.
    pub judging_rest: u32,
    /// Proxies that are believed when they say whom they ask for.
    pub trusted_proxies: Proxies,
    /// How fast requests of one client may come; `None` for as fast as they do, here and below.
    pub client_requests: Option<Rate>,
    /// How fast their bytes may.
    pub client_bytes: Option<Rate>,
    /// How fast requests with one write key may come.
    pub key_requests: Option<Rate>,
    /// How fast their bytes may.
    pub key_bytes: Option<Rate>,
    /// How long requests under way may take to end at a stop.
    pub grace: Duration,
    /// How long what is stored is kept.
    pub retention: Retention,
    /// How far back ids are kept in memory.
    pub id_window: Duration,
    /// Memory of these ids, in bytes.
    pub id_window_memory: usize,
    /// How much may be kept of what comes with a key in a day, where the key has no limits of its own.
    pub quota: Defaults,
    /// What becomes of what the plan does not list.
    pub unplanned: Unplanned,
    /// How long somebody stays logged in to the dashboard.
    pub session: Lifetime,
    /// Where what is kept is sent as well.
    pub forwarding: Forwarding,
    /// Where the vendor's own events are declared, if not in the data directory.
    pub plan_dir: Option<PathBuf>,
    /// Where changed verdicts are told.
    pub webhook_url: Option<Target>,
    /// File of what that is signed with.
    pub webhook_secret_file: Option<PathBuf>,
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
            listen: "127.0.0.1:8080".to_owned(),
            metrics_listen: None,
            data: PathBuf::from("/var/lib/heliograph/collector"),
            log: Level::Info,
            commit_pace: Duration::from_millis(1),
            queue: 4096,
            request_memory: 64 << 20,
            tls_cert: None,
            tls_key: None,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            public_url: None,
            cors_origins: Origins::Any,
            idle_timeout: Duration::from_secs(75),
            header_size: 64 << 10,
            header_count: 100,
            connections: 10_000,
            client_connections: 5_000,
            judging_rest: 10,
            trusted_proxies: Proxies::default(),
            client_requests: Rate::new(100_000, 200_000),
            client_bytes: Rate::new(1 << 30, 2 << 30),
            key_requests: Rate::new(100_000, 200_000),
            key_bytes: Rate::new(1 << 30, 2 << 30),
            grace: Duration::from_secs(10),
            retention: Retention {
                raw: Some(Duration::from_hours(400 * 24)),
                rollups: None,
            },
            id_window: Duration::from_secs(48 * 60 * 60),
            id_window_memory: 64 << 20,
            quota: Defaults {
                bytes: Some(100 << 30),
                messages: Some(100_000_000),
            },
            unplanned: Unplanned::Keep,
            session: Lifetime {
                idle: Duration::from_hours(12),
                all: Duration::from_hours(7 * 24),
            },
            forwarding: Forwarding::default(),
            plan_dir: None,
            webhook_url: None,
            webhook_secret_file: None,
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
            config.take(place, key, Some(value), &format!("`{value}`"))?;
        }
        Ok(config)
    }

    /// The configuration as a file, each key with its explanation.
    pub fn to_toml(&self) -> String {
        let mut text =
            String::from("# The configuration of heliograph-collector. Every key may be left out.\n");
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
            let text = match value {
                toml::Value::String(text) => Some(text.clone()),
                toml::Value::Integer(number) => Some(number.to_string()),
                // No key takes a list, a table or a date.
                _ => None,
            };
            self.take(place.clone(), key, text.as_deref(), &value.to_string())?;
        }
        Ok(())
    }

    fn take(&mut self, place: String, key: &str, text: Option<&str>, found: &str) -> Result<(), ConfigError> {
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
        text.and_then(|text| read(self, text))
            .ok_or_else(|| ConfigError::BadValue {
                place,
                key,
                expected,
                found: match *key {
                    WEBHOOK_URL => "something else".to_owned(),
                    _ => found.to_owned(),
                },
            })
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
    use crate::forward::{Guise, Since};

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
            listen = "[::1]:0"
            metrics_listen = "[::1]:1"
            data = "/tmp/\"x\""
            log = "debug"
            commit_pace = "2ms"
            queue = 7
            request_memory = "9 MiB"
            tls_cert = "/etc/x.pem"
            tls_key = "/etc/x.key"
            header_timeout = "3s"
            body_timeout = "1m"
            public_url = "https://telemetry.example/x"
            cors_origins = "https://a.example, http://b.example:81"
            idle_timeout = "2m"
            header_size = "8 KiB"
            header_count = 50
            connections = 300
            client_connections = 30
            judging_rest = 3
            trusted_proxies = "10.0.0.0/8, ::1"
            client_requests = "10/s burst 30"
            client_bytes = "1 MiB/s burst 5 MiB"
            key_requests = "20/s"
            key_bytes = "none"
            grace = "1s"
            retention_raw = "forever"
            retention_rollups = "36h"
            id_window = "1h"
            id_window_memory = 4096
            key_bytes_per_day = "none"
            key_messages_per_day = 12
            unplanned = "strip"
            session_idle = "30m"
            session_lifetime = "2d"
            forward_url = "https://standby.example"
            forward_as = "peer"
            forward_since = "beginning"
            forward_write_key_file = "/etc/x/key"
            forward_token_file = "/etc/x/token"
            forward_ca_file = "/etc/x/ca.pem"
            forward_proxy = "http://proxy.example:3128"
            plan_dir = "/etc/x/plan.d"
            webhook_url = "https://me:secret@hooks.example/x?y=z"
            webhook_secret_file = "/etc/x/webhook"
        "#;
        let config = read(text).unwrap();
        assert_eq!(
            config,
            Config {
                listen: "[::1]:0".to_owned(),
                metrics_listen: Some("[::1]:1".to_owned()),
                data: PathBuf::from("/tmp/\"x\""),
                log: Level::Debug,
                commit_pace: Duration::from_millis(2),
                queue: 7,
                request_memory: 9 << 20,
                tls_cert: Some(PathBuf::from("/etc/x.pem")),
                tls_key: Some(PathBuf::from("/etc/x.key")),
                header_timeout: Duration::from_secs(3),
                body_timeout: Duration::from_mins(1),
                public_url: Some("https://telemetry.example/x".parse().unwrap()),
                cors_origins: Origins::Listed(vec![
                    "https://a.example".to_owned(),
                    "http://b.example:81".to_owned()
                ]),
                idle_timeout: Duration::from_mins(2),
                header_size: 8 << 10,
                header_count: 50,
                connections: 300,
                client_connections: 30,
                judging_rest: 3,
                trusted_proxies: "10.0.0.0/8, ::1".parse().unwrap(),
                client_requests: Rate::new(10, 30),
                client_bytes: Rate::new(1 << 20, 5 << 20),
                key_requests: Rate::new(20, 20),
                key_bytes: None,
                grace: Duration::from_secs(1),
                retention: Retention {
                    raw: None,
                    rollups: Some(Duration::from_hours(36)),
                },
                id_window: Duration::from_hours(1),
                id_window_memory: 4096,
                quota: Defaults {
                    bytes: None,
                    messages: Some(12),
                },
                unplanned: Unplanned::Strip,
                session: Lifetime {
                    idle: Duration::from_mins(30),
                    all: Duration::from_hours(48),
                },
                forwarding: Forwarding {
                    url: Some("https://standby.example".to_owned()),
                    guise: Guise::Peer,
                    since: Since::Beginning,
                    keys: Some(PathBuf::from("/etc/x/key")),
                    token: Some(PathBuf::from("/etc/x/token")),
                    ca: Some(PathBuf::from("/etc/x/ca.pem")),
                    proxy: Some("http://proxy.example:3128".to_owned()),
                },
                plan_dir: Some(PathBuf::from("/etc/x/plan.d")),
                webhook_url: Some("https://me:secret@hooks.example/x?y=z".parse().unwrap()),
                webhook_secret_file: Some(PathBuf::from("/etc/x/webhook")),
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
                "queue = 0",
                "the configuration x.toml: `queue` should be a number of requests, at least 1, found 0",
            ),
            (
                "trusted_proxies = [\"10.0.0.1\"]",
                "the configuration x.toml: `trusted_proxies` should be addresses and networks such as \"10.0.0.0/8, 192.0.2.1\", or \"unix\", found [\"10.0.0.1\"]",
            ),
            (
                "grace = [1]",
                "the configuration x.toml: `grace` should be a duration, such as \"10s\", found [1]",
            ),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), message);
        }
        assert!(matches!(read("= 1"), Err(ConfigError::NotToml(..))));
    }

    #[test]
    fn the_environment_wins() {
        let setting = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
        let config = Config::read(None, &setting("queue", "9")).unwrap();
        assert_eq!(config.queue, 9);
        let error = Config::read(None, &setting("log", "loud")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the variable HELIOGRAPH_COLLECTOR_LOG: `log` should be one of \"error\", \"warn\", \"info\", \"debug\", found `loud`"
        );
    }
}
