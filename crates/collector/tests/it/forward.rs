//! Forwarding: all that was acknowledged is at the target once, as its sender sent it, whatever happens to either.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use heliograph_fleet::sink::{Answer as Told, Sink};
use heliograph_wire::id::ReporterId;
use heliograph_wire::segment::{MAX_BATCH, MAX_BATCH_MESSAGES};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::collector::{TestCollector, key, run};
use crate::deletion::settle;
use crate::metrics::scrape;
use crate::sender::{Kind, Sender, check};

/// Files with secrets of a target.
struct Files {
    dir: TempDir,
}

impl Files {
    fn new() -> Files {
        Files {
            dir: TempDir::new().unwrap(),
        }
    }

    fn with(&self, name: &str, text: &str) -> String {
        let path: PathBuf = self.dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// Tries until something is so.
fn until(what: &str, mut is: impl FnMut() -> bool) {
    for _ in 0..600 {
        if is() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("never: {what}");
}

fn track(id: &str, user: &str) -> Value {
    json!({"type": "track", "event": "e", "userId": user, "messageId": id})
}

fn send(collector: &TestCollector, key: &str, batch: &[Value]) -> (u64, u64, u64) {
    collector.batch(key, &json!({"batch": batch})).counts()
}

fn ids(messages: &[Value]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message["messageId"].as_str().unwrap())
        .collect()
}

fn metric(collector: &TestCollector, name: &str, labels: &[(&str, &str)]) -> f64 {
    let name = format!("heliograph_collector_{name}");
    scrape(&mut collector.client(), &[])
        .value(&name, labels)
        .unwrap_or(-1.0)
}

/// What is the sender's of a message, by Segment's spec.
fn of_sender(message: &Value) -> BTreeMap<String, Value> {
    let fields = [
        "type",
        "messageId",
        "event",
        "name",
        "userId",
        "anonymousId",
        "groupId",
        "previousId",
        "properties",
        "traits",
        "context",
        "integrations",
    ];
    fields
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), message.get(name)?.clone())))
        .collect()
}

fn time(message: &Value, name: &str) -> Option<jiff::Timestamp> {
    message.get(name)?.as_str()?.parse().ok()
}

