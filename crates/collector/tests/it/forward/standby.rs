//! A second collector that stands by.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use heliograph_collector::entropy::SystemEntropy;
use heliograph_collector::forget::order::{Action, Order, Withdrawn};
use heliograph_collector::forward::{Mark, PassedOn, Since};
use heliograph_collector::ingest::mention::Kind as SubjectKind;
use heliograph_collector::ingest::subject::SubjectKey;
use heliograph_collector::key::KeyId;
use heliograph_collector::store::{Reader, Store};
use heliograph_wire::id::ReporterId;
use jiff::Timestamp;
use serde_json::json;

use super::{Files, ids, metric, send, track, until};
use crate::collector::{TestCollector, key, run};
use crate::deletion::settle;
use crate::sender::{Kind, Sender, check};

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

/// While the target is out of reach, what is taken back here must not be carried out there.
#[test]
fn an_order_that_is_taken_back_is_not_passed_on() {
    let dir = tempfile::TempDir::new().unwrap();
    let key = SubjectKey::load_or_make(dir.path(), &SystemEntropy).unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.forward_to(Some("http://target"), Since::Now, true).unwrap();
    let order = |ids: &[&str], source| Order {
        action: Action::SuppressAndDelete,
        kind: SubjectKind::User,
        ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        source,
    };
    let mut commit = store.begin().unwrap();
    let mut place = |order: Order| {
        let placed = commit.regulate(&key, &order, Timestamp::UNIX_EPOCH).unwrap();
        placed.regulation.unwrap()
    };
    let first = place(order(&["u", "v"], None));
    // Others order a part of it, too.
    let second = place(order(&["v"], None));
    place(order(&["u"], Some(KeyId(1))));
    let third = place(order(&["v"], None));
    let unkept = |ids, action| Order {
        action,
        ..order(ids, None)
    };
    // These are suppressed alone.
    place(unkept(&["v"], Action::Suppress));
    assert_eq!(commit.withdraw(second).unwrap(), Withdrawn::Done);
    commit.finish().unwrap();
    let left = || -> Vec<_> {
        let left = Reader::open(dir.path())
            .unwrap()
            .orders_to_pass_on("http://target");
        left.unwrap().into_iter().collect()
    };
    let whom = |left: &[PassedOn]| -> Vec<_> {
        let whom = left.iter().map(|order| (order.subject.clone(), order.limited));
        whom.collect()
    };
    // From the command line.
    let by_hand = unkept(&["v"], Action::Delete);
    store.obey(&key, &by_hand, Timestamp::UNIX_EPOCH).unwrap();
    let [u, v] = ["u", "v"].map(|id| (id.to_owned(), false));
    let limited = ("u".to_owned(), true);
    let before = left();
    let [suppressed, deleted] = [v.clone(), v.clone()];
    assert_eq!(
        whom(&before),
        [
            u,
            v.clone(),
            limited.clone(),
            v.clone(),
            suppressed.clone(),
            deleted.clone()
        ]
    );

    // The target has the first by now: of what is alike, the other's is the one that is left.
    let commit = store.begin().unwrap();
    commit
        .mark(&Mark {
            target: "http://target".into(),
            batch: 0,
            orders: before[..2].iter().map(|order| order.id).collect(),
            refused: Vec::new(),
        })
        .unwrap();
    commit.finish().unwrap();
    let mut commit = store.begin().unwrap();
    assert_eq!(commit.withdraw(first).unwrap(), Withdrawn::Done);
    commit.finish().unwrap();
    assert_eq!(
        whom(&left()),
        [limited.clone(), v, suppressed.clone(), deleted.clone()]
    );
    let mut commit = store.begin().unwrap();
    assert_eq!(commit.withdraw(third).unwrap(), Withdrawn::Done);
    commit.finish().unwrap();
    assert_eq!(whom(&left()), [limited, suppressed, deleted]);
}
