//! What browsers ask before they send, and whether pages may read the answers.

use serde_json::json;

use crate::client::{Answer, Client, basic};
use crate::collector::{TestCollector, messages};
use crate::in_process::InProcess;

const PATHS: [&str; 15] = [
    "track", "identify", "page", "screen", "group", "alias", "t", "i", "p", "s", "g", "a", "batch", "b",
    "import",
];

fn is_open(answer: &Answer) -> bool {
    answer.header("access-control-allow-origin") == Some("*")
        && answer.header("access-control-expose-headers") == Some("Retry-After")
        && answer.header("vary").is_none()
}

#[test]
fn every_path_says_what_may_be_sent() {
    let collector = TestCollector::start();
    let mut client = collector.client();
    for name in PATHS {
        let asked = [
            ("Origin", "https://app.example"),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "authorization"),
        ];
        let answer = client
            .send("OPTIONS", &format!("/v1/{name}"), &asked, b"")
            .unwrap();
        assert_eq!(answer.status, 204, "{name}");
        assert!(is_open(&answer));
        assert_eq!(
            answer.header("access-control-allow-methods"),
            Some("GET, POST, OPTIONS")
        );
        assert_eq!(
            answer.header("access-control-allow-headers"),
            Some("authorization, content-type, content-encoding, x-retry-count, heliograph-receipt")
        );
        assert_eq!(answer.header("access-control-max-age"), Some("86400"));
        assert!(answer.header("access-control-allow-private-network").is_none());
        assert!(answer.header("access-control-allow-credentials").is_none());
    }
    let private = [
        ("Origin", "https://app.example"),
        ("Access-Control-Request-Private-Network", "true"),
    ];
    let answer = client.send("OPTIONS", "/v1/t", &private, b"").unwrap();
    assert_eq!(
        answer.header("access-control-allow-private-network"),
        Some("true")
    );
}

#[test]
fn pages_may_read_every_answer() {
    let collector = TestCollector::with(&[("request_memory", "8 MiB"), ("body_timeout", "300ms")]);
    let key = collector.key("server");
    let good = basic(&key);
    let bad = basic("nonesuch");
    let mut client = collector.client();
    // A single call, and a batch of nothing.
    let event = json!({"userId": "u", "event": "e", "batch": []}).to_string();
    let large = vec![b' '; 600_000];
    for name in PATHS {
        let path = format!("/v1/{name}");
        for (method, authorization, body, status) in [
            ("POST", Some(&bad), event.as_bytes(), 401),
            ("POST", None, event.as_bytes(), 401),
            ("POST", Some(&good), b"nonsense", 400),
            ("POST", Some(&good), &large, 400),
            ("GET", None, b"", 405),
            ("PUT", Some(&good), event.as_bytes(), 405),
        ] {
            let mut headers = vec![("Origin", "https://app.example")];
            headers.extend(authorization.map(|value| ("Authorization", value.as_str())));
            let answer = client.send(method, &path, &headers, body).unwrap();
            assert_eq!(answer.status, status, "{method} {path}");
            assert!(is_open(&answer), "{method} {path} {answer:?}");
            if status == 405 {
                assert_eq!(answer.header("allow"), Some("POST,OPTIONS"));
                assert_eq!(answer.error(), (405, "method_not_allowed".to_owned()));
            }
        }
    }
    let answer = client
        .send("POST", "/v1/t", &[("Authorization", &good)], event.as_bytes())
        .unwrap();
    assert_eq!(answer.counts(), (1, 0, 0));
    assert!(is_open(&answer));
    // 408
    let head =
        format!("POST /v1/t HTTP/1.1\r\nHost: x\r\nAuthorization: {good}\r\nContent-Length: 9\r\n\r\n");
    client.raw(head.as_bytes()).unwrap();
    let answer = client.answer().unwrap();
    assert_eq!(answer.status, 408);
    assert!(is_open(&answer));
}

