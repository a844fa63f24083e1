//! The fleet from outside: over TCP, with a client that sees every byte.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests are tests too"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "how long an end takes is measured against the real clock"
)]

mod client;
mod command;
mod defect;
mod emulation;
mod fault;
mod generate;
mod shape;
mod sink;
mod truth;
