//! The edges between crates and the limits on what they pull in, as in ARCHITECTURE.md. `deny.toml` says the same for
//! `cargo deny`; this holds on machines without it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// What each crate may depend on in the workspace: built with it, and for its tests.
const EDGES: &[(&str, &[&str], &[&str])] = &[
    ("heliograph-wire", &[], &[]),
    ("heliograph-signal", &["heliograph-wire"], &["heliograph-fleet"]),
    (
        "heliograph-collector",
        &["heliograph-wire"],
        &["heliograph-fleet", "heliograph-signal"],
    ),
    (
        "heliograph-diagnostics",
        &["heliograph-wire"],
        &["heliograph-fleet"],
    ),
    (
        "heliograph-relay",
        &["heliograph-signal", "heliograph-wire"],
        &["heliograph-collector", "heliograph-fleet"],
    ),
    ("heliograph-fleet", &["heliograph-wire"], &[]),
];

/// What may be reached from nowhere but the named crates.
const ONLY_FROM: &[(&str, &[&str])] = &[
    ("rusqlite", &["heliograph-collector"]),
    (
        "tokio",
        &[
            "heliograph-collector",
            "heliograph-diagnostics",
            "heliograph-relay",
        ],
    ),
    ("zbus", &["heliograph-diagnostics"]),
    ("openssl-sys", &[]),
];

const LICENSES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--filter-platform",
            "x86_64-unknown-linux-gnu",
        ])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn packages(metadata: &Value) -> BTreeMap<&str, &Value> {
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (package["id"].as_str().unwrap(), package))
        .collect()
}

#[test]
fn crates_depend_on_each_other_as_drawn() {
    let metadata = metadata();
    for package in packages(&metadata)
        .values()
        .filter(|package| package["source"].is_null())
    {
        let name = package["name"].as_str().unwrap();
        let Some((_, built, tests)) = EDGES.iter().find(|(of, ..)| *of == name) else {
            assert_eq!(
                name, "xtask",
                "{name}: draw its edges in ARCHITECTURE.md and here"
            );
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap() {
            let to = dependency["name"].as_str().unwrap();
            if !to.starts_with("heliograph-") {
                continue;
            }
            let allowed = if dependency["kind"] == "dev" {
                [*built, *tests].concat()
            } else {
                built.to_vec()
            };
            assert!(
                allowed.contains(&to),
                "{name} → {to} is not an edge of the design"
            );
        }
    }
}

#[test]
fn heavy_crates_stay_where_they_belong() {
    let metadata = metadata();
    let packages = packages(&metadata);
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), node))
        .collect();
    // What is built into a crate; its tests may use more.
    let built_into = |root: &str| {
        let mut seen = BTreeSet::new();
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            for dependency in nodes[id]["deps"].as_array().unwrap() {
                let kinds = dependency["dep_kinds"].as_array().unwrap();
                let to = dependency["pkg"].as_str().unwrap();
                if kinds.iter().any(|kind| kind["kind"].is_null()) && seen.insert(to) {
                    open.push(to);
                }
            }
        }
        seen
    };
    for (id, package) in packages
        .iter()
        .filter(|(_, package)| package["source"].is_null() && package["name"] != "xtask")
    {
        let name = package["name"].as_str().unwrap();
        for reached in built_into(id) {
            let reached = packages[reached]["name"].as_str().unwrap();
            if let Some((_, only)) = ONLY_FROM.iter().find(|(heavy, _)| *heavy == reached) {
                assert!(only.contains(&name), "{name} must not pull in {reached}");
            }
        }
    }
}

#[test]
fn all_that_is_built_in_is_free_to_use_and_from_the_registry() {
    let metadata = metadata();
    for package in packages(&metadata).values() {
        let name = package["name"].as_str().unwrap();
        let source = package["source"].as_str().unwrap_or("here");
        assert!(
            source == "here" || source.starts_with("registry+"),
            "{name} comes from {source}"
        );
        let license = package["license"]
            .as_str()
            .unwrap_or_default()
            .replace('/', " OR ");
        // One side of each OR must be allowed, all sides of each AND.
        let allowed = license
            .replace(['(', ')'], "")
            .split(" AND ")
            .all(|all| all.split(" OR ").any(|one| LICENSES.contains(&one.trim())));
        assert!(allowed, "{name}: license {license:?}");
    }
}
