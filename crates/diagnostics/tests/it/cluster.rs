//! The cluster as a master shows it: paths, codes and types, and what becomes of it when nodes or lists fall silent.

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::daemon::{Answer, Daemon, wait};
use crate::sandbox::PATIENCE;
use crate::scripted::{Says, Scripted, document, unit};

const BASE: &str = "/system/health/v1";
const SUMMARY: &str = "application/vnd.heliograph.summary+json";

/// A daemon that looks at these members and at nothing else, as often as it can.
fn master(members: &str, more: &[(&str, &str)]) -> Daemon {
    let own = [
        ("MEMBERS", members),
        ("BUS", "unix:path=/nonexistent/bus"),
        ("PULL_INTERVAL", "200ms"),
        ("PULL_TIMEOUT", "2s"),
        ("LIST_TIMEOUT", "2s"),
        ("JOURNAL_FOR", "socket"),
        ("LOG", "error"),
    ];
    Daemon::start(&own.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}

fn members(nodes: &[&Scripted]) -> String {
    let addresses: Vec<_> = nodes.iter().map(|node| node.address.to_string()).collect();
    addresses.join(",")
}

fn path(rest: &str) -> String {
    format!("{BASE}{rest}")
}

fn json_of(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

/// Asks by the socket until what is wanted is shown.
fn wait_for<T>(master: &Daemon, rest: &str, look: impl Fn(&Value) -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        let answer = master.get_locally(&path(rest));
        if answer.status == 200
            && let Some(found) = look(&serde_json::from_str(&answer.body).unwrap())
        {
            return found;
        }
        assert!(begin.elapsed() < PATIENCE, "did not come: {answer:?}");
        sleep(Duration::from_millis(30));
    }
}

fn is(value: &Value, pointer: &str, expected: &Value) -> Option<()> {
    (value.pointer(pointer) == Some(expected)).then_some(())
}

/// Two nodes of two units, in the order of their addresses.
fn pair() -> [Scripted; 2] {
    let mut pair = [(); 2].map(|()| Scripted::saying(Says::Nothing));
    pair.sort_by_key(|node| node.address);
    pair[0].answer(&document("m1", "master", &[unit("a", 0), unit("b", 1)]));
    pair[1].answer(&document("a1", "agent", &[unit("a", 0)]));
    pair
}

#[test]
fn every_path_has_the_originals_codes_and_types() {
    let [one, two] = pair();
    let master = master(&members(&[&one, &two]), &[]);
    wait_for(&master, "/nodes", |_| Some(()));
    let (one, two) = (one.address, two.address);
    for (rest, pointer, expected) in [
        ("/report".to_owned(), "/Units/a.service/Nodes/1/Host", json!("a1")),
        ("/report/download".to_owned(), "/Units/b.service/Health", json!(1)),
        (
            "/report?cache=0".to_owned(),
            "/Units/b.service/Unknown",
            json!([]),
        ),
        (
            "/units".to_owned(),
            "/units/1",
            json!({"id": "b.service", "name": "b", "health": 1, "description": "the unit b"}),
        ),
        ("/units/a.service".to_owned(), "/health", json!(0)),
        ("/units/a.service/nodes".to_owned(), "/nodes/0/health", json!(0)),
        (
            format!("/units/b.service/nodes/{one}"),
            "/output",
            json!("b is not well\njournal of b\n"),
        ),
        ("/nodes".to_owned(), "/nodes/0/role", json!("master")),
        (format!("/nodes/{one}"), "/host_ip", json!(one.to_string())),
        (format!("/nodes/{two}/units"), "/units/0/id", json!("a.service")),
        (format!("/nodes/{one}/units/b.service"), "/name", json!("b")),
    ] {
        let answer = master.get_locally(&path(&rest));
        let shown = json_of(&answer);
        assert_eq!(shown.pointer(pointer), Some(&expected), "{rest}: {shown:#}");
        assert!(
            answer.body.ends_with('\n') && answer.body.lines().count() == 1,
            "{rest}"
        );
        assert!(
            answer.head.contains("content-type: application/json\r\n"),
            "{rest}: {}",
            answer.head
        );
        assert!(
            answer.head.contains("\r\nlast-modified-3dt: "),
            "{rest}: {}",
            answer.head
        );
        let is_download = answer
            .head
            .contains("content-disposition: attachment; filename=health-report.json");
        assert_eq!(is_download, rest == "/report/download", "{rest}");
        assert_eq!(
            master.ask_locally("POST", &path(&rest), &[]).status,
            405,
            "{rest}"
        );
    }
    for rest in [
        "/units/c.service".to_owned(),
        "/units/c.service/nodes".to_owned(),
        format!("/units/b.service/nodes/{two}"),
        "/units/b.service/nodes/10.0.0.1".to_owned(),
        "/nodes/10.0.0.1".to_owned(),
        "/nodes/%".to_owned(),
        "/units/..%2f..%2fetc%2fpasswd".to_owned(),
        "/units/%00/nodes/..%2f".to_owned(),
        "/nodes/10.0.0.1/units".to_owned(),
        format!("/nodes/{two}/units/b.service"),
        "/nothing".to_owned(),
    ] {
        let answer = master.get_locally(&path(&rest));
        assert!([400, 404].contains(&answer.status), "{rest}: {answer:?}");
        if !rest.contains('%') && rest != "/nothing" {
            assert!(answer.body.ends_with(" not found\n"), "{rest}: {}", answer.body);
            assert!(
                answer.head.contains("content-type: text/plain"),
                "{rest}: {}",
                answer.head
            );
        }
    }
    assert_eq!(master.get_locally(&path("/nothing")).body, "404 page not found\n");
    let moved = master.get_locally(&path("/units/?x=1"));
    assert_eq!(moved.status, 301);
    assert!(
        moved.head.contains("location: /system/health/v1/units?x=1\r\n"),
        "{}",
        moved.head
    );
    assert_eq!(master.get_locally("//elsewhere.example/").status, 404);
    // Who comes by a port may not read the journal.
    let answer = master.get(&path(&format!("/nodes/{one}/units/b.service")));
    assert_eq!(json_of(&answer)["output"], "b is not well");
    assert!(!master.get(&path("/report")).body.contains("journal of"));
}

#[test]
fn the_summary_is_given_to_who_asks_for_it() {
    let [one, two] = pair();
    let master = master(&members(&[&one, &two]), &[]);
    wait_for(&master, "/nodes", |_| Some(()));
    let accept = [(
        "accept",
        "application/vnd.heliograph.summary+json, application/json;q=0.9",
    )];
    let answer = master.ask_locally("GET", &path("/report?cache=0"), &accept);
    assert!(
        answer.head.contains(&format!("content-type: {SUMMARY}\r\n")),
        "{}",
        answer.head
    );
    let summary = json_of(&answer);
    assert_eq!(
        summary["units"]["a.service"],
        json!({"total": 2, "unhealthy": 0, "unknown": 0})
    );
    assert_eq!(
        summary["nodes"]["agent"],
        json!({"healthy": 1, "unhealthy": 0, "unknown": 0, "unreachable": 0})
    );
    assert!(summary["age_ms"].as_u64().unwrap() < 60_000);
    assert!(answer.body.len() < 700, "{}", answer.body);
}

#[test]
fn a_node_that_falls_silent_stays_and_is_unknown() {
    let [one, two] = pair();
    let master = master(&members(&[&one, &two]), &[]);
    let silent = |says: Says, reason: &str| {
        two.say(says);
        let expected = json!(reason);
        wait_for(&master, &format!("/nodes/{}", two.address), |node| {
            is(node, "/reason", &expected)
        });
        let report = json_of(&master.get_locally(&path("/report")));
        assert_eq!(report["Nodes"].as_object().unwrap().len(), 2);
        assert_eq!(report["Units"]["a.service"]["Nodes"].as_array().unwrap().len(), 1);
        let unknown = &report["Units"]["a.service"]["Unknown"];
        assert_eq!(
            (&unknown[0]["Host"], &unknown[0]["Reason"]),
            (&json!("a1"), &expected)
        );
        let on_node = json_of(&master.get_locally(&path(&format!("/units/a.service/nodes/{}", two.address))));
        assert_eq!(
            (&on_node["health"], &on_node["last_health"]),
            (&json!(3), &json!(0))
        );
        assert!(on_node["output"].as_str().unwrap().starts_with(reason));
        report["Nodes"][two.address.to_string()].clone()
    };
    let well = |_: ()| {
        two.answer(&document("a1", "agent", &[unit("a", 0)]));
        wait_for(&master, &format!("/nodes/{}", two.address), |node| {
            is(node, "/health", &json!(0))
        });
    };
    well(());
    let node = silent(Says::Nothing, "no answer within 2 s");
    assert_eq!((&node["Health"], &node["Reached"]), (&json!(3), &json!(false)));
    well(());
    silent(Says::Answer(500, String::new()), "it answered 500");
    silent(
        Says::Answer(200, "<html>".to_owned()),
        "its answer is not understood: expected value at line 1 column 1",
    );
    let stuck = r#"{"units":[],"problem":"systemd does not answer","health":3}"#;
    let node = silent(Says::Answer(503, stuck.to_owned()), "systemd does not answer");
    assert_eq!((&node["Health"], &node["Reached"]), (&json!(3), &json!(true)));
    well(());
}

#[test]
fn a_node_that_says_too_much_or_too_little_costs_itself_alone() {
    let [one, two] = pair();
    let endless: Vec<_> = (0..8).map(|_| Scripted::saying(Says::Everything)).collect();
    let all: Vec<_> = endless.iter().chain([&one, &two]).collect();
    two.say(Says::Little);
    let master = master(&members(&all), &[]);
    let reason = |node: &Scripted, expected: &str| {
        let expected = json!(expected);
        wait_for(&master, &format!("/nodes/{}", node.address), |node| {
            is(node, "/reason", &expected)
        });
    };
    for node in &endless {
        reason(node, "its answer is longer than 4194304 bytes");
    }
    reason(&two, "no answer within 2 s");
    assert_eq!(
        json_of(&master.get_locally(&path("/units/b.service")))["health"],
        1
    );
    // Eight answers of four megabytes each, and what the program itself needs.
    assert!(master.peak() < 96 << 10, "{} KiB", master.peak());
}

#[test]
fn clients_that_do_not_read_cost_little() {
    let [one, two] = pair();
    let many = |number| unit(&format!("unit-{number:04}"), u8::from(number % 50 == 0));
    one.answer(&document(
        "m1",
        "master",
        &(0..2000).map(many).collect::<Vec<_>>(),
    ));
    let master = master(&members(&[&one, &two]), &[]);
    wait_for(&master, "/nodes", |_| Some(()));
    let before = master.peak();
    let read = || {
        let report = master.get_locally(&path("/report")).body;
        assert!(report.len() > 800_000, "{}", report.len());
    };
    read();
    // None reads on.
    let silent: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = UnixStream::connect(master.socket()).unwrap();
            write!(
                stream,
                "GET {} HTTP/1.1\r\nhost: x\r\n\r\n",
                path("/report?cache=0")
            )
            .unwrap();
            sleep(Duration::from_millis(20));
            stream
        })
        .collect();
    for _ in 0..10 {
        read();
        sleep(Duration::from_millis(300));
    }
    let more = master.peak() - before;
    // A hundred reports would be 86 MB.
    assert!(more < 48 << 10, "{more} KiB");
    drop(silent);
}

