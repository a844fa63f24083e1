//! Who is not answered, and why.

use serde_json::json;

use super::{Asked, DAYS, problem, reports};
use crate::client::basic;

#[test]
fn a_token_says_who_may_ask_what() {
    let asked = Asked::start();
    let path = format!("/api/v1/active-installations?{DAYS}");
    let key = basic(&asked.collector.key("server"));
    for headers in [
        &[][..],
        &[("Authorization", key.as_str())],
        &[("Authorization", "Bearer hgt_unknown")],
    ] {
        for path in [
            path.as_str(),
            "/api/v1/",
            "/api/v1/nothing",
            "/api/v1/active-installations?x=1",
        ] {
            let refused = asked.collector.client().send("GET", path, headers, b"").unwrap();
            assert_eq!(problem(&refused), (401, "invalid_token".to_owned()));
            assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        }
    }
    // The fleet is one thing, a single cluster is another.
    let of_cluster = format!("{path}&cluster=c3");
    assert_eq!(
        problem(&asked.get(&of_cluster)),
        (403, "insufficient_scope".to_owned())
    );
    let answer = asked.by(&asked.support, &of_cluster, &[]);
    assert_eq!(answer.json()["installations"], 1);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(asked.by(&asked.support, &path, &[]).status, 200);

    let from_elsewhere = asked.with(&path, &[("Origin", "https://elsewhere.example")]);
    assert!(
        !from_elsewhere
            .headers
            .iter()
            .any(|(name, _)| name.starts_with("access-control"))
    );
    let asks_first =
        asked
            .collector
            .client()
            .send("OPTIONS", &path, &[("Origin", "https://elsewhere.example")], b"");
    assert_eq!(asks_first.unwrap().status, 405);
    assert_eq!(
        asked
            .collector
            .client()
            .send("POST", &path, &[], b"")
            .unwrap()
            .status,
        405
    );
}

#[test]
fn what_is_wrong_is_told() {
    let asked = Asked::start();
    for (query, parameter, expected) in [
        ("verson=1", "verson", "did you mean `version`?"),
        ("from=yesterday", "from", "a day, as 2026-11-22"),
        ("from=2025-03-02&to=2025-03-01", "from", "is after `to`"),
        ("from=1990-01-01&to=2025-01-01", "from", "more than the 4000"),
        ("from=-999999-01-01", "from", "a day"),
        ("per=hour", "per", "one of `day`"),
        ("by=", "by", "`none`"),
        ("limit=0", "limit", "a number from 1 to 10000"),
        ("limit=10001", "limit", "a number from 1 to 10000"),
        ("limit=5&limit=5", "limit", "more than once"),
        ("offset=-1", "offset", "a number of rows"),
        ("offset=99999999999999999999999", "offset", "a number of rows"),
        ("format=xml", "format", "json or csv or table"),
        ("%00=%ff", "\u{0}", "there is no filter"),
    ] {
        let answer = asked.get(&format!("/api/v1/active-installations?{query}"));
        assert_eq!(problem(&answer), (400, "invalid_parameter".to_owned()), "{query}");
        let json = answer.json();
        assert_eq!(json["parameter"], parameter, "{query}");
        assert!(json["detail"].as_str().unwrap().contains(expected), "{json}");
        assert!(json["allowed"].is_array());
    }
    let unknown = asked.get("/api/v1/activ-installation");
    assert_eq!(problem(&unknown), (404, "not_found".to_owned()));
    assert_eq!(unknown.json()["close"][0], "active-installations");
    assert_eq!(asked.get("/api/v1/%ff").status, 404);
    let neither = asked.with("/api/v1/active-installations", &[("Accept", "text/html")]);
    assert_eq!(problem(&neither), (406, "not_acceptable".to_owned()));
    // What is said in the URL is said on purpose.
    let said = asked.with(
        "/api/v1/active-installations?format=csv",
        &[("Accept", "text/html")],
    );
    assert_eq!(said.status, 200);
    assert_eq!(
        asked
            .get(&format!(
                "/api/v1/active-installations?{DAYS}&offset=18446744073709551615"
            ))
            .json()["rows"],
        json!([])
    );
}

#[test]
fn whoever_asks_a_lot_holds_up_nobody() {
    let asked = Asked::start();
    let bearer = format!("Bearer {}", asked.read);
    let path = "/api/v1/component-reliability?from=2015-01-01&to=2025-12-01&per=day";
    // More than may wait, all at once, and half of them go away again.
    let mut clients: Vec<_> = (0..60).map(|_| asked.collector.client()).collect();
    let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nAuthorization: {bearer}\r\n\r\n");
    for client in &mut clients {
        client.raw(request.as_bytes()).unwrap();
    }
    clients.truncate(30);
    let key = asked.collector.key("cluster");
    let mut report = reports().swap_remove(0);
    report["messageId"] = json!("c0:health:2025-03-09T00Z");
    report["timestamp"] = json!("2025-03-09T00:05:00Z");
    assert_eq!(
        asked.collector.batch(&key, &json!({"batch": [report]})).counts(),
        (1, 0, 0)
    );
    let mut answered = 0;
    for client in &mut clients {
        let answer = client.answer().unwrap();
        if answer.status == 503 {
            assert_eq!(problem(&answer), (503, "busy".to_owned()));
            assert!(answer.header("retry-after").is_some());
        } else {
            assert_eq!(answer.status, 200);
            answered += 1;
        }
    }
    assert!(answered > 0);
    assert_eq!(asked.get(path).status, 200);
}
