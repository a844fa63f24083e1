//! Tests from outside: the real binary on a port of its own, spoken to over HTTP and read with its own commands.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "the parts that tests are made of are tests too"
)]

mod access;
mod api;
mod ask;
mod auth;
mod backup;
mod body;
mod browser;
mod calls;
mod certificate;
mod chance;
mod chaos;
mod client;
mod clock_jump;
mod collector;
mod command;
mod connection;
mod cors;
mod damage;
mod dashboard;
mod day;
mod dedupe;
mod deletion;
mod deletion_aged;
mod deletion_model;
mod disk;
mod end_to_end;
mod export;
mod exposition;
mod fault;
mod first_user;
mod flat;
mod fleet;
mod forget;
mod forward;
mod group;
mod half;
mod health;
mod hook;
mod import;
mod in_process;
mod kill;
mod limit;
mod log_in;
mod message;
mod metrics;
mod migration;
mod outcomes;
mod pages;
mod people;
mod permission;
mod pixel;
mod plan_dir;
mod power;
mod prefix;
mod privacy;
mod question;
mod quota;
mod rebuild;
mod receipt;
mod regulations;
mod release_health;
mod report;
mod reporter;
mod retention;
mod sdk;
mod sender;
mod service;
mod settings;
mod shape;
mod shim;
mod story;
mod suppression;
mod tenure;
mod time_line;
mod tls;
mod ui;
mod upgrade;
mod verdict;
mod verdict_change;
mod violation;
mod watch;
mod way;
mod webhook;
mod whole_fleet;
