//! The commands that the documents show, run as they stand there: each document on a stage of its own, with a collector that runs and
//! a cluster that answers.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "what commands said is shown where one fails")]

#[path = "commands/stage.rs"]
mod stage;
#[path = "commands/statement.rs"]
mod statement;

use stage::Stage;
use statement::statements;

/// Commands that are tried elsewhere, or are for another machine: how they begin, and where they are tried.
const ELSEWHERE: &[(&str, &str)] = &[
    ("cargo ", "this is run by cargo: `xtask/tests/`, CI"),
    ("export PATH=", "the stage has the programs in its path"),
    ("heliograph-collector serve", "the stage has one running"),
    ("heliograph-relay ", "relay/tests/it: it runs until it is ended"),
    ("heliograph-diagnostics serve", "diagnostics/tests/it/service.rs"),
    (
        "heliograph-diagnostics check",
        "diagnostics/tests/it/command.rs: its exit code is this machine's health",
    ),
    (
        "apt install",
        "`cargo xtask package --check` installs them on a systemd of their own",
    ),
    (
        "install -m",
        "diagnostics/tests/it/service.rs reads the same files",
    ),
    ("systemd-sysusers", "diagnostics/tests/it/service.rs"),
    ("systemctl", "diagnostics/tests/it/service.rs"),
    ("cd /etc/heliograph", "diagnostics/tests/it/authority.rs"),
    ("chgrp heliograph", "diagnostics/tests/it/authority.rs"),
    (
        "admin -X DELETE",
        "collector/tests/it/regulations.rs: here it comes too late",
    ),
    (
        "heliograph-collector webhook test",
        "collector/tests/it/webhook.rs: the stage has nobody to be told",
    ),
    ("duckdb", "collector/tests/it/flat.rs, where DuckDB can be had"),
];

/// Runs a document's commands; each must end with 0.
fn run(document: &str) {
    let Some(mut stage) = Stage::new() else {
        return;
    };
    let text = std::fs::read_to_string(stage::root().join(document)).unwrap();
    let mut ran = 0;
    for statement in statements(&text) {
        if ELSEWHERE.iter().any(|(begin, _)| statement.starts_with(begin)) {
            continue;
        }
        stage.run(document, &statement);
        ran += 1;
    }
    assert!(ran > 0, "{document} shows no command that is run");
}

#[test]
fn of_the_readme() {
    run("README.md");
}

#[test]
fn of_operations() {
    run("docs/OPERATIONS.md");
}

#[test]
fn of_the_api() {
    run("docs/API.md");
}

#[test]
fn of_migrating() {
    run("docs/MIGRATING.md");
}

#[test]
fn of_privacy() {
    run("docs/PRIVACY.md");
}

#[test]
fn of_the_ui() {
    run("docs/UI.md");
}

/// What is left out here is still shown somewhere.
#[test]
fn nothing_is_left_out_that_is_not_there() {
    let mut all = Vec::new();
    for folder in ["", "docs"] {
        for file in std::fs::read_dir(stage::root().join(folder)).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                all.extend(statements(&std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    for (begin, _) in ELSEWHERE {
        assert!(
            all.iter().any(|statement| statement.starts_with(begin)),
            "no document shows {begin:?} any more"
        );
    }
}