/// 10,000 messages of all types, with fields of all kinds.
#[test]
fn the_fields_that_are_the_sender_s_do_not_differ() {
    let (files, sink) = (Files::new(), Sink::start().unwrap());
    let collector = TestCollector::with(&[
        ("forward_url", &sink.url()),
        ("forward_write_key_file", &files.with("key", "their-key\n")),
    ]);
    let key = collector.key("server");
    let types = ["track", "identify", "page", "screen", "group", "alias"];
    let mut sent = Vec::new();
    let mut client = collector.client();
    for request in 0..100 {
        let batch: Vec<Value> = (0..100)
            .map(|part| {
                let number = request * 100 + part;
                let kind = types[number % types.len()];
                let mut message = json!({
                    "type": kind, "messageId": format!("m{number}"), "anonymousId": format!("a{}", number % 97),
                    "context": {"library": {"name": "x", "version": "1"}, "page": {"url": "https://a.example/ü?b=%20"}, "n": [1, null, {"d": 0.5}]},
                    "integrations": {"All": number % 2 == 0, "Mixpanel": {"x": "\u{1F600}"}},
                    "timestamp": format!("2026-11-22T10:{:02}:{:02}.{:03}Z", request % 60, part % 60, number % 1000),
                });
                if number % 3 == 0 { message["userId"] = json!(format!("u\"{number}\\")); }
                match kind {
                    "track" => { message["event"] = json!("Signed Up"); message["properties"] = json!({"n": number, "text": "line\nbreak", "none": null, "big": 1e300}); }
                    "identify" => message["traits"] = json!({"plan": "x", "list": [[], {}]}),
                    "page" | "screen" => { message["name"] = json!("/nodes"); message["properties"] = json!({"path": "/"}); }
                    "group" => { message["groupId"] = json!("g"); message["traits"] = json!({"size": 3}); }
                    _ => { message["userId"] = json!("new"); message["previousId"] = json!("old"); }
                }
                message
            })
            .collect();
        // Each of a clock of its own.
        let body = json!({"batch": batch, "sentAt": format!("2026-11-22T{:02}:59:00Z", 10 + request % 13)});
        assert_eq!(client.batch(&key, &body).unwrap().counts(), (100, 0, 0));
        sent.extend(batch);
    }
    until("all are forwarded", || sink.messages().len() >= sent.len());
    let arrived = sink.messages();
    assert_eq!(
        ids(&arrived),
        ids(&sent),
        "each once, in the order in which they came"
    );
    let kept = collector.messages();
    let received = sink.requests();
    for (index, (sent, arrived)) in sent.iter().zip(&arrived).enumerate() {
        assert_eq!(of_sender(arrived), of_sender(sent));
        assert_eq!(
            time(arrived, "timestamp"),
            time(sent, "timestamp"),
            "as the sender's clock had it"
        );
        assert!(arrived.get("receivedAt").is_none());
        // By Segment's rule the target finds the same time as we did; between the two is how long the request travelled.
        let waited = time(arrived, "sentAt")
            .unwrap()
            .duration_since(time(arrived, "timestamp").unwrap());
        let ours = &kept[index];
        let received = time(ours, "receivedAt").unwrap();
        let corrected = time(ours, "timestamp").unwrap();
        let lay = waited - received.duration_since(corrected);
        assert!(lay.as_secs() < 60 && lay.as_millis() >= -2, "{lay}");
    }
    for request in received {
        assert!(request.body.len() <= MAX_BATCH && request.messages().len() <= MAX_BATCH_MESSAGES);
        assert_eq!(request.header("content-encoding"), Some("gzip"));
        assert_eq!(
            request.header("authorization"),
            Some(crate::client::basic("their-key").as_str())
        );
    }
    until("the lag is shown", || {
        metric(&collector, "forward_pending_batches", &[]) == 0.0
    });
    assert_eq!(
        metric(&collector, "forward_messages_total", &[("outcome", "taken")]),
        10_000.0
    );
    assert_eq!(metric(&collector, "forward_lag_seconds", &[]), 0.0);
}

#[test]
fn what_fails_is_tried_again_and_what_is_refused_is_left_out_alone() {
    let (files, sink) = (Files::new(), Sink::start().unwrap());
    let retry = Told::Status {
        code: 429,
        headers: vec![("Retry-After".to_owned(), "1".to_owned())],
        body: "{}".to_owned(),
    };
    sink.script(vec![
        Told::status(503),
        Told::Reset,
        Told::NotSegment,
        retry,
        Told::CloseBeforeAnswer,
    ]);
    let mut collector = TestCollector::with(&[
        ("forward_url", &sink.url()),
        ("forward_write_key_file", &files.with("key", "k")),
    ]);
    let key = collector.key("server");
    assert_eq!(
        send(&collector, &key, &[track("1", "u"), track("2", "u")]),
        (2, 0, 0)
    );
    until("the lag is shown", || {
        metric(&collector, "forward_pending_batches", &[]) > 0.0
    });
    until("it is taken", || sink.left() == 0 && !sink.messages().is_empty());
    assert_eq!(ids(&sink.messages()), ["1", "2"]);
    assert!(metric(&collector, "forward_failures_total", &[]) >= 5.0);
    let log = collector.log();
    assert_eq!(log.matches("FORWARDING DOES NOT WORK").count(), 1, "{log}");
    until("it is told", || {
        collector.log().contains("the target takes messages again")
    });

    // The whole, its halves, and of these the one.
    sink.script(vec![Told::status(400), Told::status(400), Told::status(400)]);
    assert_eq!(
        send(
            &collector,
            &key,
            &[
                track("bad", "u"),
                track("3", "u"),
                track("4", "u"),
                track("5", "u")
            ]
        ),
        (4, 0, 0)
    );
    until("the others are taken", || sink.messages().len() == 5);
    assert_eq!(ids(&sink.messages())[2..], ["3", "4", "5"]);
    assert_eq!(
        metric(&collector, "forward_messages_total", &[("outcome", "refused")]),
        1.0
    );
    assert!(
        collector
            .log()
            .contains("a message was refused for good and is left out: bad"),
        "{}",
        collector.log()
    );
    // Told once, and not sent again by the next one; nor is what was taken.
    until("it is written down", || {
        metric(&collector, "forward_pending_batches", &[]) == 0.0
    });
    let requests = sink.requests().len();
    collector.kill();
    collector.restart();
    assert_eq!(send(&collector, &key, &[track("6", "u")]), (1, 0, 0));
    until("it goes on", || sink.messages().len() == 6);
    assert_eq!(sink.requests().len(), requests + 1);
}

