//! What a browser tells arrives, once, and without what is not to leave.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::host::{BROWSER, CLUSTER_ID, Host, batch, view};

const SECRETS: [&str; 8] = [
    "jane",
    "example.com",
    "Secret title",
    "secret-query",
    "192.0.2.77",
    "SecretBrowser",
    "secret-referrer",
    "a-key-of-the-browser",
];

#[test]
fn a_page_view_arrives_field_by_field_and_nothing_else_of_it_is_anywhere() {
    let host = Host::new("enabled = true", &[]);
    let login = json!({"type": "identify", "messageId": "login", "anonymousId": BROWSER, "userId": "jane@example.com",
        "traits": {"email": "jane@example.com"}});
    let answer = host.post(&batch(&[view(1), login]));
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, r#"{"success":true}"#)
    );
    let spooled = host.files();
    assert!(
        spooled
            .keys()
            .any(|path| path.extension().is_some_and(|ending| ending == "ui"))
    );

    let messages = host.deliver();
    assert_eq!(messages.len(), 2, "{messages:?}");
    let [page, login] = &messages[..] else { panic!() };
    let user = page["userId"].as_str().unwrap();
    assert!(user.starts_with("u-") && user.len() == 34, "{user}");
    let common = json!({"clusterId": CLUSTER_ID, "customerKey": "the-customer", "environmentVersion": "1.10", "provider": "aws",
        "source": "cluster", "variant": "open"});
    let reporter = page["context"]["reporter"].clone();
    assert_eq!(reporter.as_str().unwrap().len(), 32);
    let mut expected = json!({
        "type": "page", "messageId": "00000000000000000000000000000001", "anonymousId": BROWSER, "userId": user,
        "name": "/nodes/:id", "properties": common, "timestamp": page["timestamp"],
        "context": {"library": {"name": "heliograph-relay", "version": env!("CARGO_PKG_VERSION")}, "reporter": reporter},
    });
    assert_eq!(*page, expected);
    let fields = expected.as_object_mut().unwrap();
    fields.insert("type".to_owned(), "identify".into());
    fields.insert("messageId".to_owned(), login["messageId"].clone());
    fields.insert("timestamp".to_owned(), login["timestamp"].clone());
    fields.remove("name");
    let common = fields.remove("properties").unwrap();
    fields.insert("traits".to_owned(), common);
    assert_eq!(*login, expected);

    // Neither in what waited, nor in the ledger, nor in the log, nor in what left.
    let mut all: Vec<Vec<u8>> = spooled.into_values().chain(host.files().into_values()).collect();
    all.push(host.log().into_bytes());
    all.push(format!("{messages:?}").into_bytes());
    for bytes in all {
        let text = String::from_utf8_lossy(&bytes);
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    let key = std::fs::metadata(host.path("state/ui-key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

#[test]
fn after_a_200_nothing_is_lost_and_nothing_counted_twice() {
    let mut host = Host::new("enabled = true", &[("CLIENT_BURST", "1000")]);
    for n in 0..20 {
        assert_eq!(host.post(&batch(&[view(n)])).status, 200);
        // The answer was lost, and the browser tries again.
        assert_eq!(host.post(&batch(&[view(n)])).status, 200);
        if n % 5 == 4 {
            host.kill();
            host.start();
        }
    }
    assert_eq!(host.post(&batch(&[view(3), view(20)])).status, 200);
    let messages = host.deliver();
    let ids: BTreeSet<String> = messages
        .iter()
        .map(|message| message["messageId"].to_string())
        .collect();
    assert_eq!(ids.len(), 21);
    // What came again after the restart has its id: who counts by ids counts it once.
    assert_eq!(messages.len(), 22);
    let users: BTreeSet<String> = messages
        .iter()
        .map(|message| message["userId"].to_string())
        .collect();
    assert_eq!(users.len(), 1, "the key outlives the process");
}

#[test]
fn all_calls_of_the_protocol_are_taken_and_only_what_is_planned_is_kept() {
    let host = Host::new("enabled = true", &[("ERRORS", "true")]);
    let call = |path: &str, body: &str| {
        let answer = host.ask(
            "POST",
            &format!("/telemetry/v1/{path}"),
            &["authorization: Basic eDo="],
            body.as_bytes(),
        );
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    };
    call("p", &view(1).to_string());
    call("page", &view(2).to_string());
    call("i", r#"{"userId":"u","messageId":"i"}"#);
    call(
        "t",
        r#"{"event":"ui_error","anonymousId":"a","properties":{"route":"/x","kind":"TypeError"}}"#,
    );
    call("track", r#"{"event":"health","anonymousId":"a","properties":{}}"#);
    call("b", &batch(&[view(3)]).to_string());
    for path in ["s", "g", "a", "screen", "group", "alias"] {
        call(
            path,
            r#"{"userId":"u","groupId":"g","previousId":"p","name":"/"}"#,
        );
    }
    let said = |message: &serde_json::Value| {
        message["event"]
            .as_str()
            .or(message["type"].as_str())
            .unwrap()
            .to_owned()
    };
    let mut kinds: Vec<String> = host.deliver().iter().map(said).collect();
    kinds.sort();
    assert_eq!(kinds, ["identify", "page", "page", "page", "ui_error"]);
}

#[test]
fn a_full_disk_is_said_and_nothing_is_acknowledged() {
    let host = Host::new(
        "enabled = true\nspool_max_bytes = 524288",
        &[("CLIENT_BURST", "1000"), ("BURST", "1000")],
    );
    // Reports that wait take all the room.
    let spool = host.path("state/spool");
    std::fs::create_dir_all(&spool).unwrap();
    std::fs::write(spool.join("2026-11-22T11Z.report"), vec![b'x'; 524_288]).unwrap();
    let answer = host.post(&batch(&[view(1)]));
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.head.contains("retry-after: 30"));
    std::fs::remove_file(spool.join("2026-11-22T11Z.report")).unwrap();
    assert_eq!(host.post(&batch(&[view(1)])).status, 200);
    assert_eq!(host.deliver().len(), 1);
    let told = host.log().matches("can't be kept").count();
    assert_eq!(told, 1, "{}", host.log());
}
