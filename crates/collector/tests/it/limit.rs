//! Who asks too fast is told so, and nobody else is; and nobody is told where anybody is.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Answer, Client, basic};
use crate::collector::{TestCollector, run};

/// Slow enough that no test is faster.
const TWO_AT_ONCE: &str = "1/s burst 2";
const SLOW: (u16, &str) = (429, "rate_limited");

fn batch(id: u32) -> Value {
    json!({"batch": [{"type": "track", "event": "e", "anonymousId": "a", "messageId": format!("m{id}")}]})
}

fn post(client: &mut Client, key: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let authorization = basic(key);
    let headers = [headers, &[("Authorization", authorization.as_str())]].concat();
    let body = body.to_string();
    client
        .send("POST", "/v1/batch", &headers, body.as_bytes())
        .unwrap()
}

fn assert_slow(answer: &Answer) {
    let (status, code) = answer.error();
    assert_eq!((status, code.as_str()), SLOW);
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
}

#[test]
fn a_key_has_a_rate_and_the_others_do_not_feel_it() {
    let collector = TestCollector::with(&[("key_requests", "1/s burst 3")]);
    let (fast, other) = (collector.key("server"), collector.key("server"));
    let mut client = collector.client();
    let answers: Vec<_> = (0..20)
        .map(|id| post(&mut client, &fast, &[], &batch(id)))
        .collect();
    let (taken, slow): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert!(taken.len() >= 3 && !slow.is_empty(), "{}", taken.len());
    for answer in &slow {
        assert_slow(answer);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(
            answer.header("access-control-expose-headers"),
            Some("Retry-After")
        );
    }
    // The same wherever the key is stated.
    let in_body = json!({"writeKey": fast, "batch": []}).to_string();
    let answers: Vec<_> = (0..5)
        .map(|_| client.send("POST", "/v1/batch", &[], in_body.as_bytes()).unwrap())
        .collect();
    assert_slow(answers.iter().find(|answer| answer.status != 200).unwrap());
    assert_eq!(post(&mut client, &other, &[], &batch(100)).counts(), (1, 0, 0));
    let metrics = client.send("GET", "/metrics", &[], b"").unwrap();
    let metrics = String::from_utf8(metrics.body).unwrap();
    assert!(
        metrics.contains("rate_limited_total{by=\"client\"} 0"),
        "{metrics}"
    );
    assert!(!metrics.contains("rate_limited_total{by=\"key\"} 0"), "{metrics}");
    // Who waits as long as it is told is let in again.
    sleep(Duration::from_millis(1100));
    assert_eq!(post(&mut client, &fast, &[], &batch(101)).counts(), (1, 0, 0));
}

#[test]
fn a_key_s_bytes_have_a_rate() {
    let collector = TestCollector::with(&[("key_bytes", "1 KiB/s burst 10 KiB")]);
    let key = collector.key("server");
    let mut client = collector.client();
    let large = json!({"batch": [{"type": "track", "event": "e", "anonymousId": "a", "properties": {"x": "y".repeat(30_000)}}]});
    assert_eq!(post(&mut client, &key, &[], &large).counts(), (1, 0, 0));
    let answer = post(&mut client, &key, &[], &batch(1));
    assert_slow(&answer);
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!(
        (10..=20).contains(&seconds),
        "20 KiB too many, at 1 KiB/s: {seconds}"
    );
}

