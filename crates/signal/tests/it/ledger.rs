//! The ledger from outside: what it shows is what the sink got, and what was altered shows.

use std::fs;

use heliograph_fleet::sink::Answer;

use crate::cluster::{Cluster, NOW};
use crate::{kept, small};

fn cluster() -> Cluster {
    Cluster::of(small::short_documents())
}

/// Numbers of the sends that `log` lists.
#[track_caller]
fn sends(cluster: &Cluster) -> Vec<String> {
    let log = cluster.run(&["log"]).exits(0).stdout;
    log.lines()
        .filter(|line| line.contains("  sent "))
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .collect()
}

#[test]
fn it_shows_the_bytes_that_the_sink_got() {
    let cluster = cluster();
    cluster
        .sink
        .script(vec![Answer::status(503), Answer::Ok, Answer::Reset]);
    for hour in ["10", "11", "12"] {
        cluster
            .run(&["report", "--now", &format!("2026-11-22T{hour}:10:00Z")])
            .exits(0);
    }
    let numbers = sends(&cluster);
    let requests = cluster.sink.requests();
    assert_eq!(numbers.len(), requests.len());
    assert_eq!(requests.len(), 5, "two were tried again");
    for (number, request) in numbers.iter().zip(&requests) {
        let shown = cluster.run(&["log", "show", number]).exits(0).stdout;
        let got = std::str::from_utf8(&request.body).unwrap();
        assert_eq!(shown.strip_suffix('\n').unwrap(), got, "number {number}");
    }
    cluster.run(&["log", "verify"]).exits(0);
}

#[test]
fn a_preview_of_the_wire_is_what_is_sent() {
    let cluster = cluster().set("customer_key", small::CUSTOMER_KEY);
    let preview = cluster.run(&["preview", "--wire", "--now", NOW]).exits(0).stdout;
    assert_eq!(cluster.sink.requests().len(), 0, "a preview sends nothing");
    cluster.run(&["report", "--now", NOW]).exits(0);
    let requests = cluster.sink.requests();
    assert_eq!(requests.len(), 1);
    let sent = std::str::from_utf8(&requests[0].body).unwrap();
    assert_eq!(preview.strip_suffix('\n').unwrap(), sent);
    assert_eq!(sends(&cluster).len(), 1, "and no preview is recorded");
}

#[test]
fn a_sink_that_can_t_be_reached_leaves_no_answer() {
    let cluster = cluster().set("delivery_timeout", "300ms");
    cluster.sink.refuse(true).unwrap();
    cluster.run(&["report", "--now", NOW]).exits(0);
    let log = cluster.run(&["log"]).exits(0).stdout;
    let unanswered = log.lines().filter(|line| line.contains("no answer")).count();
    assert!(unanswered > 0 && unanswered == sends(&cluster).len(), "{log}");
    assert!(log.contains("no connection: refused"), "{log}");
    let verify = cluster.run(&["log", "verify"]).exits(0).stdout;
    assert!(
        verify.contains(" 0 taken without a receipt") && verify.contains("Nothing was altered"),
        "{verify}"
    );
    let show = cluster.run(&["log", "show", "1"]).exits(0).stdout;
    assert!(
        show.contains(":health:"),
        "what was tried to be sent is shown: {show}"
    );
}

#[test]
fn what_was_altered_is_named() {
    let cluster = cluster();
    for hour in ["10", "11", "12"] {
        cluster
            .run(&["report", "--now", &format!("2026-11-22T{hour}:10:00Z")])
            .exits(0);
    }
    let folder = cluster.path("state/ledger");
    let month = kept::names_in(&folder)
        .into_iter()
        .find(|name| name.ends_with(".jsonl"))
        .unwrap();
    let path = folder.join(month);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    let verify = || cluster.run(&["log", "verify"]);
    verify().exits(0);

    fs::write(&path, text.replacen("\"messages\":3", "\"messages\":2", 1)).unwrap();
    let found = verify().exits(1).stdout;
    assert!(
        found.contains("ALTERED: number 1 was altered"),
        "a changed line: {found}"
    );

    fs::write(&path, [&lines[..2], &lines[4..]].concat().join("\n") + "\n").unwrap();
    let found = verify().exits(1).stdout;
    assert!(
        found.contains("number 2 or lines after it are missing"),
        "lines taken away: {found}"
    );

    fs::write(&path, text.replacen("{\"n\":4", "{\"m\":4", 1)).unwrap();
    let found = verify().exits(1).stdout;
    assert!(
        found.contains("after number 3 can't be read"),
        "a spoilt line: {found}"
    );

    fs::write(&path, &text).unwrap();
    verify().exits(0);
    let bodies = folder.join("bodies");
    let body = bodies.join(&kept::names_in(&bodies)[0]);
    let kept = fs::read(&body).unwrap();
    fs::write(&body, b"{}").unwrap();
    let found = verify().exits(1).stdout;
    assert!(
        found.contains("the body of number ") && found.contains("was altered"),
        "a changed body: {found}"
    );
    fs::remove_file(&body).unwrap();
    let found = verify().exits(0).stdout;
    assert!(
        found.contains("1 bodies were removed"),
        "a removed one may have been pruned: {found}"
    );
    fs::write(&body, kept).unwrap();
    verify().exits(0);
}

#[test]
fn what_is_not_there_is_said() {
    let cluster = cluster();
    assert!(
        cluster
            .run(&["log"])
            .exits(0)
            .stdout
            .contains("Nothing was sent yet")
    );
    cluster
        .run(&["log", "show", "1"])
        .exits(1)
        .logs("number 1 is no send");
    cluster.run(&["log", "verify"]).exits(0);
    assert!(!cluster.path("state").exists(), "to look makes nothing");
    cluster.run(&["report"]).exits(0);
    cluster
        .run(&["log", "show", "2"])
        .exits(1)
        .logs("number 2 is no send");
}
