//! What analytics-next asks for first.

use serde_json::json;

use crate::client::Client;
use crate::collector::TestCollector;

/// A GET with exactly these headers.
fn get(client: &mut Client, path: &str, headers: &[&str]) -> crate::client::Answer {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    client
        .raw(format!("GET {path} HTTP/1.1\r\n{headers}\r\n").as_bytes())
        .unwrap();
    client.answer().unwrap()
}

#[test]
fn settings_say_where_events_go() {
    let collector = TestCollector::start();
    let mut client = collector.client();
    for kind in ["ui", "server"] {
        let key = collector.key(kind);
        for path in [
            format!("/v1/projects/{key}/settings"),
            format!("/projects/{key}/settings"),
        ] {
            let answer = get(
                &mut client,
                &path,
                &["Host: telemetry.example:8080", "Origin: https://app.example"],
            );
            assert_eq!(answer.status, 200);
            assert_eq!(
                answer.json(),
                json!({
                    "integrations": {"Segment.io": {
                        "apiKey": key, "apiHost": "telemetry.example:8080/v1", "protocol": "http", "addBundledMetadata": false,
                    }},
                    "metrics": {"sampleRate": 0}, "enabledMiddleware": {}, "remotePlugins": [],
                })
            );
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
            assert_eq!(answer.header("vary"), Some("x-forwarded-proto"));
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        }
    }
    let path = format!("/v1/projects/{}/settings", collector.key("ui"));
    for (proto, protocol) in [
        ("https", "https"),
        ("http", "http"),
        ("javascript", "http"),
        ("https, http", "http"),
    ] {
        let answer = get(
            &mut client,
            &path,
            &["Host: h", &format!("X-Forwarded-Proto: {proto}")],
        );
        assert_eq!(answer.json()["integrations"]["Segment.io"]["protocol"], protocol);
    }
}

#[test]
fn a_hostile_host_is_not_repeated() {
    let collector = TestCollector::start();
    let key = collector.key("ui");
    let mut client = collector.client();
    let path = format!("/v1/projects/{key}/settings");
    for host in [
        "",
        "a/../../b",
        "evil.example/x?",
        "u:p@evil.example",
        "a\",\"protocol\":\"javascript",
        "a<script>",
        "a b",
        "a#",
        "\\evil",
        &"a".repeat(400),
    ] {
        let answer = get(&mut client, &path, &[&format!("Host: {host}")]);
        assert_eq!(answer.error(), (400, "invalid_host".to_owned()), "{host}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert!(answer.header("cache-control").is_none());
        assert!(host.is_empty() || !String::from_utf8_lossy(&answer.body).contains(host));
        let script = get(
            &mut client,
            "/analytics.js/v1/k/analytics.min.js",
            &[&format!("Host: {host}")],
        );
        assert!(host.is_empty() || !String::from_utf8_lossy(&script.body).contains(host));
    }
    let configured = TestCollector::with(&[("public_url", "https://telemetry.example/t/")]);
    let path = format!("/v1/projects/{}/settings", configured.key("ui"));
    let answer = get(
        &mut configured.client(),
        &path,
        &["Host: evil.example", "X-Forwarded-Proto: http"],
    );
    let told = &answer.json()["integrations"]["Segment.io"];
    assert_eq!(
        (&told["apiHost"], &told["protocol"]),
        (&json!("telemetry.example/t/v1"), &json!("https"))
    );
    assert!(answer.header("vary").is_none());
}

#[test]
fn only_keys_for_browsers_have_settings() {
    let collector = TestCollector::start();
    let mut client = collector.client();
    let (cluster, peer) = (collector.key("cluster"), collector.key("peer"));
    for key in [
        &cluster,
        &peer,
        "nonesuch",
        "%20",
        "%ff",
        "..%2f",
        &"k".repeat(5000),
    ] {
        let answer = get(&mut client, &format!("/v1/projects/{key}/settings"), &["Host: h"]);
        assert_eq!(answer.error(), (404, "invalid_write_key".to_owned()), "{key:.20}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    let revoked = collector.key("ui");
    let path = format!("/v1/projects/{revoked}/settings");
    assert_eq!(get(&mut client, &path, &["Host: h"]).status, 200);
    crate::collector::run(collector.data(), &["key", "revoke", &revoked[..8]]);
    std::thread::sleep(std::time::Duration::from_millis(900));
    assert_eq!(get(&mut client, &path, &["Host: h"]).status, 404);
    let answer = client.send("POST", &path, &[], b"{}").unwrap();
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, Some("GET,HEAD,OPTIONS"))
    );
    assert_eq!(client.send("OPTIONS", &path, &[], b"").unwrap().status, 204);
}

#[test]
fn the_snippet_s_script_is_not_ours_to_serve() {
    let collector = TestCollector::start();
    let mut client = collector.client();
    let answer = get(
        &mut client,
        "/analytics.js/v1/anything/analytics.min.js",
        &["Host: telemetry.example"],
    );
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (404, Some("text/plain; charset=utf-8"))
    );
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let text = String::from_utf8(answer.body).unwrap();
    for told in [
        "@segment/analytics-next",
        "standalone.js",
        "AnalyticsBrowser.load",
        "http://telemetry.example\"",
    ] {
        assert!(text.contains(told), "{text}");
    }
    assert!(!text.contains("anything"));
}

#[test]
fn what_analytics_next_counts_of_itself_is_dropped() {
    let collector = TestCollector::start();
    let mut client = collector.client();
    let series =
        json!({"series": [{"type": "Counter", "metric": "analytics_js.invoke", "value": 1, "tags": {}}]})
            .to_string();
    for body in [series.as_bytes(), b"", b"nonsense", &vec![b'['; 10_000_000]] {
        let answer = client
            .send("POST", "/v1/m", &[("Content-Type", "text/plain")], body)
            .unwrap();
        assert_eq!((answer.status, answer.json()), (200, json!({"success": true})));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    assert_eq!(client.send("OPTIONS", "/v1/m", &[], b"").unwrap().status, 204);
    assert_eq!(client.send("GET", "/v1/m", &[], b"").unwrap().status, 405);
    assert!(collector.messages().is_empty());
}
