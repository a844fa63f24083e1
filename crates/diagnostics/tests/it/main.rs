//! Tests from outside: the daemon as it is started, over HTTP.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;
