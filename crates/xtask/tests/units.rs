//! The units that packages bring: systemd finds little exposed of any of them.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The most, from 0 (nothing exposed) to 100; a unit that restricts nothing has 96.
const MOST: &str = "20";
/// Of the daemon that runs on every node.
const MOST_OF_DIAGNOSTICS: &str = "15";
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/systemd");

#[test]
fn systemd_finds_little_exposed() {
    let help = Command::new("systemd-analyze").arg("--help").output();
    if !help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("--offline")) {
        heliograph_fleet::skip::skipped("systemd-analyze: not installed, or too old to look at files");
        return;
    }
    let units = fs::read_dir(FOLDER).unwrap().map(|file| file.unwrap().path());
    let services: Vec<_> = units
        .filter(|path| path.extension().is_some_and(|extension| extension == "service"))
        .collect();
    assert_eq!(services.len(), 4, "{services:?}");
    for service in services {
        let most = if service.ends_with("heliograph-diagnostics.service") {
            MOST_OF_DIAGNOSTICS
        } else {
            MOST
        };
        let output = Command::new("systemd-analyze")
            .args(["security", "--offline=yes", "--threshold", most, "--no-pager"])
            .arg(&service)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
    }
}

#[test]
fn operations_shows_lines_of_the_packaged_unit() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join("docs/OPERATIONS.md")).unwrap();
    let unit = fs::read_to_string(Path::new(FOLDER).join("heliograph-collector.service")).unwrap();
    let shown = text
        .split("```ini\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    for line in shown.lines() {
        assert!(unit.lines().any(|own| own == line), "{line} is not in the unit");
    }
}
