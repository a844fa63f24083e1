//! Signal from outside: the real binary in an empty environment, against emulated clusters and a scripted sink in this process.
//!
//! [`cluster::Cluster`] holds what a run needs and [`run::Run`] what came of it; the other modules are the questions.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "the parts that tests are made of are tests too"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "how long a run takes is measured against the real clock"
)]

mod alone;
mod bisect;
mod bundle;
mod clock;
mod cluster;
mod command_line;
mod consent;
mod delivery;
mod disk;
mod enterprise;
mod explain;
mod fault;
mod files;
mod flood;
mod herd;
mod hourly;
mod iam;
mod identity;
mod in_process;
mod installation;
mod kept;
mod ledger;
mod level;
mod looped;
mod looping;
mod message;
mod namespace;
mod notice;
mod off;
mod offline;
mod pairs;
mod permission;
mod picky;
mod proxy;
mod redirect;
mod required;
mod run;
mod seed;
mod several;
mod small;
mod split;
mod spool;
mod table;
mod time;
mod tinyproxy;
mod tls;
mod traced;
mod unit;
mod value;
