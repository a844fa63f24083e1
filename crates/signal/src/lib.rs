//! Signal: reports from a cluster, every hour, how its components, its capacity and its packages fare.
//!
//! The walk of the data, and the module that each step lives in:
//!
//! ```text
//! command line ─ cli        configuration ─ config        consent ─ gate, consent, notice
//!        └──────────────────────┬────────────────────────────┘
//!                             cycle
//!   source, tally → collect → report → spool → deliver (pace, retry) → sink → Segment or the collector
//!                       selection ┘ └→ preview      └ ledger
//! ```
//!
//! Threads, no async runtime: a cycle is a handful of requests. Every request goes out through [`http`]; time comes from
//! [`clock`], the environment from [`environment`]; what is kept on disk is below [`state`]. Commands beside `report` and
//! `preview` are in [`command`], the loop for containers is [`command::run`].

pub mod attempt;
pub mod cause;
pub mod cli;
pub mod clock;
pub mod cluster_id;
pub mod collect;
pub mod command;
pub mod config;
pub mod consent;
pub mod contents;
pub mod cycle;
pub mod deliver;
pub mod enterprise;
pub mod environment;
pub mod gate;
pub mod heard;
pub mod http;
pub mod ledger;
mod notice;
pub mod pace;
pub mod pin;
pub mod preview;
pub mod report;
pub mod retry;
pub mod selection;
pub mod sink;
pub mod source;
pub mod spool;
pub mod spread;
pub mod state;
pub mod tally;
