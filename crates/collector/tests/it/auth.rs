//! Where a write key may stand, and what each kind may send.

use serde_json::json;

use crate::client::basic;
use crate::collector::{TestCollector, run};

fn one() -> serde_json::Value {
    json!({"batch": [{"type": "track", "event": "e", "anonymousId": "a"}]})
}

#[test]
fn a_key_may_stand_in_header_body_or_query() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    let mut client = collector.client();
    let body = one().to_string();
    let mut with_key = one();
    with_key["writeKey"] = json!(key);
    let with_key = with_key.to_string();
    let unpadded = basic(&key);
    let no_colon = {
        use base64::Engine as _;
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(&key))
    };
    let query = format!("/v1/batch?writeKey={key}");
    let bad = basic("nonesuch");
    for (path, authorization, body, status) in [
        ("/v1/batch", Some(basic(&key).as_str()), &body, 200),
        ("/v1/batch", Some(unpadded.trim_end_matches('=')), &body, 200),
        ("/v1/batch", Some(no_colon.as_str()), &body, 200),
        ("/v1/batch", None, &with_key, 200),
        (query.as_str(), None, &body, 200),
        // OAuth's token is not ours to check; the key is in the body.
        ("/v1/batch", Some("Bearer abc"), &with_key, 200),
        // The header counts before the body, the body before the query.
        (query.as_str(), Some(bad.as_str()), &with_key, 401),
        ("/v1/batch?writeKey=nonesuch", None, &with_key, 200),
        ("/v1/batch", None, &body, 401),
        ("/v1/batch", Some("Bearer abc"), &body, 401),
        ("/v1/batch?writeKey=", None, &body, 401),
    ] {
        let headers: Vec<_> = authorization
            .map(|value| ("Authorization", value))
            .into_iter()
            .collect();
        let answer = client.send("POST", path, &headers, body.as_bytes()).unwrap();
        assert_eq!(answer.status, status, "{path} {authorization:?}");
        if status == 401 {
            assert_eq!(answer.error(), (401, "invalid_write_key".to_owned()));
        } else {
            assert_eq!(answer.counts(), (1, 0, 0));
        }
    }
    let stored: String = collector.messages().iter().map(ToString::to_string).collect();
    assert!(!stored.contains(&key) && !collector.log().contains(&key));
    let database = std::fs::read(collector.data().join("collector.db-wal")).unwrap();
    assert!(memchr::memmem::find(&database, key.as_bytes()).is_none());
}

#[test]
fn keys_come_and_go_beside_a_running_server() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    assert_eq!(collector.batch(&key, &one()).status, 200);
    let revoked = run(collector.data(), &["key", "revoke", &key[..8]]);
    assert!(revoked.status.success());
    std::thread::sleep(std::time::Duration::from_millis(900));
    assert_eq!(collector.batch(&key, &one()).status, 401);

    let list = String::from_utf8(run(collector.data(), &["key", "list"]).stdout).unwrap();
    assert!(
        list.contains(&key[..8]) && !list.contains(&key) && !list.contains(" -  "),
        "{list}"
    );
    let again = run(collector.data(), &["key", "revoke", "1"]);
    assert!(String::from_utf8_lossy(&again.stdout).contains("revoked before"));
    assert!(
        !run(collector.data(), &["key", "revoke", "nonesuch"])
            .status
            .success()
    );
}

#[test]
fn only_clusters_and_peers_speak_for_clusters() {
    let collector = TestCollector::start();
    let batch = json!({"batch": [
        {"type": "track", "event": "health", "anonymousId": "c", "messageId": "1"},
        {"type": "track", "event": "mesos_track", "anonymousId": "c", "messageId": "c:mesos_track:2026-11-22T11Z"},
        {"type": "track", "event": "new", "anonymousId": "c", "messageId": "c:new:2026-11-22T11Z"},
        {"type": "page", "name": "health", "anonymousId": "u", "messageId": "2"},
        {"type": "track", "event": "dcos_login", "anonymousId": "u", "messageId": "3"},
    ]});
    for (kind, counts) in [
        ("ui", (2, 0, 3)),
        ("server", (2, 0, 3)),
        ("cluster", (5, 0, 0)),
        // The two slots are taken.
        ("peer", (3, 2, 0)),
    ] {
        let key = collector.key(kind);
        assert_eq!(collector.batch(&key, &batch).counts(), counts, "{kind}");
    }
}

#[test]
fn a_key_that_can_t_be_looked_up_is_not_unknown() {
    let collector = TestCollector::start();
    let known = collector.key("cluster");
    assert_eq!(collector.batch(&known, &one()).status, 200);
    // Without it nobody can tell whether the keys have changed.
    let connection = rusqlite::Connection::open(collector.data().join("collector.db")).unwrap();
    connection
        .execute("ALTER TABLE gauge RENAME TO gone", ())
        .unwrap();
    let stated = basic(&"0".repeat(known.len()));
    let headers = [("Authorization", &*stated)];
    let settings = format!("/v1/projects/{}/settings", "0".repeat(known.len()));
    for (method, path) in [("POST", "/v1/batch"), ("POST", "/v1/forget"), ("GET", &*settings)] {
        let answer = collector
            .client()
            .send(method, path, &headers, one().to_string().as_bytes())
            .unwrap();
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (503, Some("5")),
            "{path}"
        );
    }
    connection
        .execute("ALTER TABLE gone RENAME TO gauge", ())
        .unwrap();
    assert_eq!(
        collector
            .client()
            .send("POST", "/v1/batch", &headers, b"{}")
            .unwrap()
            .status,
        401
    );
    assert_eq!(collector.batch(&known, &one()).status, 200);
}
