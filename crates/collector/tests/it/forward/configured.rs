//! What is forwarded, from where on and with which keys, is configured.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use heliograph_fleet::sink::Sink;

use super::{Files, ids, metric, send, track, until};
use crate::collector::{TestCollector, key};

#[test]
fn each_key_has_its_own_at_the_target_and_who_has_none_stays_here() {
    let (files, sink) = (Files::new(), Sink::start().unwrap());
    let data = files.dir.path().join("data");
    let (one, two, three) = (key(&data, "server"), key(&data, "server"), key(&data, "server"));
    let keys = format!("# ours theirs\n1 theirs-1\n{} theirs-2\n", &two[..8]);
    let collector = TestCollector::in_dir(
        &data,
        &[
            ("forward_url", &sink.url()),
            ("forward_write_key_file", &files.with("keys", &keys)),
        ],
    );
    for (key, id) in [(&one, "1"), (&two, "2"), (&three, "3"), (&one, "4")] {
        assert_eq!(send(&collector, key, &[track(id, "u")]), (1, 0, 0));
    }
    until("they are taken", || sink.messages().len() == 3);
    let mut by_key: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for request in sink.requests() {
        let with = request.header("authorization").unwrap().to_owned();
        let taken = by_key.entry(with).or_default();
        taken.extend(ids(&request.messages()).iter().map(|id| (*id).to_owned()));
    }
    assert_eq!(by_key[&crate::client::basic("theirs-1")], ["1", "4"]);
    assert_eq!(by_key[&crate::client::basic("theirs-2")], ["2"]);
    until("it is counted", || {
        metric(
            &collector,
            "forward_messages_total",
            &[("outcome", "without_key")],
        ) == 1.0
    });
}

#[test]
fn what_waits_is_kept_beyond_its_age_and_begins_where_it_is_told_to() {
    let files = Files::new();
    let data = files.dir.path().join("data");
    let server = key(&data, "server");
    let mut collector = TestCollector::in_dir(&data, &[]);
    assert_eq!(send(&collector, &server, &[track("before", "u")]), (1, 0, 0));
    assert!(collector.stop().success());
    let key_file = files.with("key", "k");
    let started = Sink::start().unwrap();
    let closed = started.url();
    drop(started);
    // From now on, which is the default: not what is there already.
    let settings = |url: &str| {
        [
            ("forward_url", url.to_owned()),
            ("forward_write_key_file", key_file.clone()),
            ("retention_raw", "1h".to_owned()),
        ]
    };
    let start = |url: &str| {
        let settings = settings(url);
        let settings: Vec<_> = settings
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
            .collect();
        TestCollector::in_dir(&data, &settings)
    };
    let mut collector = start(&closed);
    assert_eq!(send(&collector, &server, &[track("waits", "u")]), (1, 0, 0));
    assert_eq!(send(&collector, &server, &[track("last", "u")]), (1, 0, 0));
    assert!(collector.stop().success());
    let age = |hours: i64| {
        rusqlite::Connection::open(data.join("collector.db"))
            .unwrap()
            .execute("UPDATE batch SET received = received - ? * 3600000", [hours])
            .unwrap();
    };
    age(30);
    let mut collector = start(&closed);
    until("what is forwarded is dropped by age", || {
        !ids(&collector.messages()).contains(&"before")
    });
    thread::sleep(Duration::from_millis(2500));
    assert_eq!(ids(&collector.messages()), ["waits", "last"], "what waits is not");
    assert!(collector.stop().success());
    // Not for ever.
    age(8 * 24);
    let mut collector = start(&closed);
    until("it is dropped", || ids(&collector.messages()) == ["last"]);
    until("it is told", || {
        collector
            .log()
            .contains("MESSAGES WERE DROPPED BY AGE BEFORE THE TARGET TOOK THEM")
    });
    assert_eq!(
        metric(&collector, "forward_messages_total", &[("outcome", "lost")]),
        1.0
    );
    assert!(collector.stop().success());
}

#[test]
fn what_is_configured_wrongly_is_told_at_the_start() {
    let files = Files::new();
    let bad = files.with("bad", "one\ntwo\n");
    for (settings, expected) in [
        (
            vec![("FORWARD_URL", "http://127.0.0.1:1")],
            "forward_write_key_file is not",
        ),
        (
            vec![
                ("FORWARD_URL", "http://127.0.0.1:1"),
                ("FORWARD_WRITE_KEY_FILE", &bad),
            ],
            "neither a key nor",
        ),
        (
            vec![
                ("FORWARD_URL", "http://127.0.0.1:1"),
                ("FORWARD_WRITE_KEY_FILE", "/none"),
            ],
            "can't read /none",
        ),
        (vec![("FORWARD_URL", "ftp://x")], "should be"),
    ] {
        let mut command = std::process::Command::new(crate::collector::BINARY);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(files.dir.path().join("d"));
        for (name, value) in settings {
            command.env(format!("HELIOGRAPH_COLLECTOR_{name}"), value);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(expected), "{said}");
    }
}
