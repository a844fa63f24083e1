//! The commands that the documents show, run as they stand there: each document on a stage of its own, with a collector that runs and
//! a cluster that answers.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "what commands said is shown where one fails")]

mod project;
#[path = "commands/stage.rs"]
mod stage;
#[path = "commands/statement.rs"]
mod statement;

use project::{read, root};
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
    (
        "docker build",
        "no registry of images is needed for tests: `cargo xtask package --check` lints the files",
    ),
    ("duckdb", "collector/tests/it/flat.rs, where DuckDB can be had"),
];

/// The documents that are run, each by a test below.
const RUN: &[&str] = &[
    "README.md",
    "docs/OPERATIONS.md",
    "docs/API.md",
    "docs/MIGRATING.md",
    "docs/PRIVACY.md",
    "docs/UI.md",
];

fn is_tried_elsewhere(statement: &str) -> bool {
    ELSEWHERE.iter().any(|(begin, _)| statement.starts_with(begin))
}

/// All documents, by their paths.
fn documents() -> Vec<String> {
    let mut all = Vec::new();
    for folder in ["", "docs/"] {
        for file in std::fs::read_dir(root().join(folder)).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                all.push(format!("{folder}{name}"));
            }
        }
    }
    all
}

fn shown_in(document: &str) -> Vec<String> {
    statements(&read(document))
}

/// Runs a document's commands; each must end with 0.
fn run(document: &str) {
    assert!(RUN.contains(&document), "{document} is not said to be run");
    let Some(mut stage) = Stage::new() else {
        return;
    };
    let mut ran = 0;
    for statement in shown_in(document) {
        if is_tried_elsewhere(&statement) {
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
    let all: Vec<_> = documents()
        .iter()
        .flat_map(|document| shown_in(document))
        .collect();
    for (begin, _) in ELSEWHERE {
        assert!(
            all.iter().any(|statement| statement.starts_with(begin)),
            "no document shows {begin:?} any more"
        );
    }
}

/// What the other documents show is tried, too.
#[test]
fn nothing_is_shown_that_nobody_tries() {
    for document in documents() {
        if RUN.contains(&document.as_str()) {
            continue;
        }
        for statement in shown_in(&document) {
            assert!(
                is_tried_elsewhere(&statement),
                "{document}: {statement}\nis run by no test: run the document, or say in ELSEWHERE where this is tried"
            );
        }
    }
}