#[test]
fn clients_that_say_nothing_fill_their_own_place_alone() {
    let [one, two] = pair();
    let master = master(&members(&[&one, &two]), &[]);
    wait_for(&master, "/nodes", |_| Some(()));
    // More than there may be at a port.
    let silent: Vec<_> = (0..300)
        .map(|_| TcpStream::connect(master.address()).unwrap())
        .collect();
    assert_eq!(master.get_locally(&path("/nodes")).status, 200);
    drop(silent);
    assert_eq!(master.get(&path("/nodes")).status, 200);
}

#[test]
fn a_list_that_hangs_holds_up_neither_the_answers_nor_the_stop() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("nodes");
    let made = std::process::Command::new("mkfifo").arg(&list).status().unwrap();
    assert!(made.success());
    // Whoever opens it to read waits for somebody who writes.
    let master = master(&format!("file:{}", list.display()), &[]);
    wait("the reason", || {
        let answer = master.get_locally(&path("/report"));
        assert_eq!(answer.status, 503);
        answer.body.contains("no answer within 2 s").then_some(())
    });
    assert!(master.stop().success());
}

#[test]
fn a_refresh_asks_all_nodes_first_and_waits_for_none_for_ever() {
    let [one, two] = pair();
    let slow = [
        ("PULL_INTERVAL", "1h"),
        ("PULL_TIMEOUT", "30s"),
        ("REFRESH_TIMEOUT", "3s"),
    ];
    let master = master(&members(&[&one, &two]), &slow);
    wait_for(&master, "/nodes", |_| Some(()));
    one.answer(&document("m1", "master", &[unit("a", 1)]));
    assert_eq!(
        json_of(&master.get_locally(&path("/units/a.service")))["health"],
        0
    );
    // What was learnt within the last second is as good as new.
    sleep(Duration::from_millis(1100));
    assert_eq!(
        json_of(&master.get_locally(&path("/units/a.service?cache=0")))["health"],
        1
    );

    // One that keeps its answer to itself does not keep the others', nor the puller.
    two.say(Says::Nothing);
    for health in [0, 1, 0] {
        one.answer(&document("m1", "master", &[unit("a", health)]));
        sleep(Duration::from_millis(1100));
        let answer = master.get_locally(&path("/units/a.service?cache=1&x"));
        assert_eq!(json_of(&answer)["health"], health);
    }
    // However many ask, a node is asked once a second at most.
    let before = one.asked().len();
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..30 {
            scope.spawn(|| json_of(&master.get_locally(&path("/nodes?cache=0"))));
        }
    });
    let times = one.asked().len() - before;
    assert!(
        times as u64 <= begin.elapsed().as_secs() + 2,
        "asked {times} times in {:?}",
        begin.elapsed()
    );
}

