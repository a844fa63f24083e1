//! Bodies: their encodings, their limits, and what is wrong with them.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::client::{Client, basic};
use crate::collector::TestCollector;

fn track(id: usize) -> Value {
    json!({"type": "track", "event": "e", "anonymousId": "a", "messageId": format!("m{id}")})
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn post(client: &mut Client, key: &str, headers: &[(&str, &str)], body: &[u8]) -> crate::client::Answer {
    let authorization = basic(key);
    let headers = [headers, &[("Authorization", authorization.as_str())]].concat();
    client.send("POST", "/v1/batch", &headers, body).unwrap()
}

#[test]
fn content_counts_whatever_the_label_says() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    let mut client = collector.client();
    let plain = json!({"batch": [track(0)]}).to_string();
    let zipped = gzip(plain.as_bytes());
    let with_bom = [b"\xef\xbb\xbf", plain.as_bytes()].concat();
    let labels: &[&[(&str, &str)]] = &[
        &[],
        &[("Content-Type", "application/json; charset=utf-8")],
        &[("Content-Type", "text/plain;charset=UTF-8")],
        &[
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Content-Encoding", "gzip"),
        ],
    ];
    let mut sent = 0;
    for headers in labels {
        for body in [plain.as_bytes(), &zipped, &with_bom] {
            let counts = post(&mut client, &key, headers, body).counts();
            assert_eq!(counts, (u64::from(sent == 0), u64::from(sent > 0), 0));
            sent += 1;
        }
    }
    // In chunks, without a length.
    let (head, tail) = plain.split_at(10);
    let chunked = format!(
        "POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{head}\r\n{:x}\r\n{tail}\r\n0\r\n\r\n",
        basic(&key),
        head.len(),
        tail.len()
    );
    client.raw(chunked.as_bytes()).unwrap();
    assert_eq!(client.answer().unwrap().counts(), (0, 1, 0));
}

#[test]
fn what_is_wrong_with_a_body_is_said_with_400() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    let mut client = collector.client();
    let cut = gzip(&vec![b' '; 100_000]);
    let nested = format!("{{\"batch\":{}", "[".repeat(400_000));
    let many = json!({"batch": (0..2501).map(track).collect::<Vec<_>>()}).to_string();
    // A context of 20 KB under each of 2,500 messages would be 50 MB.
    let swollen = json!({
        "batch": vec![json!({"type": "track", "event": "e", "anonymousId": "a"}); 2500],
        "context": {"x": "y".repeat(20_000)},
    })
    .to_string();
    for (body, code) in [
        (&b""[..], "invalid_json"),
        (b"nonsense", "invalid_json"),
        (b"{\"batch\":[{\"type\":\"track\"}", "invalid_json"),
        (b"[]", "invalid_batch"),
        (b"{}", "invalid_batch"),
        (b"{\"batch\":{}}", "invalid_batch"),
        (&cut[..cut.len() - 9], "invalid_gzip"),
        (b"\x1f\x8bnonsense", "invalid_gzip"),
        (nested.as_bytes(), "invalid_json"),
        (many.as_bytes(), "payload_too_large"),
        (swollen.as_bytes(), "payload_too_large"),
        (&vec![b' '; 520 * 1024 + 1], "payload_too_large"),
        (&vec![b'['; 3_000_000], "payload_too_large"),
        (&gzip(&vec![b' '; 50_000_000]), "payload_too_large"),
    ] {
        let answer = post(&mut client, &key, &[], body);
        assert_eq!(answer.error(), (400, code.to_owned()));
    }
    // Nothing that was sent is told back, and the connection is still good.
    let answer = post(&mut client, &key, &[], b"{\"secret\":}");
    assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
    assert_eq!(
        post(&mut client, &key, &[], b"{\"batch\":null}").counts(),
        (0, 0, 0)
    );
    assert!(collector.messages().is_empty());
}

#[test]
fn full_batches_fit() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    let many: Vec<_> = (0..2500).map(track).collect();
    assert_eq!(
        collector.batch(&key, &json!({"batch": many})).counts(),
        (2500, 0, 0)
    );
    // 16 messages of almost 32 KB: over 500 KB together, as the fullest batch of an SDK that counts without the envelope is.
    let large: Vec<_> = (0..16)
        .map(|id| {
            let mut message = track(10_000 + id);
            message["properties"] = json!({"x": "y".repeat(32_600)});
            message
        })
        .collect();
    let body = json!({"batch": large});
    assert!(body.to_string().len() > 512_000);
    assert_eq!(collector.batch(&key, &body).counts(), (16, 0, 0));
}

#[test]
fn a_body_that_stops_coming_ends() {
    let collector = TestCollector::with(&[("body_timeout", "200ms")]);
    let key = collector.key("server");
    let mut client = collector.client();
    let head = format!(
        "POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Length: 100\r\n\r\n{{",
        basic(&key)
    );
    client.raw(head.as_bytes()).unwrap();
    assert_eq!(
        client.answer().unwrap().error(),
        (408, "request_timeout".to_owned())
    );
}

#[test]
fn requests_share_a_bound_of_memory() {
    let collector = TestCollector::with(&[("request_memory", "8 MiB")]);
    let key = collector.key("server");
    let mut held = Vec::new();
    for _ in 0..40 {
        let mut client = collector.client();
        let head = format!(
            "POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Length: 500000\r\n\r\n",
            basic(&key)
        );
        client
            .raw(&[head.as_bytes(), &vec![b' '; 499_999]].concat())
            .unwrap();
        held.push(client);
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    let mut refused = 0;
    for client in &mut held {
        // Those that hold memory fail on this, and give it back.
        let _ = client.raw(b"x");
        let answer = client.answer().unwrap();
        match answer.status {
            503 => {
                assert_eq!(answer.header("retry-after"), Some("1"));
                refused += 1;
            }
            status => assert_eq!(status, 400),
        }
    }
    assert!((20..=34).contains(&refused), "{refused}");
    assert_eq!(
        collector.batch(&key, &json!({"batch": [track(1)]})).counts(),
        (1, 0, 0)
    );
}

#[test]
fn other_methods_and_paths_are_told_so() {
    let collector = TestCollector::start();
    let mut client = collector.client();
    for method in ["GET", "PUT", "DELETE"] {
        let answer = client.send(method, "/v1/batch", &[], b"").unwrap();
        assert_eq!(answer.error(), (405, "method_not_allowed".to_owned()));
        assert_eq!(answer.header("allow"), Some("POST,OPTIONS"));
    }
    let answer = client.send("GET", "/nothing", &[], b"").unwrap();
    assert_eq!(
        (answer.status, answer.json()["status"].as_u64()),
        (404, Some(404))
    );
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
}
