//! Single calls, their short forms, and imports: each path, each way to state a key, each kind of body.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::client::{Answer, Client, basic};
use crate::collector::{TestCollector, messages};
use crate::in_process::InProcess;

/// Each kind of message with its short path.
const KINDS: [(&str, &str); 6] = [
    ("track", "t"),
    ("identify", "i"),
    ("page", "p"),
    ("screen", "s"),
    ("group", "g"),
    ("alias", "a"),
];

/// Path, headers and body.
type Way<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [u8]);

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What any kind of message needs.
fn event(id: &str) -> Value {
    json!({"messageId": id, "userId": "u", "anonymousId": "a", "event": "e", "groupId": "g", "previousId": "p"})
}

fn post(client: &mut Client, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    client.send("POST", path, headers, body).unwrap()
}

#[test]
fn every_path_takes_every_key_and_every_body() {
    let collector = TestCollector::start();
    let key = collector.key("ui");
    let authorization = basic(&key);
    let mut client = collector.client();
    let mut expected = Vec::new();
    for (kind, short) in KINDS {
        for name in [kind, short] {
            // What it says of its type counts for nothing, and is no fault.
            for (index, stated) in [json!("alias"), json!(7), Value::Null].into_iter().enumerate() {
                let id = format!("{name}-{index}");
                let mut plain = event(&id);
                plain["type"] = stated;
                let mut keyed = plain.clone();
                keyed["writeKey"] = json!(key);
                let (plain, keyed) = (plain.to_string(), keyed.to_string());
                let zipped = gzip(plain.as_bytes());
                let path = format!("/v1/{name}");
                let query = format!("{path}?writeKey={key}");
                let auth = ("Authorization", authorization.as_str());
                let bearer = ("Authorization", "Bearer token");
                let form = ("Content-Type", "application/x-www-form-urlencoded");
                let ways: [Way<'_>; 6] = [
                    (&path, &[auth], plain.as_bytes()),
                    (&path, &[bearer], keyed.as_bytes()),
                    (
                        &path,
                        &[("Content-Type", "text/plain;charset=UTF-8")],
                        keyed.as_bytes(),
                    ),
                    (&query, &[("Content-Type", "application/json")], plain.as_bytes()),
                    (&path, &[auth, form, ("Content-Encoding", "gzip")], &zipped),
                    (&path, &[auth], &[b"\xef\xbb\xbf", plain.as_bytes()].concat()),
                ];
                for (repeat, (path, headers, body)) in ways.into_iter().enumerate() {
                    let counts = post(&mut client, path, headers, body).counts();
                    let first = u64::from(repeat == 0);
                    assert_eq!(counts, (first, 1 - first, 0), "{path} {headers:?}");
                }
                expected.push((kind.to_owned(), id));
            }
        }
    }
    let (head, tail) = (r#"{"userId":"#, r#""u","event":"chunks"}"#);
    let chunked = format!(
        "POST /v1/t HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{head}\r\n{:x}\r\n{tail}\r\n0\r\n\r\n",
        head.len(),
        tail.len()
    );
    client.raw(chunked.as_bytes()).unwrap();
    assert_eq!(client.answer().unwrap().counts(), (1, 0, 0));

    let mut stored = collector.messages();
    assert_eq!(stored.pop().unwrap()["event"], "chunks");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let stored: Vec<_> = stored
        .iter()
        .map(|message| (text(&message["type"]), text(&message["messageId"])))
        .collect();
    assert_eq!(stored, expected);
}

#[test]
fn a_single_call_without_a_key_is_refused() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    let bad = basic("nonesuch");
    let with_key = {
        let mut event = event("1");
        event["writeKey"] = json!(key);
        event.to_string()
    };
    let keyless = event("1").to_string();
    // In a single call there is one place for a key in the body, and it is not in the context.
    let hidden = json!({"userId": "u", "event": "e", "context": {"writeKey": key}}).to_string();
    let in_query = format!("/v1/track?writeKey={key}");
    for (path, authorization, body) in [
        ("/v1/track", None, &keyless),
        ("/v1/track", Some("Bearer x"), &keyless),
        ("/v1/track", None, &hidden),
        ("/v1/track?writeKey=nonesuch", None, &keyless),
        // The first that is stated counts, even where another would do.
        (in_query.as_str(), Some(bad.as_str()), &with_key),
    ] {
        let headers: Vec<_> = authorization
            .map(|value| ("Authorization", value))
            .into_iter()
            .collect();
        let answer = post(&mut collector.client(), path, &headers, body.as_bytes());
        assert_eq!(answer.error(), (401, "invalid_write_key".to_owned()), "{path}");
    }
    assert!(collector.messages().is_empty());
}

