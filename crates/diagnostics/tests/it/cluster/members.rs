//! Who is a member.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{json_of, master, pair, path, wait_for};
use crate::daemon::Daemon;
use crate::sandbox::PATIENCE;
use crate::scripted::{Says, Scripted};

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