#[test]
fn a_503_can_be_read_and_so_can_when_to_come_back() {
    let collector = TestCollector::with(&[("request_memory", "8 MiB")]);
    let key = basic(&collector.key("server"));
    let mut held = Vec::new();
    for _ in 0..40 {
        let mut client = collector.client();
        let head = format!(
            "POST /v1/b HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\nContent-Length: 500000\r\n\r\n"
        );
        client
            .raw(&[head.as_bytes(), &vec![b' '; 499_999]].concat())
            .unwrap();
        held.push(client);
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    let mut refused = 0;
    for client in &mut held {
        // Those that hold memory fail on this.
        let _ = client.raw(b"x");
        let answer = client.answer().unwrap();
        assert!(is_open(&answer), "{answer:?}");
        refused += u32::from(answer.status == 503 && answer.header("retry-after").is_some());
    }
    assert!(refused > 0);
}

#[test]
fn a_429_can_be_read_and_a_full_day_shows_images() {
    let collector = InProcess::start("2026-11-22T12:00:00Z", |config| config.quota.messages = Some(1));
    let authorization = basic(&collector.key("ui"));
    let mut client = Client::to(collector.address()).unwrap();
    let headers = [("Authorization", authorization.as_str())];
    let body = json!({"userId": "u", "event": "e", "batch": []}).to_string();
    for (path, status) in [("/v1/t", 200), ("/v1/t", 429), ("/v1/batch", 429)] {
        let answer = client.send("POST", path, &headers, body.as_bytes()).unwrap();
        assert_eq!(answer.status, status, "{path}");
        assert!(is_open(&answer));
        assert_eq!(answer.header("retry-after").is_some(), status == 429);
    }
    let answer = client
        .send("GET", "/v1/pixel/track?userId=u&event=e", &headers, b"")
        .unwrap();
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("image/gif"))
    );
    assert_eq!(messages(&collector.data, &[]).len(), 1);
}

#[test]
fn a_list_of_origins_lets_only_these_read() {
    let listed = "https://app.example, http://localhost:3000";
    let collector = TestCollector::with(&[("cors_origins", listed)]);
    let authorization = basic(&collector.key("ui"));
    let mut client = collector.client();
    let event = json!({"userId": "u", "event": "e"}).to_string();
    for (origin, granted) in [
        (Some("https://app.example"), true),
        (Some("http://localhost:3000"), true),
        (Some("https://app.example.evil.example"), false),
        (Some("http://app.example"), false),
        (Some("https://app.example:8443"), false),
        (Some("null"), false),
        (None, false),
    ] {
        let mut headers: Vec<_> = origin.map(|origin| ("Origin", origin)).into_iter().collect();
        let preflight = client.send("OPTIONS", "/v1/t", &headers, b"").unwrap();
        headers.push(("Authorization", &authorization));
        let answer = client.send("POST", "/v1/t", &headers, event.as_bytes()).unwrap();
        assert_eq!((preflight.status, answer.status), (204, 200));
        for answer in [&preflight, &answer] {
            let allowed = answer.header("access-control-allow-origin");
            assert_eq!(allowed, origin.filter(|_| granted), "{origin:?}");
            assert_eq!(answer.header("vary"), Some("Origin"));
        }
        assert_eq!(
            preflight.header("access-control-allow-headers").is_some(),
            granted
        );
    }
}

#[test]
fn our_own_paths_are_not_for_pages() {
    let collector = TestCollector::start();
    let mut client = collector.client();
    for (method, path, status) in [
        ("GET", "/healthz", 200),
        ("HEAD", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("OPTIONS", "/readyz", 405),
        ("POST", "/healthz", 405),
        ("OPTIONS", "/v1/forget", 405),
        ("GET", "/v1/forget", 405),
        ("POST", "/v1/forget", 401),
        ("GET", "/v1/nothing", 404),
        ("OPTIONS", "/v1/nothing", 404),
    ] {
        let headers = [("Origin", "https://app.example")];
        client
            .raw(format!("{method} {path} HTTP/1.1\r\nHost: x\r\n").as_bytes())
            .unwrap();
        for (name, value) in headers {
            client.raw(format!("{name}: {value}\r\n").as_bytes()).unwrap();
        }
        client.raw(b"Content-Length: 0\r\n\r\n").unwrap();
        let answer = if method == "HEAD" {
            client.head()
        } else {
            client.answer()
        }
        .unwrap();
        assert_eq!(answer.status, status, "{method} {path}");
        let open = answer
            .headers
            .iter()
            .any(|(name, _)| name.starts_with("access-control"));
        assert!(!open, "{method} {path}");
        if status >= 400 {
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            let problem = answer.json();
            assert_eq!(problem["status"], status);
            assert!(problem["title"].is_string() && problem["type"] == "about:blank");
            assert_eq!(problem["detail"], problem["message"]);
            assert!(problem["code"].is_string());
        }
        if status == 405 {
            let allow = answer.header("allow").unwrap();
            assert_eq!(allow, if path == "/v1/forget" { "POST" } else { "GET,HEAD" });
        }
    }
}
