//! What each path answers.

use serde_json::json;

use super::{json_of, master, members, pair, path, wait_for};

const SUMMARY: &str = "application/vnd.heliograph.summary+json";

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
