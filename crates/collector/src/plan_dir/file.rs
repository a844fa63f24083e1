//! The form of a file that declares events.

use heliograph_wire::plan::Kind;
use serde::Deserialize;
use toml::Spanned;

/// A file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Declaration {
    #[serde(default, rename = "event")]
    pub(super) events: Vec<Event>,
}

/// An event.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    /// Its name on the wire.
    pub(super) name: Spanned<String>,
    /// What it tells.
    pub(super) description: String,
    /// The kinds of keys that it comes with; any, where there is no list.
    pub(super) keys: Option<Vec<Spanned<String>>>,
    #[serde(default, rename = "property")]
    pub(super) properties: Vec<Property>,
}

/// A property.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Property {
    /// Its name on the wire.
    pub(super) name: Spanned<String>,
    #[serde(rename = "type")]
    pub(super) kind: Kind,
    /// What it tells.
    pub(super) description: String,
    /// What a number counts or measures.
    pub(super) unit: Option<String>,
    /// The closed set that a text is taken from; empty where it is open.
    #[serde(default)]
    pub(super) values: Vec<String>,
    /// Whether every message has it.
    #[serde(default)]
    pub(super) required: bool,
    /// Whether it is counted what it says.
    #[serde(default)]
    pub(super) breakdown: bool,
}
