//! Answers in parts, and answers that have not changed.

use serde_json::json;

use super::{Asked, DAYS, reports, text};
use crate::client::Answer;

/// What is asked for next.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let (url, rel) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
    assert_eq!(rel, "; rel=\"next\"");
    Some(url.to_owned())
}

#[test]
fn pages_follow_each_other_to_the_end() {
    let asked = Asked::start();
    let path = format!("/api/v1/active-installations?{DAYS}");
    let all = asked.get(&path).json();
    let all = all["rows"].as_array().unwrap();
    assert_eq!(all.len(), 9);
    let mut told = Vec::new();
    let mut at = Some(format!("{path}&limit=4"));
    let mut pages = 0;
    while let Some(path) = at {
        let page = asked.get(&path);
        let json = page.json();
        assert_eq!(json["count"], 9);
        told.extend(json["rows"].as_array().unwrap().iter().cloned());
        at = next(&page);
        assert_eq!(json["next"].as_u64().is_some(), at.is_some(), "{json}");
        pages += 1;
    }
    assert_eq!((pages, &told), (3, all));

    let mut lines = Vec::new();
    let mut at = Some(
        "/api/v1/active-installations?to=2025-03-03&version=1.9&version=1.11&format=csv&limit=5".to_owned(),
    );
    while let Some(path) = at {
        let page = asked.get(&path);
        assert!(path.contains("version=1.9&version=1.11"), "{path}");
        lines.extend(text(&page).lines().skip(1).map(str::to_owned));
        at = next(&page);
        // The days of the first page, whatever day it is by then.
        assert!(
            at.as_ref()
                .is_none_or(|path| path.contains("from=2025-02-02&to=2025-03-03"))
        );
    }
    assert_eq!(lines.len(), 6);
    assert_eq!(asked.get(&format!("{path}&offset=100")).json()["rows"], json!([]));
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let asked = Asked::start();
    let path = format!("/api/v1/active-installations?{DAYS}");
    let first = asked.get(&path);
    let tag = first.header("etag").unwrap();
    assert!(tag.starts_with('"'));
    assert_eq!(first.header("cache-control"), Some("private, no-cache"));
    assert_eq!(first.header("vary"), Some("Accept, Authorization, Cookie"));
    for stated in [tag, &format!("\"x\", W/{tag}")] {
        let again = asked.with(&path, &[("If-None-Match", stated)]);
        assert_eq!(
            (again.status, again.body.len(), again.header("etag")),
            (304, 0, Some(tag))
        );
        assert!(again.header("content-type").is_none());
    }
    let csv = asked.with(&path, &[("If-None-Match", tag), ("Accept", "text/csv")]);
    assert_eq!(csv.status, 200);

    let bearer = format!("Bearer {}", asked.read);
    let request = format!("HEAD {path} HTTP/1.1\r\nHost: test\r\nAuthorization: {bearer}\r\n\r\n");
    let mut client = asked.collector.client();
    client.raw(request.as_bytes()).unwrap();
    let head = client.head().unwrap();
    let length = first.body.len().to_string();
    assert_eq!((head.status, head.header("etag")), (200, Some(tag)));
    assert_eq!(head.header("content-length"), Some(length.as_str()));
    // No body came behind it.
    let headers = [("Authorization", bearer.as_str())];
    assert_eq!(client.send("GET", &path, &headers, b"").unwrap().body, first.body);

    // One more installation, and it is another answer.
    let key = asked.collector.key("cluster");
    let mut report = reports().swap_remove(0);
    report["anonymousId"] = json!("c9");
    report["messageId"] = json!("c9:health:2025-03-01T00Z");
    assert_eq!(
        asked.collector.batch(&key, &json!({"batch": [report]})).counts(),
        (1, 0, 0)
    );
    let changed = asked.with(&path, &[("If-None-Match", tag)]);
    assert_eq!(
        (changed.status, &changed.json()["installations"]),
        (200, &json!(8))
    );
}