#[test]
fn a_single_call_at_fault_gets_its_code() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    let authorization = basic(&key);
    let mut client = collector.client();
    let deep = format!(
        r#"{{"userId":"u","event":"e","properties":{{"x":{}1{}}}}}"#,
        "[".repeat(65),
        "]".repeat(65)
    );
    let large = json!({"userId": "u", "event": "e", "properties": {"x": "y".repeat(32 * 1024)}}).to_string();
    for (path, body, code) in [
        ("/v1/track", r#"{"event":"e"}"#, "no_user_anon_id"),
        ("/v1/identify", "{}", "no_user_anon_id"),
        (
            "/v1/alias",
            r#"{"anonymousId":"a","previousId":"p"}"#,
            "no_user_anon_id",
        ),
        ("/v1/a", r#"{"userId":"u"}"#, "no_previous_id"),
        ("/v1/group", r#"{"userId":"u"}"#, "no_group_id"),
        ("/v1/t", r#"{"userId":"u","type":"page"}"#, "no_event"),
        ("/v1/t", r#"{"userId":"u","event":" "}"#, "no_event"),
        ("/v1/p", r#"{"userId":"u","properties":[]}"#, "field_not_object"),
        ("/v1/p", "[]", "not_an_object"),
        ("/v1/p", "null", "not_an_object"),
        ("/v1/t", r#"{"userId":"u","event":"health"}"#, "cluster_event"),
        ("/v1/t", &deep, "too_deep"),
        ("/v1/t", &large, "payload_too_large"),
        ("/v1/t", "", "invalid_json"),
        ("/v1/t", "{} {}", "invalid_json"),
        ("/v1/t", "userId=u&event=e", "invalid_json"),
    ] {
        let answer = post(
            &mut client,
            path,
            &[("Authorization", &authorization)],
            body.as_bytes(),
        );
        assert_eq!(answer.error(), (400, code.to_owned()), "{path} {body:.60}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    assert!(collector.messages().is_empty());
}

#[test]
fn a_message_of_32_kb_fits_however_it_is_written() {
    let collector = TestCollector::start();
    let authorization = basic(&collector.key("server"));
    let mut client = collector.client();
    let of_size = |bytes: usize| {
        let empty = json!({"event": "e", "properties": {"x": ""}, "userId": "u"})
            .to_string()
            .len();
        json!({"event": "e", "properties": {"x": "é".repeat((bytes - empty) / 2)}, "userId": "u"})
    };
    let escaped = |value: &Value| value.to_string().replace('é', "\\u00e9");
    let (fits, too_large) = (of_size(32 * 1024 - 2), of_size(32 * 1024 + 2));
    for (body, status) in [
        (fits.to_string(), 200),
        (serde_json::to_string_pretty(&fits).unwrap(), 200),
        (escaped(&fits), 200),
        (too_large.to_string(), 400),
        (escaped(&too_large), 400),
        // A body is bounded even where it says nothing.
        (format!("{}{}", " ".repeat(128 * 1024), "{}"), 400),
    ] {
        for bytes in [body.clone().into_bytes(), gzip(body.as_bytes())] {
            let answer = post(
                &mut client,
                "/v1/track",
                &[("Authorization", &authorization)],
                &bytes,
            );
            assert_eq!(answer.status, status, "{} bytes", body.len());
            if status == 400 {
                assert_eq!(answer.error().1, "payload_too_large");
            }
        }
    }
}

#[test]
fn hostile_bodies_get_a_4xx_or_a_clean_result_on_every_path() {
    let collector = TestCollector::start();
    let authorization = basic(&collector.key("server"));
    let mut client = collector.client();
    let keys: Vec<_> = (0..100_000).map(|number| format!("\"{number}\":1")).collect();
    let keys = keys.join(",");
    let many_keys =
        format!(r#"{{"userId":"u","event":"e","groupId":"g","previousId":"p","properties":{{{keys}}}}}"#);
    let many_fields = format!("{{{keys}}}");
    let nested = vec![b'['; 10_000_000];
    let bomb = gzip(&vec![b'['; 50_000_000]);
    let closed = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let cut = {
        let whole = gzip(b"{\"userId\":\"u\"}");
        whole[..whole.len() - 4].to_vec()
    };
    let bad: [&[u8]; 10] = [
        many_keys.as_bytes(),
        many_fields.as_bytes(),
        &nested,
        &bomb,
        closed.as_bytes(),
        &gzip(closed.as_bytes()),
        &cut,
        b"\x1f\x8b",
        b"\0\0\0\0",
        b"\xff\xfe{\0}\0",
    ];
    let paths: Vec<_> = KINDS
        .iter()
        .flat_map(|(kind, short)| [format!("/v1/{kind}"), format!("/v1/{short}")])
        .chain(["batch", "b", "import"].map(|name| format!("/v1/{name}")))
        .collect();
    for path in &paths {
        for (index, body) in bad.iter().enumerate() {
            let answer = post(&mut client, path, &[("Authorization", &authorization)], body);
            assert_eq!(answer.status, 400, "{path} {index}");
            // Said in words of ours.
            assert!(answer.error().0 == 400 && answer.body.len() < 300);
        }
    }
    // Mended: NUL and half a surrogate pair, escaped and not; of what is there twice, the last.
    let odd = b"\xef\xbb\xbf{\"userId\":\"a\\u0000b\0c\\ud800\",\"event\":\"x\",\"event\":\"\xff\",\"groupId\":\"g\",\"previousId\":\"p\"}";
    for path in paths.iter().filter(|path| path.len() > "/v1/b".len()).take(6) {
        let answer = post(&mut client, path, &[("Authorization", &authorization)], odd);
        assert_eq!(answer.counts(), (1, 0, 0), "{path}");
    }
    for message in collector.messages() {
        assert_eq!(message["userId"], "abc\u{fffd}");
        assert_eq!(message["event"], "\u{fffd}");
    }
}

#[test]
fn an_encoding_that_is_not_read_is_named() {
    let collector = TestCollector::start();
    let authorization = basic(&collector.key("server"));
    let mut client = collector.client();
    let plain = event("1").to_string().into_bytes();
    for (label, body, status) in [
        ("br", &b"\x0b\x02\x80{}\x03"[..], 415),
        ("deflate", b"x\x9c\xab\xae\x05\0\x01u\0\xf9", 415),
        ("gzip, gzip", &gzip(&gzip(&plain)), 415),
        ("gzip", b"\x0b\x02\x80{}\x03", 400),
        // Labels are often wrong; what is inside is what counts.
        ("br", &plain, 200),
        ("identity", &gzip(&plain), 200),
        ("X-GZIP", &plain, 200),
    ] {
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Content-Encoding", label),
        ];
        let answer = post(&mut client, "/v1/track", &headers, body);
        assert_eq!(answer.status, status, "{label}");
        if status == 415 {
            assert_eq!(answer.error().1, "unsupported_encoding");
            assert_eq!(answer.header("accept-encoding"), Some("gzip"));
        }
    }
}

#[test]
fn an_import_keeps_its_times() {
    let collector = InProcess::start("2026-11-22T12:00:00Z", |_| {});
    let body = |id: &str| {
        json!({"sentAt": "2026-11-22T10:00:00Z", "batch": [{
            "type": "track", "event": "e", "anonymousId": "a", "messageId": id,
            "timestamp": "2026-01-01T00:00:00Z", "receivedAt": "2026-01-02T00:00:00Z",
        }]})
        .to_string()
    };
    let mut client = Client::to(collector.address()).unwrap();
    let mut send = |path: &str, key: &str, id: &str| {
        let headers = [("Authorization", basic(key))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        client.send("POST", path, &headers, body(id).as_bytes()).unwrap()
    };
    let (server, peer, ui) = (
        collector.key("server"),
        collector.key("peer"),
        collector.key("ui"),
    );
    assert_eq!(send("/v1/import", &server, "imported").counts(), (1, 0, 0));
    assert_eq!(send("/v1/batch", &server, "sent").counts(), (1, 0, 0));
    assert_eq!(send("/v1/batch", &server, "imported").counts(), (0, 1, 0));
    assert_eq!(send("/v1/import", &peer, "forwarded").counts(), (1, 0, 0));
    assert_eq!(
        send("/v1/import", &ui, "public").error(),
        (403, "wrong_key_kind".to_owned())
    );
    let times: Vec<_> = messages(&collector.data, &[])
        .iter()
        .map(|message| {
            ["timestamp", "receivedAt"].map(|name| message[name].as_str().unwrap()[..13].to_owned())
        })
        .collect();
    assert_eq!(
        times,
        [
            ["2026-01-01T00", "2026-11-22T12"],
            // Two hours late by our clock.
            ["2026-01-01T02", "2026-11-22T12"],
            ["2026-01-01T00", "2026-01-02T00"],
        ]
    );
}

#[test]
fn a_single_call_is_corrected_by_its_own_sent_at() {
    let collector = InProcess::start("2026-11-22T12:00:00Z", |_| {});
    let key = collector.key("ui");
    let body = json!({
        "userId": "u", "event": "e", "writeKey": key, "timestamp": "2026-11-22T09:59:50Z", "sentAt": "2026-11-22T10:00:00Z",
        "context": {"ip": "192.0.2.1", "library": {"name": "analytics.js"}}, "integrations": {}, "_metadata": {"bundled": []},
    });
    let mut client = Client::to(collector.address()).unwrap();
    let answer = post(
        &mut client,
        "/v1/t",
        &[("Content-Type", "text/plain")],
        body.to_string().as_bytes(),
    );
    assert_eq!(answer.counts(), (1, 0, 0));
    let stored = &messages(&collector.data, &[])[0];
    assert_eq!(stored["timestamp"], "2026-11-22T11:59:50.000Z");
    assert_eq!(stored["context"], json!({"library": {"name": "analytics.js"}}));
    assert!(stored.get("writeKey").is_none() && stored.get("_metadata").is_none());
}

#[test]
fn a_slash_too_many_is_no_redirect() {
    let collector = TestCollector::start();
    let authorization = basic(&collector.key("server"));
    for path in [
        "/v1/track/",
        "//v1/track",
        "/v1//track",
        "/V1/track",
        "/v1/tracks",
    ] {
        let body = event("1").to_string();
        let answer = post(
            &mut collector.client(),
            path,
            &[("Authorization", &authorization)],
            body.as_bytes(),
        );
        assert_eq!(answer.error(), (404, "not_found".to_owned()), "{path}");
    }
}
