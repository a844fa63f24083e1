//! Images that count.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};

use crate::client::{Answer, Client, basic};
use crate::collector::TestCollector;
use crate::privacy::outcomes;

/// Whatever was asked.
fn is_dot(answer: &Answer) -> bool {
    answer.status == 200
        && answer.header("content-type") == Some("image/gif")
        && answer.header("cache-control") == Some("no-store")
        && answer.header("access-control-allow-origin") == Some("*")
        && answer.body.len() == 43
        && answer.body.starts_with(b"GIF89a\x01\0\x01\0")
        && answer.body.ends_with(b";")
}

fn get(client: &mut Client, kind: &str, query: &str, headers: &[(&str, &str)]) {
    let answer = client
        .send("GET", &format!("/v1/pixel/{kind}?{query}"), headers, b"")
        .unwrap();
    assert!(is_dot(&answer), "{kind}?{query:.99} {answer:?}");
}

fn encoded(event: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(event.to_string())
}

#[test]
fn each_image_is_a_call() {
    let collector = TestCollector::start();
    let key = collector.key("server");
    let mut client = collector.client();
    for kind in ["identify", "group", "alias", "page", "screen", "track"] {
        let event = json!({
            "writeKey": key, "userId": "u", "groupId": "g", "previousId": "p", "event": "Email Opened", "type": "other",
            "messageId": kind, "properties": {"n": 1, "b": true},
        });
        get(&mut client, kind, &format!("data={}", encoded(&event)), &[]);
        // The same once more.
        get(
            &mut client,
            kind,
            &format!("data={}", BASE64_STANDARD.encode(event.to_string())),
            &[],
        );
        let plain = format!(
            "writeKey={key}&userId=u&groupId=g&previousId=p&event=Email%20Opened&properties.n=1&properties.b=true&context.page.path=/x&messageId=plain-{kind}"
        );
        get(&mut client, kind, &plain, &[]);
    }
    let stored = collector.messages();
    let (encoded, plain): (Vec<_>, Vec<_>) = stored
        .iter()
        .partition(|message| !message["messageId"].as_str().unwrap().starts_with("plain-"));
    assert_eq!((encoded.len(), plain.len()), (6, 6));
    for message in encoded {
        assert_eq!(message["type"], message["messageId"]);
        assert_eq!(message["properties"], json!({"n": 1, "b": true}));
    }
    for message in plain {
        assert_eq!(message["event"], "Email Opened");
        assert_eq!(message["properties"], json!({"n": "1", "b": "true"}));
        assert_eq!(message["context"], json!({"page": {"path": "/x"}}));
    }
}

#[test]
fn the_key_may_stand_anywhere_and_the_first_counts() {
    let collector = TestCollector::start();
    let key = collector.key("ui");
    let (good, bad) = (basic(&key), basic("nonesuch"));
    let mut client = collector.client();
    let keyed = encoded(&json!({"writeKey": key, "userId": "u", "event": "e"}));
    let wrong = encoded(&json!({"writeKey": "nonesuch", "userId": "u", "event": "e"}));
    let none = encoded(&json!({"userId": "u", "event": "e"}));
    for (query, authorization, kept) in [
        (format!("data={keyed}"), None, 1),
        (format!("data={none}&writeKey={key}"), None, 1),
        (format!("writeKey={key}&data={none}"), None, 1),
        (format!("data={none}"), Some(&good), 1),
        (format!("data={keyed}"), Some(&bad), 0),
        (format!("data={wrong}&writeKey={key}"), None, 0),
        (format!("data={none}"), None, 0),
        ("userId=u&event=e".to_owned(), None, 0),
        ("userId=u&event=e&writeKey=nonesuch".to_owned(), None, 0),
    ] {
        let before = collector.messages().len();
        let headers: Vec<_> = authorization
            .map(|value| ("Authorization", value.as_str()))
            .into_iter()
            .collect();
        get(&mut client, "track", &query, &headers);
        assert_eq!(collector.messages().len() - before, kept, "{query}");
    }
    assert!(!collector.log().contains(&key));
}

