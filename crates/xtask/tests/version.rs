//! The version stands in one place, the workspace's `Cargo.toml`; whatever else tells it says the same.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod project;

use std::fs;

use serde_json::Value;

use project::{read, root};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The files of a folder, by their paths from the root.
fn files(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| format!("{folder}/{name}")).collect()
}

#[test]
fn crates_have_the_workspaces() {
    for folder in files("crates") {
        let text = read(&format!("{folder}/Cargo.toml"));
        assert!(
            text.contains("\nversion.workspace = true\n"),
            "{folder} has a version of its own"
        );
    }
}

#[test]
fn what_is_generated_says_it() {
    let api: Value = serde_json::from_str(&read("docs/openapi.json")).unwrap();
    assert_eq!(
        api["info"]["version"], VERSION,
        "docs/openapi.json: `cargo xtask docs`"
    );
    let mut pages = 0;
    for page in files("packaging/man") {
        let text = read(&page);
        // Pages of subcommands name no version.
        let mut lines = text.lines();
        let Some(title) = lines.find(|line| line.starts_with(".TH") && line.contains("\"heliograph-")) else {
            continue;
        };
        let name = title.split_whitespace().nth(1).unwrap();
        assert!(
            title.contains(&format!("\"{name} {VERSION}\"")),
            "{page} says {title}: `cargo xtask docs`"
        );
        pages += 1;
    }
    assert_eq!(pages, 4, "only {pages} manual pages say a version");
}

#[test]
fn the_tracker_says_it() {
    let package: Value = serde_json::from_str(&read("web/tracker/package.json")).unwrap();
    assert_eq!(package["version"], VERSION, "web/tracker/package.json");
    for file in ["web/tracker/dist/tracker.js", "web/tracker/dist/tracker.mjs"] {
        let text = read(file);
        let first = text.lines().next().unwrap();
        assert_eq!(first, format!("/* heliograph-tracker {VERSION} */"), "{file}");
    }
}

/// What a version changes is told before it is released.
#[test]
fn the_changelog_begins_with_what_is_new() {
    let text = read("CHANGELOG.md");
    let first = text.lines().find_map(|line| line.strip_prefix("## ")).unwrap();
    assert!(
        first == "Unreleased" || first.starts_with(&format!("{VERSION} ")),
        "CHANGELOG.md begins with {first:?}, and the version is {VERSION}"
    );
}