/// A target that never answers: those who send notice nothing.
#[test]
fn a_dead_target_holds_nobody_up() {
    let (files, sink) = (Files::new(), Sink::start().unwrap());
    sink.script(vec![Told::Hang; 100]);
    let mut collector = TestCollector::with(&[
        ("forward_url", &sink.url()),
        ("forward_write_key_file", &files.with("key", "k")),
    ]);
    let key = collector.key("server");
    for number in 0..50 {
        assert_eq!(
            send(&collector, &key, &[track(&number.to_string(), "u")]),
            (1, 0, 0)
        );
    }
    assert!(sink.messages().is_empty());
    let ready = collector.client().send("GET", "/readyz", &[], b"").unwrap();
    assert_eq!(ready.status, 200);
    assert!(collector.stop().success(), "nor is a stop held up");
    sink.script(Vec::new());
    collector.restart();
    until("all of it arrives", || sink.messages().len() >= 50);
    let arrived: BTreeSet<_> = ids(&sink.messages()).iter().map(|id| (*id).to_owned()).collect();
    assert_eq!(arrived.len(), 50);
}

/// Kills the first under load: what it acknowledged and forwarded is at the second once, and when it is back, all is.
#[test]
fn a_standby_has_everything_once_whatever_is_killed() {
    const KILLS: usize = 6;
    let files = Files::new();
    let (first_data, second_data) = (files.dir.path().join("first"), files.dir.path().join("second"));
    let (server, cluster) = (key(&first_data, "server"), key(&first_data, "cluster"));
    // Made of a backup, the second knows the same keys.
    let backup = files.dir.path().join("backup");
    for (data, command) in [(&first_data, "backup"), (&second_data, "restore")] {
        let output = run(data, &[command, backup.to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
    }
    let mut second = TestCollector::in_dir(&second_data, &[]);
    let url = second.url().to_owned();
    let mut first = TestCollector::in_dir(
        &first_data,
        &[
            ("forward_url", &url),
            ("forward_since", "beginning"),
            (
                "forward_write_key_file",
                &files.with("keys", &format!("1 {server}\n2 {cluster}\n")),
            ),
        ],
    );
    let public_key = crate::receipt::public_key(&first_data);
    assert_eq!(crate::receipt::public_key(&second_data), public_key);
    let mut senders: Vec<_> = (0..3)
        .map(|number| Sender::new(number, Kind::Server, &server))
        .chain((3..5).map(|number| Sender::new(number, Kind::Cluster, &cluster)))
        .collect();
    for round in 0..KILLS {
        let address = first.address();
        thread::scope(|scope| {
            for sender in &mut senders {
                scope.spawn(|| sender.send(address, |taken| taken == 400));
            }
            thread::sleep(Duration::from_millis(150 + 40 * u64::try_from(round).unwrap()));
            first.kill();
        });
        // Nothing is there twice, and nothing that the first does not have.
        let there = second.messages();
        let known: BTreeSet<String> = first
            .messages()
            .iter()
            .map(|message| message["messageId"].to_string())
            .collect();
        let arrived: BTreeSet<String> = there
            .iter()
            .map(|message| message["messageId"].to_string())
            .collect();
        assert_eq!(arrived.len(), there.len());
        assert!(arrived.is_subset(&known));
        first.restart();
    }
    for sender in &mut senders {
        sender.settle(first.address());
    }
    let held = check(&first_data, &senders, &public_key).unwrap();
    until("the second has all", || second.messages().len() >= held.messages);
    // Both answer alike.
    assert_eq!(crate::day::days(&second_data), crate::day::days(&first_data));
    drop(first);
    // The second takes over: what the first acknowledged is a repeat there, and whoever sends goes on.
    let address = second.address();
    for sender in &mut senders {
        sender.send(address, |taken| taken == 20);
        sender.settle(address);
    }
    check(&second_data, &senders, &public_key).unwrap();
    assert!(second.stop().success());
}

#[test]
fn who_is_forgotten_is_not_forwarded_and_the_standby_is_told() {
    let files = Files::new();
    let second = TestCollector::start();
    let token = run(
        second.data(),
        &["token", "add", "--scope", "admin", "--name", "first"],
    );
    let token = String::from_utf8(token.stdout).unwrap();
    let peer = second.key("peer");
    let data = files.dir.path().join("first");
    let settings = |url: &str| {
        [
            ("forward_url".to_owned(), url.to_owned()),
            ("forward_as".to_owned(), "peer".to_owned()),
            ("forward_since".to_owned(), "beginning".to_owned()),
            ("forward_write_key_file".to_owned(), files.with("key", &peer)),
            ("forward_token_file".to_owned(), files.with("token", &token)),
        ]
    };
    let start = |url: &str| {
        let settings = settings(url);
        let settings: Vec<_> = settings
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        TestCollector::in_dir(&data, &settings)
    };
    let report = |cluster: &str, hour: u32| {
        json!({
            "type": "track", "event": "health", "anonymousId": cluster, "properties": {"clusterId": cluster},
            "messageId": format!("{cluster}:health:2026-11-20T{hour:02}Z"), "timestamp": format!("2026-11-20T{hour:02}:00:00Z"),
            "context": {"reporter": ReporterId::of_secret(b"s").as_str()},
        })
    };
    let mut first = start(second.url());
    let (server, cluster) = (first.key("server"), first.key("cluster"));
    assert_eq!(
        send(&first, &server, &[track("1", "gone"), track("2", "stays")]),
        (2, 0, 0)
    );
    assert_eq!(
        send(
            &first,
            &cluster,
            &[report("gone-cluster", 1), report("stays-cluster", 1)]
        ),
        (2, 0, 0)
    );
    until("the second has them", || second.messages().len() == 4);
    assert!(first.stop().success());

    // While no server runs nothing is forwarded.
    let ordered = run(&data, &["forget", "--user-id", "gone"]);
    assert!(ordered.status.success(), "{ordered:?}");
    let mut first = start(second.url());
    assert_eq!(
        send(&first, &server, &[track("3", "gone"), track("4", "stays")]),
        (2, 0, 0)
    );
    let petition = json!({"clusterId": "gone-cluster", "reporterSecret": "s"}).to_string();
    let answer = first
        .client()
        .send(
            "POST",
            "/v1/forget",
            &[("Authorization", &crate::client::basic(&cluster))],
            petition.as_bytes(),
        )
        .unwrap();
    assert_eq!(answer.status, 200);
    until("the second is told", || {
        metric(&first, "forward_orders_total", &[]) == 2.0
    });
    settle(second.data());
    until("what stays is there", || second.messages().len() == 3);
    let there: BTreeSet<_> = ids(&second.messages())
        .iter()
        .map(|id| (*id).to_owned())
        .collect();
    assert_eq!(
        there,
        ["2", "4", "stays-cluster:health:2026-11-20T01Z"]
            .map(str::to_owned)
            .into()
    );
    // It is suppressed there, too, and nothing of whom it was about is kept for it any more.
    let own = second.key("server");
    assert_eq!(send(&second, &own, &[track("5", "gone")]), (1, 0, 0));
    assert_eq!(second.messages().len(), 3);
    assert!(first.stop().success());
    let connection = rusqlite::Connection::open(data.join("collector.db")).unwrap();
    let left: i64 = connection
        .query_row("SELECT count(*) FROM forward_order", (), |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}

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
