use heliograph_wire::id::hex;
use heliograph_wire::receipt::{Receipt, key_id};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::verify::{Findings, check, verify};
use super::*;

fn open(folder: &Path) -> Ledger {
    Ledger::open(&State::open(folder.to_owned()).unwrap()).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn findings(ledger: &Ledger) -> Findings {
    verify(
        ledger.lines().unwrap(),
        |sha256| ledger.body(sha256),
        ledger.head(),
        None,
    )
    .unwrap()
}

fn keys() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

fn receipt(bodies: &[String], position: usize) -> Receipt {
    let public = keys().public_key().as_ref().to_vec();
    let signature = keys().sign(&Receipt::signed(bodies));
    Receipt {
        key: key_id(&public),
        public_key: hex(&public),
        bodies: bodies.to_vec(),
        position,
        signature: hex(signature.as_ref()),
    }
}

/// A ledger over two months with three sends: receipted, taken, unanswered.
fn filled(folder: &Path) -> Ledger {
    let mut ledger = open(folder);
    let now = at("2026-10-31T23:59:59Z");
    let one = ledger
        .sending("http://sink/v1/batch", b"{\"batch\":[1]}", &["{}"], now)
        .unwrap();
    let bodies = [body_hash(b"{\"batch\":[1]}")];
    ledger
        .append(
            Entry::Answered {
                of: one,
                status: 200,
                taken: true,
                receipt: Some(receipt(&bodies, 0)),
            },
            now,
        )
        .unwrap();
    let mut ledger = open(folder);
    let now = at("2026-11-01T00:00:01Z");
    let two = ledger
        .sending("http://sink/v1/batch", b"{\"batch\":[2]}", &["{}"], now)
        .unwrap();
    ledger
        .append(
            Entry::Answered {
                of: two,
                status: 200,
                taken: true,
                receipt: None,
            },
            now,
        )
        .unwrap();
    let three = ledger
        .sending("http://sink/v1/batch", b"{\"batch\":[3]}", &["{}"], now)
        .unwrap();
    ledger
        .append(
            Entry::Unanswered {
                of: three,
                problem: "no answer".to_owned(),
            },
            now,
        )
        .unwrap();
    assert_eq!((one, two, three), (1, 3, 5));
    ledger
}

#[test]
fn a_ledger_that_nobody_touched_holds() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = filled(folder.path());
    let expected = Findings {
        lines: 6,
        sends: 3,
        receipted: 1,
        taken_without_receipt: 1,
        not_taken: 1,
        unreceipted: vec![3, 5],
        ..Findings::default()
    };
    assert_eq!(findings(&ledger), expected);
    assert_eq!(
        ledger.body(&body_hash(b"{\"batch\":[2]}")).unwrap().unwrap(),
        b"{\"batch\":[2]}"
    );
}

