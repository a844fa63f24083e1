//! Tests from outside: the daemon as it is started, over HTTP, and a real systemd.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "the parts that tests are made of are tests too"
)]

mod clock_jump;
mod cluster;
mod command;
mod daemon;
mod documents;
mod judgement;
mod net;
mod network;
mod permission;
mod readings;
mod reload;
mod scripted;
mod selection;
mod service;
mod silence;

use heliograph_fleet::sandbox;
