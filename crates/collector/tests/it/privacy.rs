//! Browsers that object are heard: what they send is dropped, counted, and answered as if taken.

use serde_json::json;

use crate::client::basic;
use crate::collector::TestCollector;

#[test]
fn browsers_that_object_are_not_counted() {
    let collector = TestCollector::start();
    let (ui, server, cluster) = (
        collector.key("ui"),
        collector.key("server"),
        collector.key("cluster"),
    );
    let mut client = collector.client();
    let single = json!({"userId": "u", "event": "e"}).to_string();
    // Nobody looks into what is dropped: a message at fault is none.
    let batch = json!({"batch": [{"type": "track", "event": "e", "userId": "u"}, {}]}).to_string();
    let gpc = ("Sec-GPC", "1");
    let dnt = ("DNT", "1");
    for (key, headers, path, body, accepted, rejected, kept) in [
        (&ui, vec![gpc], "/v1/t", &single, 1, 0, 0),
        (&ui, vec![dnt], "/v1/track", &single, 1, 0, 0),
        (&ui, vec![dnt, gpc], "/v1/b", &batch, 2, 0, 0),
        (&ui, vec![gpc, dnt], "/v1/batch", &batch, 2, 0, 0),
        (
            &ui,
            vec![("DNT", "0"), ("Sec-GPC", "0")],
            "/v1/batch",
            &batch,
            1,
            1,
            1,
        ),
        (&ui, vec![("DNT", "unspecified")], "/v1/t", &single, 1, 0, 1),
        // A server's or a cluster's client is no browser.
        (&server, vec![gpc, dnt], "/v1/t", &single, 1, 0, 1),
        (&cluster, vec![gpc, dnt], "/v1/batch", &batch, 1, 1, 1),
    ] {
        let before = collector.messages().len();
        let authorization = basic(key);
        let headers = [headers, vec![("Authorization", authorization.as_str())]].concat();
        let answer = client.send("POST", path, &headers, body.as_bytes()).unwrap();
        assert_eq!(answer.counts(), (accepted, 0, rejected), "{path} {headers:?}");
        assert_eq!(collector.messages().len() - before, kept, "{path} {headers:?}");
    }
    let outcomes = outcomes(&collector, "suppressed%");
    assert_eq!(
        outcomes,
        [("suppressed.dnt".to_owned(), 1), ("suppressed.gpc".to_owned(), 5)]
    );
}

/// What was counted under names like this.
pub(crate) fn outcomes(collector: &TestCollector, like: &str) -> Vec<(String, i64)> {
    let database = rusqlite::Connection::open(collector.data().join("collector.db")).unwrap();
    let mut rows = database
        .prepare("SELECT name, sum(count) FROM outcome WHERE name LIKE ?1 GROUP BY name ORDER BY name")
        .unwrap();
    let rows = rows
        .query_map([like], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn it_says_that_global_privacy_control_is_obeyed() {
    let collector = TestCollector::start();
    let answer = collector
        .client()
        .send("GET", "/.well-known/gpc.json", &[], b"")
        .unwrap();
    assert_eq!((answer.status, answer.json()["gpc"].clone()), (200, json!(true)));
}
