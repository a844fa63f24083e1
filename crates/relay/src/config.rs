//! The relay's own configuration: a TOML file, and variables of the environment over it. What it shares with signal (consent,
//! state, the cluster's names) is read from signal's configuration.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{fmt, fs, io};

use ipnet::IpNet;
use serde::Deserialize;

/// Prefix of the variables that stand for keys.
pub const PREFIX: &str = "HELIOGRAPH_RELAY_";
/// The complete default configuration; a test holds it to be that.
pub const DEFAULTS: &str = include_str!("config/default.toml");
/// Keys whose values are lists.
const LISTS: [&str; 4] = ["listen", "origins", "routes", "proxies"];

/// How the relay runs. The keys are described in [`DEFAULTS`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the default configuration describes them")]
pub struct Config {
    pub listen: Vec<Listen>,
    pub public: bool,
    pub prefix: String,
    pub signal_config: Option<PathBuf>,
    pub public_url: Option<String>,
    pub origins: Vec<String>,
    pub proxies: Vec<IpNet>,
    pub tracking: bool,
    pub errors: bool,
    pub routes: Vec<String>,
    pub client_rate: u32,
    pub client_burst: u32,
    pub rate: u32,
    pub burst: u32,
    pub connections: u32,
    pub timeout: u32,
}

impl Default for Config {
    fn default() -> Config {
        let loopback = |text: &str| text.parse().ok();
        Config {
            listen: vec![Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], 1051)))],
            public: false,
            prefix: "/telemetry".to_owned(),
            signal_config: None,
            public_url: None,
            origins: Vec::new(),
            proxies: ["127.0.0.0/8", "::1/128"]
                .into_iter()
                .filter_map(loopback)
                .collect(),
            tracking: true,
            errors: false,
            routes: Vec::new(),
            client_rate: 5,
            client_burst: 60,
            rate: 100,
            burst: 500,
            connections: 256,
            timeout: 10,
        }
    }
}

/// A place to listen on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Listen {
    /// An address and a port.
    Tcp(SocketAddr),
    /// A Unix socket's file.
    Unix(PathBuf),
}

/// It is no place to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an IP address with a port, or unix: and an absolute path")]
pub struct NotAPlace;

impl FromStr for Listen {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Listen, NotAPlace> {
        match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Ok(Listen::Unix(path.into())),
            Some(_) => Err(NotAPlace),
            None => text.parse().map(Listen::Tcp).map_err(|_| NotAPlace),
        }
    }
}

impl TryFrom<String> for Listen {
    type Error = NotAPlace;

    fn try_from(text: String) -> Result<Listen, NotAPlace> {
        text.parse()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listen::Tcp(address) => write!(f, "http://{address}"),
            Listen::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// The configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("can't read {}", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// A key or a value is not understood.
    #[error("{0}: {1}")]
    Invalid(String, String),
}

impl Config {
    /// Reads the file, if there is one, and the environment's variables over it.
    ///
    /// # Errors
    /// A key or a value is not understood.
    pub fn read(file: Option<&Path>, variables: &BTreeMap<String, String>) -> Result<Config, ConfigError> {
        let text = match file {
            Some(file) => {
                fs::read_to_string(file).map_err(|error| ConfigError::Unreadable(file.to_owned(), error))?
            }
            None => String::new(),
        };
        let place = file.map_or_else(|| "environment".to_owned(), |file| file.display().to_string());
        let invalid = |error: toml::de::Error| {
            ConfigError::Invalid(place.clone(), error.to_string().trim_end().to_owned())
        };
        let mut table: toml::Table = text.parse().map_err(invalid)?;
        // What stands in the file alone must be right, so that errors show where it stands.
        toml::from_str::<Config>(&text).map_err(invalid)?;
        for (name, value) in variables {
            let Some(key) = name.strip_prefix(PREFIX) else {
                continue;
            };
            let key = key.to_ascii_lowercase();
            let value = value_of(&key, value);
            table.insert(key, value);
        }
        let config: Config = table.try_into().map_err(|error: toml::de::Error| {
            ConfigError::Invalid("environment".to_owned(), error.message().to_owned())
        })?;
        config.check()
    }

    fn check(self) -> Result<Config, ConfigError> {
        let wrong = |key: &str, expected: &str| {
            Err(ConfigError::Invalid(
                key.to_owned(),
                format!("expected {expected}"),
            ))
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
        if !self.prefix.starts_with('/') || self.prefix.ends_with('/') || !self.prefix.bytes().all(plain) {
            return wrong("prefix", "a path such as \"/telemetry\"");
        }
        if self.client_rate == 0 || self.rate == 0 || self.connections == 0 || self.timeout == 0 {
            return wrong("client_rate, rate, connections, timeout", "numbers of at least 1");
        }
        let is_origin = |text: &String| {
            let rest = text
                .strip_prefix("https://")
                .or_else(|| text.strip_prefix("http://"));
            rest.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', ' ']))
        };
        if !self.origins.iter().chain(&self.public_url).all(is_origin) {
            return wrong("origins, public_url", "\"https://host\" without a path");
        }
        if !self.routes.iter().all(|route| route.starts_with('/')) {
            return wrong("routes", "templates such as \"/nodes/:id\"");
        }
        Ok(self)
    }
}

/// A variable's value: items of lists are separated by commas.
fn value_of(key: &str, text: &str) -> toml::Value {
    if LISTS.contains(&key) {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        return items.map(toml::Value::from).collect::<Vec<_>>().into();
    }
    match (text.parse::<i64>(), text.parse::<bool>()) {
        (Ok(number), _) => number.into(),
        (_, Ok(truth)) => truth.into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_default_is_the_default() {
        let printed: Config = toml::from_str(DEFAULTS).unwrap();
        assert_eq!(printed, Config::default());
        // Each key, also those without a default, is in it.
        for key in [
            "listen",
            "public",
            "prefix",
            "signal_config",
            "public_url",
            "origins",
            "proxies",
            "tracking",
            "errors",
            "routes",
            "client_rate",
            "client_burst",
            "rate",
            "burst",
            "connections",
            "timeout",
        ] {
            assert!(
                DEFAULTS
                    .lines()
                    .any(|line| line.trim_start_matches("# ").starts_with(&format!("{key} = "))),
                "{key}"
            );
        }
    }

    #[test]
    fn variables_win_and_errors_say_what_is_wrong() {
        let variables = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(name, value)| (format!("{PREFIX}{name}"), (*value).to_owned()))
                .collect()
        };
        let said = variables(&[
            ("LISTEN", "unix:/run/x, [::1]:0"),
            ("TRACKING", "false"),
            ("RATE", "7"),
            ("PREFIX", "/t"),
        ]);
        let config = Config::read(None, &said).unwrap();
        assert_eq!((config.listen.len(), config.tracking, config.rate), (2, false, 7));
        assert_eq!(config.prefix, "/t");
        for (name, value) in [
            ("LISTEN", "x"),
            ("RATE", "0"),
            ("PREFIX", "t"),
            ("ORIGINS", "x"),
            ("NONE", "1"),
            ("ROUTES", "x"),
        ] {
            assert!(
                Config::read(None, &variables(&[(name, value)])).is_err(),
                "{name}"
            );
        }
    }
}