#[test]
fn any_change_shows() {
    let november = |folder: &Path| folder.join("ledger/2026-11.jsonl");
    type Change = fn(&str) -> String;
    let changes: [(Change, &str); 4] = [
        (
            |text| text.replacen("\"messages\":1", "\"messages\":2", 1),
            "number 3 was altered: number 4 does not follow it",
        ),
        (
            |text| text.lines().skip(1).map(|line| format!("{line}\n")).collect(),
            "number 2 or lines after it are missing",
        ),
        (
            |text| text.replacen("{\"n\":4", "n\":4", 1),
            "the line after number 3 can't be read",
        ),
        (
            |text| {
                text.lines()
                    .enumerate()
                    .filter(|(i, _)| *i != 1)
                    .map(|(_, line)| format!("{line}\n"))
                    .collect()
            },
            "number 3 or lines after it",
        ),
    ];
    for (change, problem) in changes {
        let folder = tempfile::tempdir().unwrap();
        let ledger = filled(folder.path());
        let text = fs::read_to_string(november(folder.path())).unwrap();
        fs::write(november(folder.path()), change(&text)).unwrap();
        let problems = findings(&ledger).problems;
        assert!(
            problems.iter().any(|found| found.starts_with(problem)),
            "{problem}: {problems:?}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let ledger = filled(folder.path());
    fs::write(
        folder
            .path()
            .join("ledger/bodies")
            .join(body_hash(b"{\"batch\":[2]}")),
        "{}",
    )
    .unwrap();
    assert_eq!(findings(&ledger).problems, ["the body of number 3 was altered"]);
}

#[test]
fn the_last_lines_can_not_go_unnoticed() {
    let november = |folder: &Path| folder.join("ledger/2026-11.jsonl");
    let folder = tempfile::tempdir().unwrap();
    let ledger = filled(folder.path());
    let text = fs::read_to_string(november(folder.path())).unwrap();
    let cut: String = text.lines().take(2).map(|line| format!("{line}\n")).collect();
    fs::write(november(folder.path()), cut).unwrap();
    assert_eq!(
        findings(&ledger).problems,
        ["the lines after number 4 are missing: number 6 was written last"]
    );
    fs::write(november(folder.path()), text.replace("no answer", "an answer")).unwrap();
    assert_eq!(
        findings(&ledger).problems,
        ["number 6 was altered: it is not the line that was written last"]
    );
}

#[test]
fn a_month_without_lines_breaks_nothing() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    fs::write(folder.path().join("ledger/2026-12.jsonl"), "").unwrap();
    let mut ledger = open(folder.path());
    assert_eq!(
        ledger
            .sending("t", b"x", &["{}"], at("2026-12-02T00:00:00Z"))
            .unwrap(),
        7
    );
    assert_eq!(findings(&ledger).problems, Vec::<String>::new());
}

#[test]
fn receipts_are_checked() {
    let bodies = ["a".repeat(64), "b".repeat(64)];
    let good = receipt(&bodies, 1);
    let public = keys().public_key().as_ref().to_vec();
    assert_eq!(check(&good, &bodies[1], Some(&public)), Ok(()));
    assert_eq!(
        check(&good, &bodies[0], Some(&public)),
        Err("speaks of another body")
    );
    assert_eq!(
        check(&good, &bodies[1], Some(&[0; 32])),
        Err("was signed by another key than the collector's")
    );
    let altered = Receipt {
        bodies: vec!["c".repeat(64), bodies[1].clone()],
        ..good
    };
    assert_eq!(
        check(&altered, &bodies[1], Some(&public)),
        Err("was altered: its signature does not hold")
    );
}

#[test]
fn a_line_cut_off_by_a_crash_is_no_obstacle() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let file = folder.path().join("ledger/2026-11.jsonl");
    let mut text = fs::read_to_string(&file).unwrap();
    text.push_str("{\"n\":7,\"at\":\"20");
    fs::write(&file, text).unwrap();
    let mut ledger = open(folder.path());
    assert_eq!(
        ledger
            .sending("t", b"x", &["{}"], at("2026-11-02T00:00:00Z"))
            .unwrap(),
        7
    );
    assert_eq!(findings(&ledger).problems, Vec::<String>::new());
}

#[test]
fn it_is_bounded_in_age_and_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = filled(folder.path());
    ledger
        .prune(at("2026-11-30T00:00:00Z"), MAX_AGE, MAX_BODY_BYTES)
        .unwrap();
    assert_eq!(findings(&ledger).lines, 6);
    ledger
        .prune(
            at("2026-12-15T00:00:00Z"),
            Duration::from_secs(30 * 24 * 3600),
            MAX_BODY_BYTES,
        )
        .unwrap();
    let found = findings(&ledger);
    assert_eq!((found.lines, found.bodies_gone, found.problems.len()), (4, 0, 0));
    assert_eq!(
        fs::read_dir(folder.path().join("ledger/bodies")).unwrap().count(),
        2
    );
    ledger
        .prune(
            at("2026-12-15T00:00:00Z"),
            Duration::from_secs(90 * 24 * 3600),
            15,
        )
        .unwrap();
    assert_eq!(findings(&ledger).bodies_gone, 1);
}