#[test]
fn a_client_has_a_rate_and_the_others_do_not_feel_it() {
    let collector = TestCollector::with(&[("client_requests", TWO_AT_ONCE)]);
    let key = collector.key("server");
    let from = |source| Client::from(source, collector.address()).unwrap();
    let (mut fast, mut other) = (from("127.0.0.2"), from("127.0.0.3"));
    let answers: Vec<_> = (0..20).map(|id| post(&mut fast, &key, &[], &batch(id))).collect();
    let slow: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
    assert!(slow.len() >= 10);
    for answer in slow {
        assert_slow(answer);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    // On another connection, and with another key, it is the same client.
    assert!((0..5).any(|_| post(&mut from("127.0.0.2"), "other", &[], &batch(1)).status == 429));
    // What nobody is believed to say does not help.
    let says = [("X-Forwarded-For", "192.0.2.7")];
    assert!((0..5).any(|_| post(&mut fast, &key, &says, &batch(1)).status == 429));
    assert_eq!(post(&mut other, &key, &[], &batch(100)).counts(), (1, 0, 0));
    // Our own paths say it in their own form, and an image is an image.
    let other_form = (0..5)
        .map(|_| fast.send("GET", "/healthz", &[], b"").unwrap())
        .find(|answer| answer.status == 429);
    let other_form = other_form.unwrap();
    assert_eq!(
        other_form.header("content-type"),
        Some("application/problem+json")
    );
    assert_slow(&other_form);
    for _ in 0..5 {
        let image = fast.send("GET", "/v1/pixel/track?data=e30", &[], b"").unwrap();
        assert_eq!(
            (image.status, image.header("content-type")),
            (200, Some("image/gif"))
        );
    }
}

#[test]
fn a_client_s_bytes_have_a_rate_however_they_come() {
    let collector = TestCollector::with(&[("client_bytes", "1 KiB/s burst 10 KiB")]);
    let key = collector.key("server");
    let large = json!({"batch": [{"type": "track", "event": "e", "anonymousId": "a", "properties": {"x": "y".repeat(30_000)}}]});
    let whole = |source| {
        let mut client = Client::from(source, collector.address()).unwrap();
        assert_eq!(post(&mut client, &key, &[], &large).counts(), (1, 0, 0));
        client
    };
    let in_chunks = |source| {
        let mut client = Client::from(source, collector.address()).unwrap();
        let body = large.to_string();
        let request = format!(
            "POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nTransfer-Encoding: chunked\r\n\r\n\
             {:x}\r\n{body}\r\n0\r\n\r\n",
            basic(&key),
            body.len()
        );
        client.raw(request.as_bytes()).unwrap();
        assert_eq!(client.answer().unwrap().counts(), (1, 0, 0));
        client
    };
    for client in [&mut whole("127.0.0.2"), &mut in_chunks("127.0.0.3")] {
        // Its body is read, so that it reads the answer, and can go on.
        for _ in 0..2 {
            assert_slow(&post(client, &key, &[], &large));
        }
    }
    assert!(whole("127.0.0.4").send("GET", "/healthz", &[], b"").is_ok());
}

#[test]
fn who_sends_what_is_too_large_pays_for_all_that_is_read_of_it() {
    let collector = TestCollector::with(&[("client_bytes", "100 KiB/s burst 10 MiB")]);
    let key = collector.key("server");
    let mut client = Client::from("127.0.0.2", collector.address()).unwrap();
    let authorization = [("Authorization", basic(&key))];
    let headers = authorization
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let answer = client.send("POST", "/v1/batch", &headers, &vec![b' '; 12 << 20]);
    let refused = answer.unwrap().error();
    assert_eq!((refused.0, refused.1.as_str()), (400, "payload_too_large"));
    assert_slow(&post(&mut client, &key, &[], &batch(1)));
}

#[test]
fn who_asks_to_be_forgotten_too_fast_is_told_so_as_of_other_mistakes() {
    let collector = TestCollector::with(&[("client_requests", TWO_AT_ONCE)]);
    let mut client = Client::from("127.0.0.2", collector.address()).unwrap();
    for status in [401, 401, 429] {
        let answer = client.send("POST", "/v1/forget", &[], b"{}").unwrap();
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
}

#[test]
fn clients_behind_a_proxy_are_told_apart() {
    let collector = TestCollector::with(&[
        ("client_requests", TWO_AT_ONCE),
        ("trusted_proxies", "127.0.0.9, 10.0.0.0/8"),
    ]);
    let key = collector.key("server");
    let mut proxy = Client::from("127.0.0.9", collector.address()).unwrap();
    let mut slow_ones = |headers: &[(&str, &str)]| {
        let answers: Vec<_> = (0..10)
            .map(|_| post(&mut proxy, &key, headers, &batch(1)))
            .collect();
        answers.iter().filter(|answer| answer.status == 429).count()
    };
    assert!(slow_ones(&[("X-Forwarded-For", "198.51.100.1")]) > 0);
    // It claims to be somebody else, left of what its proxies say.
    assert!(slow_ones(&[("X-Forwarded-For", "203.0.113.5, 198.51.100.1, 10.1.1.1")]) >= 9);
    for id in 1..30 {
        // Each of these is somebody else, and asks once.
        let address = format!("203.0.113.{id}");
        let answer = post(&mut proxy, &key, &[("X-Forwarded-For", &address)], &batch(1));
        assert_eq!(answer.status, 200, "{address}");
    }
    // All of a network of 64 bits is one, all of a larger one is not.
    let mut of_v6 = |address: String| {
        let forwarded = format!("for=\"[{address}]\"");
        post(&mut proxy, &key, &[("Forwarded", &forwarded)], &batch(1)).status
    };
    assert!((1..10).any(|id| of_v6(format!("2001:db8:0:1::{id}")) == 429));
    assert!((2..20).all(|id| of_v6(format!("2001:db8:0:{id}::1")) == 200));
}

/// Everything that is written below a directory, and everything that is printed.
fn holds(directory: &Path, needle: &[u8]) -> Option<String> {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if let Some(found) = holds(&path, needle) {
                return Some(found);
            }
        } else if let Ok(bytes) = fs::read(&path)
            && contains(&bytes, needle)
        {
            return Some(path.display().to_string());
        }
    }
    None
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn nobody_is_told_where_a_client_is() {
    // As text, and as the bytes that such an address is.
    let addresses = ["127.0.0.77", "198.51.100.77", "203.0.113.77", "2001:db8:77::77"];
    let mut collector = TestCollector::with(&[
        ("client_requests", "1/s burst 20"),
        ("client_connections", "2"),
        ("trusted_proxies", "127.0.0.77"),
        ("header_timeout", "300ms"),
        ("log", "debug"),
    ]);
    let key = collector.key("server");
    let mut told = Vec::new();
    let mut hear = |answer: Answer| {
        told.extend_from_slice(format!("{:?}", answer.headers).as_bytes());
        told.extend_from_slice(&answer.body);
    };
    let says: [&[(&str, &str)]; 4] = [
        &[],
        &[("X-Forwarded-For", "198.51.100.77")],
        &[("Forwarded", "for=203.0.113.77")],
        &[
            ("X-Forwarded-For", "2001:db8:77::77"),
            ("X-Real-IP", "203.0.113.77"),
        ],
    ];
    let mut client = Client::from("127.0.0.77", collector.address()).unwrap();
    for headers in says {
        let event = json!({
            "type": "track", "event": "e", "anonymousId": "a",
            "context": {"ip": "198.51.100.77", "page": {"path": "/x"}},
        });
        for body in [
            json!({"batch": [event]}),
            json!({"batch": [{"type": "track"}]}),
            json!([1]),
        ] {
            hear(post(&mut client, &key, headers, &body));
        }
        hear(post(&mut client, "unknown", headers, &batch(1)));
        for path in [
            "/healthz",
            "/readyz",
            "/nothing",
            "/metrics",
            "/v1/batch",
            "/v1/pixel/track?data=e30",
        ] {
            hear(client.send("GET", path, headers, b"").unwrap());
        }
    }
    // Too fast, too slow, too many, and not HTTP.
    for headers in says {
        for id in 0..30 {
            hear(post(&mut client, &key, headers, &batch(id)));
        }
    }
    let mut slow = Client::from("127.0.0.78", collector.address()).unwrap();
    slow.raw(b"GET").unwrap();
    told.extend(slow.rest());
    let mut many: Vec<_> = (0..4)
        .map(|_| Client::from("127.0.0.78", collector.address()).unwrap())
        .collect();
    for client in &mut many {
        let _ = client.raw(b"nonsense\r\n\r\n");
        told.extend(client.rest());
    }
    assert!(contains(&told, b"rate_limited") && contains(&told, b"too_many_connections"));
    let printed = [
        run(collector.data(), &["messages"]).stdout,
        run(collector.data(), &["outcomes"]).stdout,
    ];
    assert!(contains(&printed[0], b"\"page\""), "something is stored");
    assert!(collector.stop().success());
    let log = collector.log();
    assert!(!log.is_empty());
    for address in addresses.into_iter().chain(["127.0.0.78"]) {
        let address = address.as_bytes();
        assert_eq!(holds(collector.data(), address), None);
        for bytes in [&told, &printed[0], &printed[1], log.as_bytes()] {
            assert!(!contains(bytes, address), "{}", String::from_utf8_lossy(bytes));
        }
    }
}
