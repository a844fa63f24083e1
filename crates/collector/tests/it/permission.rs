//! Files that the collector may not read or write: it does not start, exits with 1, and says which file it is, and what to do.

use std::path::Path;
use std::process::{Output, Stdio};

use heliograph_fleet::unprivileged::{Unprivileged, allow};

use crate::collector::BINARY;

/// What is said of a file that may not be used, beside its name.
const DENIED: &str = "Permission denied";
const WHAT_TO_DO: &str = "run it as the account that owns";

struct Host {
    account: Unprivileged,
}

impl Host {
    /// With a database in `own/data`.
    fn new() -> Host {
        let host = Host {
            account: Unprivileged::of(Path::new(BINARY)),
        };
        let data = host.account.own("data");
        assert!(
            host.run(&["key", "add", "--kind", "server"], &data, &[])
                .status
                .success()
        );
        // It makes the secrets; then it is told that there is no port to be had.
        host.fails(&["serve", "--listen", "192.0.2.1:1"], &data, &[]);
        host
    }

    fn run(&self, words: &[&str], data: &Path, variables: &[(&str, &Path)]) -> Output {
        let mut command = self.account.command();
        for (key, value) in variables {
            command.env(format!("HELIOGRAPH_COLLECTOR_{key}"), value);
        }
        command
            .args(words)
            .arg("--data")
            .arg(data)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// What it says when it ends with 1, on one line.
    #[track_caller]
    fn fails(&self, words: &[&str], data: &Path, variables: &[(&str, &Path)]) -> String {
        let output = self.run(words, data, variables);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(!String::from_utf8_lossy(&output.stdout).contains("listening"));
        said
    }

    #[track_caller]
    fn is_denied(&self, path: &Path, words: &[&str], data: &Path, variables: &[(&str, &Path)]) {
        let said = self.fails(words, data, variables);
        for part in [path.to_str().unwrap(), DENIED, WHAT_TO_DO] {
            assert!(said.contains(part), "{part:?} is missing: {said}");
        }
    }
}

const SERVE: &[&str] = &["serve", "--listen", "127.0.0.1:0"];

#[test]
fn a_data_directory_that_can_t_be_made_or_written() {
    let host = Host::new();
    let data = host.account.foreign("data");
    host.is_denied(&data, SERVE, &data, &[]);
    let data = host.account.own("data");
    allow(&data, 0o500);
    host.is_denied(&data, SERVE, &data, &[]);
    allow(&data, 0);
    host.is_denied(&data, SERVE, &data, &[]);
    host.is_denied(&data, &["key", "list"], &data, &[]);
    allow(&data, 0o700);
    assert!(host.run(&["key", "list"], &data, &[]).status.success());
}

#[test]
fn a_database_or_a_secret_that_can_t_be_read() {
    let host = Host::new();
    let data = host.account.own("data");
    for name in ["collector.db", "receipt-key", "suppression-key"] {
        let path = data.join(name);
        allow(&path, 0);
        host.is_denied(&path, SERVE, &data, &[]);
        if name == "collector.db" {
            host.is_denied(&path, &["key", "list"], &data, &[]);
            host.is_denied(&path, &["backup", "backup"], &data, &[]);
        }
        allow(&path, 0o600);
    }
    assert!(host.run(&["backup", "backup"], &data, &[]).status.success());
}

#[test]
fn what_the_configuration_names_and_can_t_be_read() {
    let host = Host::new();
    let data = host.account.own("data");
    let file = host.account.write("file", "secret");
    allow(&file, 0);
    let config = ["--config", file.to_str().unwrap()];
    host.is_denied(&file, &[SERVE, &config].concat(), &data, &[]);
    let (url, none) = (Path::new("https://127.0.0.1:1"), Path::new("/dev/null"));
    for settings in [
        &[("TLS_CERT", file.as_path()), ("TLS_KEY", none)][..],
        &[("FORWARD_URL", url), ("FORWARD_WRITE_KEY_FILE", &file)],
        &[("WEBHOOK_URL", url), ("WEBHOOK_SECRET_FILE", &file)],
    ] {
        host.is_denied(&file, SERVE, &data, settings);
    }
    let plans = host.account.own("plans");
    std::fs::create_dir(&plans).unwrap();
    host.account.give(&plans);
    allow(&plans, 0);
    host.is_denied(&plans, SERVE, &data, &[("PLAN_DIR", &plans)]);
    let output = host.account.foreign("backup");
    host.is_denied(&output, &["backup", output.to_str().unwrap()], &data, &[]);
}
