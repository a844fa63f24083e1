//! The command.

use std::process::{Command, Output};

use heliograph_fleet::generate::{FleetTruth, Settings};

use super::{run, small};

fn command(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_heliograph-fleet"))
        .arg("generate")
        .args(args)
        .output()
        .unwrap()
}

#[test]
fn the_command_writes_what_the_library_makes() {
    let folder = tempfile::tempdir().unwrap();
    let (file, truth) = (
        folder.path().join("fleet.ndjson"),
        folder.path().join("truth.json"),
    );
    let (file_name, truth_name) = (file.to_str().unwrap(), truth.to_str().unwrap());
    let few = "--preset small --installations 5 --days 2 --until 2026-03-01 --seed 9";
    let few: Vec<&str> = few.split_whitespace().collect();
    let output = command(&[&few[..], &["--out", file_name, "--truth", truth_name]].concat());
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    let (lines, expected) = run(&Settings {
        installations: 5,
        days: 2,
        until: "2026-03-01".parse().unwrap(),
        seed: 9,
        ..small()
    });
    let written = std::fs::read(&file).unwrap();
    assert!(written == [lines.join(&b'\n'), vec![b'\n']].concat());
    let told = std::fs::read(&truth).unwrap();
    assert!(told == serde_json::to_vec(&expected).unwrap());
    let told: FleetTruth = serde_json::from_slice(&told).unwrap();
    assert_eq!(
        (told.from.as_str(), told.to.as_str()),
        ("2026-02-28", "2026-03-01")
    );
    // What is read of a fraction may be its neighbour.
    assert_eq!(
        (told.messages, told.window.units),
        (expected.messages, expected.window.units)
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains(&format!("{} messages of ", expected.messages.sent)),
        "{said}"
    );
    let piped = command(&[&few[..], &["--out", "-"]].concat());
    assert!(piped.stdout == written);
}

#[test]
fn mistakes_are_told() {
    for (args, told) in [
        (&[][..], "--out"),
        (&["--to", "http://127.0.0.1:1"], "--key"),
        (&["--out", "-", "--preset", "large"], "use small, bench or demo"),
        (&["--out", "-", "--until", "today"], "a day such as 2026-11-22"),
        (&["--out", "-", "--silent", "2"], "from 0 to 1"),
        (&["--out", "-", "--change", "x=2"], "UNIT@VERSION=FACTOR"),
        (
            &["--out", "-", "--change", "dcos-epmd-service@9=2"],
            "there is no release 9",
        ),
        (
            &["--out", "-", "--change", "epmd@1.11.0=2"],
            "there is no unit epmd",
        ),
        (
            &["--out", "/no/such/file"],
            "can't write the messages to /no/such/file",
        ),
        (
            &["--preset", "small", "--to", "http://127.0.0.1:1", "--key", "k"],
            "the collector does not answer",
        ),
    ] {
        let output = command(args);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.code() == Some(1) && text.contains(told),
            "{args:?} told: {text}"
        );
    }
}
