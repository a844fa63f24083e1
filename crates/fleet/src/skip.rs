//! A test that can't be done on this machine says so: to whoever watches, and to `cargo xtask test`, which shows and counts it.
//! The test frameworks have no word for it; to them such a test has passed.

use std::fs::File;
use std::io::{self, Write as _};

/// The environment variable that names the file to which skipped tests are added, one a line: `test: why`.
pub const LIST: &str = "HELIOGRAPH_SKIPPED";

/// Says that the test of this thread is skipped.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the tests says in the environment where to"
)]
pub fn skipped(why: &str) {
    let thread = std::thread::current();
    let line = format!(
        "{}: {}\n",
        thread.name().unwrap_or_default(),
        why.trim().replace('\n', " ")
    );
    // Not by `eprintln!`, which is shown for failing tests only. Nothing is lost where nobody reads it.
    let _ = write!(io::stderr(), "\nSKIPPED: {line}\n");
    if let Some(list) = std::env::var_os(LIST) {
        let list = File::options().create(true).append(true).open(list);
        let _ = list.and_then(|mut list| list.write_all(line.as_bytes()));
    }
}