#[test]
fn without_members_or_their_list_there_is_no_report() {
    let nobody = master("", &[]);
    let answer = nobody.get_locally(&path("/report"));
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("`members`"), "{}", answer.body);

    let [one, two] = pair();
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("nodes");
    let master = master(&format!("{},file:{}", one.address, list.display()), &[]);
    let begin = Instant::now();
    let reason = loop {
        let answer = master.get_locally(&path("/report"));
        assert_eq!(answer.status, 503, "{answer:?}");
        if answer.body.contains("No such file") {
            break answer;
        }
        assert!(begin.elapsed() < PATIENCE, "{answer:?}");
    };
    assert!(reason.head.contains("retry-after: "), "{}", reason.head);

    let count = |expected: usize| {
        wait_for(&master, "/nodes", |nodes| {
            (nodes["nodes"].as_array()?.len() == expected).then_some(())
        });
    };
    fs::write(&list, format!("agent={} # the second\n", two.address)).unwrap();
    count(2);
    assert_eq!(
        json_of(&master.get_locally(&path(&format!("/nodes/{}", two.address))))["role"],
        "agent"
    );
    // The list goes: nobody vanishes. It is written anew: what is not in it has gone.
    for broken in [None, Some("not a member!\n"), Some("")] {
        match broken {
            None => fs::remove_file(&list).unwrap(),
            Some(text) => fs::write(&list, text).unwrap(),
        }
        wait_for(&master, "/nodes", |_| {
            let metrics = master.get_locally("/metrics").body;
            metrics
                .contains("heliograph_diagnostics_lists_readable 0")
                .then_some(())
        });
        count(2);
        fs::write(&list, format!("agent={} # again\n", two.address)).unwrap();
        wait_for(&master, "/nodes", |_| {
            let metrics = master.get_locally("/metrics").body;
            metrics
                .contains("heliograph_diagnostics_lists_readable 1")
                .then_some(())
        });
        count(2);
    }
    fs::write(&list, one.address.to_string()).unwrap();
    count(1);
}

