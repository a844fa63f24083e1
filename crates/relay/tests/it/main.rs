//! The relay from outside: the real binary, signal's own delivery, and a sink in this process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the parts that tests are made of are tests too"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests compare with the real clock, and look for programs in the environment"
)]

mod activated;
mod clock_jump;
mod full;
mod host;
mod hostile;
mod memory;
mod off;
mod permission;
mod proxied;
mod taken;
mod told;
mod two;

/// Where a part of signal's tests looks for it.
mod required {
    pub(crate) use heliograph_fleet::skip::skipped;
}
