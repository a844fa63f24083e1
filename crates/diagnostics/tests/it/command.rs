//! The command line.

use std::process::Command;

fn run(words: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_heliograph-diagnostics"))
        .args(words)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn the_printed_configuration_can_be_used() {
    let (code, printed, _) = run(&["--print-config"]);
    assert_eq!(code, 0);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("diagnostics.toml");
    std::fs::write(&file, &printed).unwrap();
    assert_eq!(
        heliograph_diagnostics::config::Config::read(Some(&file), &[]).unwrap(),
        heliograph_diagnostics::config::Config::default()
    );
}

#[test]
fn the_network_is_not_served_without_a_key() {
    let (code, _, said) = run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(code, 1);
    assert!(
        said.contains("0.0.0.0:0 can be reached from the network"),
        "{said}"
    );
}