#[test]
fn one_node_alone_is_a_cluster_of_one() {
    let alone = Daemon::start(&[
        ("BUS", "unix:path=/nonexistent/bus"),
        ("LOG", "error"),
        ("IP", "10.1.2.3"),
    ]);
    let report = wait_for(&alone, "/report", |report| Some(report.clone()));
    let node = &report["Nodes"]["10.1.2.3"];
    // There is no systemd for it: it answers, and does not know.
    assert_eq!(
        (&node["Health"], &node["Reached"], &node["Role"]),
        (&json!(3), &json!(true), &json!("agent")),
        "{report:#}"
    );
}

#[test]
fn dcos_own_lists_name_masters_and_agents() {
    let [one, two] = pair();
    let status = json!([{"code": 3, "description": "serving", "hostname": "127.0.0.1", "isLeader": true}]);
    let slaves = |addresses: &[&str]| {
        let slaves: Vec<_> = addresses
            .iter()
            .map(|address| json!({"hostname": address, "attributes": {"public_ip": "true"}}))
            .collect();
        json!({ "slaves": slaves })
    };
    let exhibitor = Scripted::node(&status);
    let mesos = Scripted::saying(Says::Nothing);
    let urls = [
        format!("http://{}/status", exhibitor.address),
        format!("http://{}/slaves", mesos.address),
    ];
    let ports = [one.address.port().to_string(), two.address.port().to_string()];
    let more = [
        ("EXHIBITOR_URL", urls[0].as_str()),
        ("MESOS_URL", urls[1].as_str()),
        ("MASTER_PORT", ports[0].as_str()),
        ("AGENT_PORT", ports[1].as_str()),
    ];
    let master = master("dcos", &more);
    // Mesos does not answer: who the agents are is not known, so there is no report of masters alone.
    let begin = Instant::now();
    while !master
        .get_locally(&path("/nodes"))
        .body
        .contains("Mesos: no answer within 2 s")
    {
        assert!(begin.elapsed() < PATIENCE);
    }
    assert_eq!(master.get_locally(&path("/report")).status, 503);

    mesos.answer(&slaves(&["127.0.0.1"]));
    let nodes = wait_for(&master, "/nodes", |nodes| Some(nodes.clone()));
    let roles: Vec<_> = nodes["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["role"].clone())
        .collect();
    assert_eq!(roles.len(), 2, "{nodes:#}");
    assert!(
        roles.contains(&json!("master")) && roles.contains(&json!("agent_public")),
        "{nodes:#}"
    );
    let report = json_of(&master.get_locally(&path("/report")));
    let leaders = report["Nodes"]
        .as_object()
        .unwrap()
        .values()
        .filter(|node| node["Leader"] == true);
    assert_eq!(leaders.count(), 1);

    // A Mesos that falls silent, or has just begun to lead and knows no agent yet, costs nobody.
    let asked = mesos.asked().len();
    for says in [
        Says::Nothing,
        Says::Answer(500, String::new()),
        Says::Answer(200, slaves(&[]).to_string()),
    ] {
        mesos.say(says);
        let before = mesos.asked().len();
        while mesos.asked().len() < before + 2 {
            sleep(Duration::from_millis(20));
        }
        let nodes = json_of(&master.get_locally(&path("/nodes")));
        assert_eq!(nodes["nodes"].as_array().unwrap().len(), 2, "{nodes:#}");
    }
    assert!(mesos.asked().len() > asked);
    let nodes = wait_for(&master, "/nodes", |nodes| {
        nodes
            .to_string()
            .contains("\"listed\":false")
            .then(|| nodes.clone())
    });
    let gone = nodes["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|node| node["listed"] == false)
        .unwrap();
    assert_eq!(
        (&gone["role"], &gone["health"]),
        (&json!("agent_public"), &json!(0))
    );
    assert!(mesos.asked()[0].starts_with("GET /slaves HTTP/1.1\r\n"));
}
