//! The health of every systemd unit of every node, from systemd itself, over the HTTP API of DC/OS diagnostics.
//!
//! ```text
//! systemd ─D-Bus→ observation → model (history) → judge → node → document → http
//! ```
//!
//! | module | noun |
//! |---|---|
//! | [`mod@unit`] | a unit: its name, its states, its health; pure |
//! | [`selection`] | which units are looked at; pure |
//! | [`systemd`] | the one task that asks systemd |
//! | [`observation`], [`history`] | what systemd says of a unit, what happened to it of late; pure |
//! | [`model`] | what is known of all units, as the task keeps it; pure |
//! | [`judge`] | is a unit well, and why not; pure |
//! | [`node`] | what is known of this node's units at one moment; pure |
//! | [`journal`] | the last lines about a unit |
//! | [`facts`] | this node's name and address |
//! | [`this_node`] | all of that, for those who ask |
//! | [`cluster`] | all nodes, as a master sees them |
//! | [`document`] | the JSON documents of the API: names, cases and types; pure |
//! | [`consumer`], [`access`] | who asks, who may, and whether journal text may leave the node for them |
//! | [`listen`] | where it listens, and to whom |
//! | [`neighbour`] | the daemon of this machine, asked by a command |
//! | [`server`] | a running daemon: [`server::Diagnostics::start`], `stop` |
//! | `http` | paths and answers |
//! | [`metrics`] | what is counted |
//! | [`config`], [`environment`], [`clock`] | what is passed in |
//!
//! ```text
//! lists ─→ membership → schedule → poll ─documents of the nodes→ node → view → document → http
//! ```
//!
//! is the way of a master, which sees the whole cluster: [`cluster`]. It also understands the documents of the original's nodes.

pub mod access;
pub mod clock;
pub mod cluster;
pub mod config;
pub mod consumer;
pub mod document;
pub mod environment;
pub mod facts;
pub mod history;
mod http;
pub mod journal;
pub mod judge;
pub mod listen;
pub mod metrics;
pub mod model;
pub mod neighbour;
pub mod node;
pub mod observation;
pub mod selection;
pub mod server;
pub mod systemd;
pub mod this_node;
pub mod unit;
