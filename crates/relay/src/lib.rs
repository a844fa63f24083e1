//! The relay: what the web UI of a cluster tells goes to the cluster's own origin, and from there the way of all telemetry.
//!
//! ```text
//! browser → proxy of the cluster → listen → http (who may ask, how fast, how much) → envelope
//!         → keeper: cluster (signal's gate, asked anew) → message (the plan, pseudonyms, time) → signal's spool → 200
//! ```
//!
//! A 200 means that the messages are in the spool, synced. They leave with signal's next delivery: the relay contacts nobody.
//! Where telemetry is off nothing is kept, nothing is written, and browsers are told with a 204.

pub mod clock;
pub mod cluster;
pub mod config;
pub mod envelope;
mod http;
mod keeper;
mod limit;
mod listen;
pub mod message;
pub mod pseudonym;
pub mod server;
