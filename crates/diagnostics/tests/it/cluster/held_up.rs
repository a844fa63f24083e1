//! Nodes, clients and lists that say nothing, or too much, hold up nobody else.

use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{is, json_of, master, members, pair, path, wait_for};
use crate::daemon::wait;
use crate::scripted::{Says, Scripted, document, unit};

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
