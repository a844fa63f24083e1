//! The one list of configuration keys: their names, what they mean, how they are read and shown. The file, the environment and
//! the printed default are all made from it.

use super::quantity::{duration, show_duration};
use super::{Config, Level};

/// A key.
pub(super) struct Setting {
    pub(super) key: &'static str,
    /// Lines of explanation.
    pub(super) doc: &'static str,
    /// What is expected of a value.
    pub(super) expected: &'static str,
    /// Takes a value; `None` when it can't be understood.
    pub(super) read: fn(&mut Config, &str) -> Option<()>,
    /// The value, as it would stand in a file.
    pub(super) show: fn(&Config) -> String,
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "listen",
        doc: "Where to listen: addresses with ports, and sockets as \"unix:/path\". Port 0 is any free one.",
        expected: "a list of addresses, such as [\"127.0.0.1:1050\", \"unix:/run/heliograph-diagnostics/socket\"]",
        read: |config, text| list(text).map(|value| config.listen = value),
        show: |config| show_list(&config.listen),
    },
    Setting {
        key: "log",
        doc: "What is logged to standard error: \"error\", \"warn\", \"info\" or \"debug\".",
        expected: "one of \"error\", \"warn\", \"info\", \"debug\"",
        read: |config, text| Level::of(text).map(|level| config.log = level),
        show: |config| quoted(config.log.name()),
    },
    Setting {
        key: "role",
        doc: "What this node is in its cluster: \"master\", \"agent\" or \"agent_public\".",
        expected: "one of \"master\", \"agent\", \"agent_public\"",
        read: |config, text| text.parse().ok().map(|role| config.role = role),
        show: |config| quoted(config.role.word()),
    },
    Setting {
        key: "grace",
        doc: "How long requests under way may take to end when the daemon is told to stop.",
        expected: "a duration, such as \"10s\"",
        read: |config, text| duration(text).map(|value| config.grace = value),
        show: |config| quoted(&show_duration(config.grace)),
    },
];

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// Items separated by commas.
fn list<T: std::str::FromStr>(text: &str) -> Option<Vec<T>> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(|item| item.parse().ok())
        .collect()
}

fn show_list<T: std::fmt::Display>(items: &[T]) -> String {
    let items = items.iter().map(|item| toml::Value::from(item.to_string()));
    toml::Value::Array(items.collect()).to_string()
}
