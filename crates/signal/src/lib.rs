//! Signal: reports from a cluster, every hour, how its components, its capacity and its packages fare.
//!
//! The walk of the data, and the module that each step lives in:
//!
//! ```text
//! command line ─ cli        configuration ─ config        consent ─ gate
//!        └──────────────────────┬────────────────────────────┘
//!                             cycle
//!      source, tally → collect → report → deliver, retry → the sink
//!                                   └──→ preview → the operator's screen
//! ```
//!
//! Threads, no async runtime: a cycle is a handful of requests. Every request goes out through [`http`]; time comes from
//! [`clock`], the environment from [`environment`]; [`state`] and [`cluster_id`] are what is kept on disk.

pub mod cli;
pub mod clock;
pub mod cluster_id;
pub mod collect;
pub mod config;
pub mod cycle;
pub mod deliver;
pub mod environment;
pub mod gate;
pub mod http;
pub mod ledger;
pub mod pace;
pub mod preview;
pub mod report;
pub mod retry;
pub mod source;
pub mod spool;
pub mod state;
pub mod tally;
