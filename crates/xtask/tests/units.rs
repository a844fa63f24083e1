//! The units that packages bring: systemd finds little exposed of any of them.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The most, from 0 (nothing exposed) to 100; a unit that restricts nothing has 96.
const MOST: &str = "--threshold=20";

#[test]
fn systemd_finds_little_exposed() {
    let help = Command::new("systemd-analyze").arg("--help").output();
    if !help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("--offline")) {
        heliograph_fleet::skip::skipped("systemd-analyze: not installed, or too old to look at files");
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/systemd");
    let units = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let services: Vec<_> = units
        .filter(|path| path.extension().is_some_and(|extension| extension == "service"))
        .collect();
    assert_eq!(services.len(), 4, "{services:?}");
    for service in services {
        let output = Command::new("systemd-analyze")
            .args(["security", "--offline=yes", MOST, "--no-pager"])
            .arg(&service)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
    }
}