#[test]
fn whatever_is_wrong_is_counted_and_shows_an_image() {
    let collector = TestCollector::start();
    let key = collector.key("ui");
    let mut client = collector.client();
    let with_key = |rest: &str| format!("writeKey={key}&{rest}");
    let data = |bytes: &[u8]| with_key(&format!("data={}", BASE64_URL_SAFE_NO_PAD.encode(bytes)));
    let many: Vec<_> = (0..300).map(|number| format!("properties.k{number}=v")).collect();
    let large = json!({"userId": "u", "event": "e", "properties": {"x": "y".repeat(33_000)}}).to_string();
    for query in [
        with_key("data=!"),
        with_key("data=%ff%fe"),
        data(b"nonsense"),
        data(b"[1]"),
        data(&[b'['; 40_000]),
        data(b"\x1f\x8b\x08\0\0"),
        with_key(&many.join("&")),
        with_key(&format!("userId=u&event=e&{}=1", "properties.a.b.c.d.e.f.g.h")),
        with_key(&".".repeat(50_000)),
        data(large.as_bytes()),
        with_key(""),
        with_key("userId=u"),
        with_key("userId=u&event=health"),
        with_key("userId=u&event=e&properties=x"),
    ] {
        get(&mut client, "track", &query, &[]);
    }
    // Mended: NUL, half a pair, and what is no UTF-8; of what is there twice, the last.
    get(
        &mut client,
        "track",
        &with_key("userId=a%00b%ff&event=x&event=e&messageId=1"),
        &[],
    );
    get(
        &mut client,
        "track",
        &data(b"{\"userId\":\"a\\u0000b\\ud800\",\"event\":\"x\",\"event\":\"e\",\"messageId\":2}"),
        &[],
    );
    for message in collector.messages() {
        assert_eq!(
            (&message["userId"], &message["event"]),
            (&json!("ab\u{fffd}"), &json!("e"))
        );
    }
    let counted = outcomes(&collector, "%");
    let expected = [
        ("accepted", 2),
        ("rejected.cluster_event", 1),
        ("rejected.field_not_object", 1),
        ("rejected.no_event", 1),
        ("rejected.no_user_anon_id", 1),
        ("rejected.not_an_object", 6),
        ("rejected.payload_too_large", 2),
        ("rejected.too_deep", 2),
    ];
    assert_eq!(counted, expected.map(|(name, count)| (name.to_owned(), count)));
}

#[test]
fn an_image_for_who_objects_counts_nobody() {
    let collector = TestCollector::start();
    let mut client = collector.client();
    for kind in ["ui", "server"] {
        let query = format!("userId=u&event=e&writeKey={}", collector.key(kind));
        get(&mut client, "track", &query, &[("Sec-GPC", "1")]);
        get(&mut client, "track", &query, &[("DNT", "1")]);
        get(&mut client, "track", &format!("{query}&data=!"), &[("DNT", "1")]);
        get(&mut client, "track", &query, &[("DNT", "0")]);
    }
    assert_eq!(collector.messages().len(), 2);
    let counted = outcomes(&collector, "suppressed%");
    assert_eq!(
        counted,
        [("suppressed.dnt".to_owned(), 4), ("suppressed.gpc".to_owned(), 2)]
    );
}

#[test]
fn only_get_counts() {
    let collector = TestCollector::start();
    let key = collector.key("ui");
    let path = format!("/v1/pixel/track?userId=u&event=e&writeKey={key}");
    let mut client = collector.client();
    client
        .raw(format!("HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())
        .unwrap();
    let answer = client.head().unwrap();
    assert_eq!(
        (answer.status, answer.header("content-length")),
        (200, Some("43"))
    );
    assert_eq!(answer.header("content-type"), Some("image/gif"));
    let answer = client.send("OPTIONS", &path, &[], b"").unwrap();
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (204, Some("*"))
    );
    for method in ["POST", "PUT"] {
        let answer = client.send(method, &path, &[], b"").unwrap();
        assert_eq!(answer.error(), (405, "method_not_allowed".to_owned()));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("allow"), Some("GET,HEAD,OPTIONS"));
    }
    assert_eq!(
        client.send("GET", "/v1/pixel/nothing", &[], b"").unwrap().status,
        404
    );
    assert!(collector.messages().is_empty());
}

#[test]
fn an_image_is_shown_while_nothing_can_be_written() {
    let collector = TestCollector::with(&[("queue", "1")]);
    let key = collector.key("ui");
    // The database is locked by somebody else, for longer than the writer waits for it.
    let held = rusqlite::Connection::open(collector.data().join("collector.db")).unwrap();
    held.execute_batch("BEGIN IMMEDIATE").unwrap();
    let query = format!("userId=u&event=e&writeKey={key}");
    let mut clients: Vec<_> = (0..3).map(|_| collector.client()).collect();
    for client in &mut clients {
        let request = format!("GET /v1/pixel/track?{query} HTTP/1.1\r\nHost: x\r\n\r\n");
        client.raw(request.as_bytes()).unwrap();
    }
    for client in &mut clients {
        assert!(is_dot(&client.answer().unwrap()));
    }
    drop(held);
}
