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

mod host;
mod hostile;
mod off;
mod proxied;
mod taken;
mod told;
mod two;
